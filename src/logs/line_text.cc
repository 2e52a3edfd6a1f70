#include "logs/line_text.h"

#include "guard/plain_text.h"
#include "model/labels.h"

namespace tickscope::logs {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";
constexpr std::size_t kCharacterBytesMax = 4;

// Bytes of the character at the front; 0 when there is none.
std::size_t CharacterBytes(std::string_view text) {
  for (std::size_t size = 1; size <= kCharacterBytesMax && size <= text.size(); ++size) {
    if (IsValidUtf8(text.substr(0, size))) return size;
  }
  return 0;
}

}  // namespace

LineText MendLine(std::string_view raw, std::string& scratch) {
  const std::size_t end = raw.find_last_not_of("\r\n\t \v\f");
  if (end == std::string_view::npos) return {TextVerdict::kBlank, {}};
  raw = raw.substr(0, end + 1);
  const std::size_t begin = raw.find_first_not_of('\0');
  if (begin == std::string_view::npos) return {TextVerdict::kBlank, {}};
  raw.remove_prefix(begin);
  const bool has_nul = raw.find('\0') != std::string_view::npos;
  if (!has_nul && (guard::IsAscii(raw) || IsValidUtf8(raw))) return {TextVerdict::kText, raw};

  scratch.clear();
  std::size_t replaced = 0;
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t size = raw[at] == '\0' ? 0 : CharacterBytes(raw.substr(at));
    scratch += size == 0 ? kReplacement : raw.substr(at, size);
    replaced += size == 0 ? 1 : 0;
    at += size == 0 ? 1 : size;
  }
  if (replaced * 4 > raw.size()) return {TextVerdict::kBinary, {}};
  return {TextVerdict::kMended, scratch};
}

std::string_view CutText(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  const auto is_inside = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80;
  };
  std::size_t size = bytes_max;
  for (std::size_t steps = 0; size > 0 && is_inside(size) && steps < kCharacterBytesMax; ++steps)
    --size;
  return text.substr(0, size);
}

}  // namespace tickscope::logs
