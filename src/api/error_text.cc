#include "api/error_text.h"

#include <fmt/format.h>

#include <utility>

#include "model/labels.h"

namespace tickscope::api {
namespace {

constexpr std::size_t kQuotedBytesMax = 256;

}  // namespace

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  const bool utf8 = IsValidUtf8(text);
  std::string_view shown = text.substr(0, kQuotedBytesMax);
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8)) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += shown.size() < text.size() ? "...\"" : "\"";
  return out;
}

std::unexpected<Error> InvalidParameter(std::string_view name, Error error) {
  return FailWith(fmt::format("invalid parameter \"{}\"", name), std::move(error));
}

std::unexpected<Error> InvalidParameter(std::string_view name, std::string_view what) {
  return InvalidParameter(name, Error{ErrorCode::kInvalidArgument, std::string(what)});
}

}  // namespace tickscope::api
