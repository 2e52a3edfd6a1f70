// Fuzzes what says who somebody is: SPIFFE ids of certificates, patterns of their paths, and files of tokens. None may crash, and what is
// taken is what the standard allows, byte by byte, and nothing that is a path somewhere else. The first byte picks which.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "access/spiffe.h"
#include "access/token_file.h"
#include "base/check.h"

namespace {

using namespace tickscope;

void CheckSegments(std::string_view path) {
  TICKSCOPE_CHECK(path.empty() || path.starts_with('/'));
  TICKSCOPE_CHECK(!path.contains("//") && !path.ends_with('/'));
  for (const std::string_view bad : {"/.", "/.."})
    TICKSCOPE_CHECK(!path.ends_with(bad) && !path.contains(std::string(bad).append("/")));
  for (const char c : path)
    TICKSCOPE_CHECK(c > ' ' && c < '\x7f' && c != '%' && c != '\\' && c != '{');
}

void FuzzId(std::string_view text) {
  const auto id = access::ParseSpiffeId(text);
  if (!id) {
    TICKSCOPE_CHECK(id.error().message.size() < 256);
    return;
  }
  TICKSCOPE_CHECK(text == std::string("spiffe://").append(id->trust_domain).append(id->path));
  CheckSegments(id->path);
  static const access::PathPattern pattern = access::PathPattern::Parse("/{tenant}/agent/{sender}").value();
  const auto captured = pattern.Match(id->path);
  if (!captured) return;
  TICKSCOPE_CHECK(id->path ==
                  std::string("/").append(captured->tenant).append("/agent/").append(captured->sender));
}

// The first line is a pattern, the rest a path.
void FuzzPattern(std::string_view text) {
  const std::size_t end = text.find('\n');
  const auto pattern = access::PathPattern::Parse(text.substr(0, end));
  if (!pattern || end == std::string_view::npos) return;
  const std::string_view path = text.substr(end + 1);
  // Only what an id has is ever matched.
  if (!access::ParseSpiffeId(std::string("spiffe://d").append(path))) return;
  const auto captured = pattern->Match(path);
  if (!captured) return;
  TICKSCOPE_CHECK(captured->tenant.empty() != pattern->captures_tenant());
  TICKSCOPE_CHECK(captured->sender.empty() != pattern->captures_sender());
}

void FuzzTokens(std::string_view text) {
  const auto table = access::TokenTable::Parse(text);
  if (!table) return;
  TICKSCOPE_CHECK(table->size() <= text.size() / 64);
  // Of 64 hex digits somebody must know what they are the hash of: the input's own text is not that.
  TICKSCOPE_CHECK(table->Find(text) == nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 3) {
    case 0:
      FuzzId(text);
      break;
    case 1:
      FuzzPattern(text);
      break;
    default:
      FuzzTokens(text);
  }
  return 0;
}
