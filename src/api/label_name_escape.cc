#include "api/label_name_escape.h"

#include <charconv>
#include <cstdint>
#include <optional>

namespace tickscope::api {
namespace {

constexpr std::string_view kPrefix = "U__";
constexpr std::size_t kHexDigitsMax = 6;

bool AppendCodePoint(std::uint32_t c, std::string& out) {
  if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return false;
  const auto append = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    append(c);
  } else if (c < 0x800) {
    append(0xc0 | c >> 6);
    append(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    append(0xe0 | c >> 12);
    append(0x80 | (c >> 6 & 0x3f));
    append(0x80 | (c & 0x3f));
  } else {
    append(0xf0 | c >> 18);
    append(0x80 | (c >> 12 & 0x3f));
    append(0x80 | (c >> 6 & 0x3f));
    append(0x80 | (c & 0x3f));
  }
  return true;
}

std::optional<std::string> Unescape(std::string_view text) {
  std::string name;
  while (!text.empty()) {
    const std::size_t plain_bytes = text.find('_');
    name += text.substr(0, plain_bytes);
    if (plain_bytes == std::string_view::npos) break;
    text.remove_prefix(plain_bytes + 1);
    const std::size_t hex_bytes = text.find('_');
    if (hex_bytes == std::string_view::npos || hex_bytes > kHexDigitsMax) return std::nullopt;
    const std::string_view hex = text.substr(0, hex_bytes);
    text.remove_prefix(hex_bytes + 1);
    if (hex.empty()) {
      name += '_';
      continue;
    }
    std::uint32_t code_point = 0;
    const auto read = std::from_chars(hex.data(), hex.data() + hex.size(), code_point, 16);
    if (read.ec != std::errc() || read.ptr != hex.data() + hex.size()) return std::nullopt;
    if (!AppendCodePoint(code_point, name)) return std::nullopt;
  }
  return name;
}

}  // namespace

std::string UnescapeLabelName(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::string(text);
  if (auto name = Unescape(text.substr(kPrefix.size()))) return *std::move(name);
  return std::string(text);
}

}  // namespace tickscope::api
