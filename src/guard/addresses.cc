#include "guard/addresses.h"

#include <algorithm>

namespace tickscope::guard {
namespace {

// Up to three digits, at most 255, no leading zero.
std::optional<std::uint8_t> TakeOctet(std::string_view& text) {
  unsigned value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && digits < 4 && text[digits] >= '0' && text[digits] <= '9')
    value = value * 10 + static_cast<unsigned>(text[digits++] - '0');
  if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && text[0] == '0')) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<std::uint8_t>(value);
}

bool ParseIpv4(std::string_view text, std::uint8_t* out) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) {
      if (text.empty() || text[0] != '.') return false;
      text.remove_prefix(1);
    }
    const auto octet = TakeOctet(text);
    if (!octet) return false;
    out[i] = *octet;
  }
  return text.empty();
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int lower = c | 0x20;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool ParseIpv6(std::string_view text, std::uint8_t* out) {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;
  std::optional<std::size_t> gap;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (size == 16) return false;
    std::size_t digits = 0;
    unsigned value = 0;
    while (digits < text.size() && digits < 5 && HexValue(text[digits]) >= 0)
      value = value * 16 + static_cast<unsigned>(HexValue(text[digits++]));
    if (digits < text.size() && text[digits] == '.') {
      if (size > 12 || !ParseIpv4(text, bytes.data() + size)) return false;
      size += 4;
      break;
    }
    if (digits == 0 || digits > 4) return false;
    bytes[size++] = static_cast<std::uint8_t>(value >> 8U);
    bytes[size++] = static_cast<std::uint8_t>(value & 0xffU);
    text.remove_prefix(digits);
    if (text.empty()) break;
    if (text[0] != ':') return false;
    text.remove_prefix(1);
    if (text.empty()) return false;
    if (text[0] == ':') {
      if (gap) return false;
      gap = size;
      text.remove_prefix(1);
    }
  }
  if (gap.has_value() == (size == 16)) return false;
  const std::size_t head = gap.value_or(16);
  std::fill_n(out, 16, std::uint8_t{0});
  std::copy_n(bytes.data(), head, out);
  std::copy_n(bytes.data() + head, size - std::min(head, size), out + 16 - (size - std::min(head, size)));
  return true;
}

}  // namespace

std::optional<IpAddress> ParseIp(std::string_view text) {
  IpAddress address;
  if (text.find(':') == std::string_view::npos) {
    address.size = 4;
    return ParseIpv4(text, address.bytes.data()) ? std::optional(address) : std::nullopt;
  }
  address.size = 16;
  if (!ParseIpv6(text, address.bytes.data())) return std::nullopt;
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin())) {
    IpAddress inner;
    inner.size = 4;
    std::copy_n(address.bytes.data() + 12, 4, inner.bytes.data());
    return inner;
  }
  return address;
}

bool IsOfOwnNetwork(const IpAddress& address) {
  if (!IsSomebodys(address)) return true;
  const std::uint8_t first = address.bytes[0];
  const std::uint8_t second = address.bytes[1];
  if (address.size == 4) {
    return first == 10 || (first == 172 && (second & 0xf0U) == 16) || (first == 192 && second == 168) ||
           (first == 100 && (second & 0xc0U) == 64) || (first == 169 && second == 254);
  }
  return (first & 0xfeU) == 0xfc || (first == 0xfe && (second & 0xc0U) == 0x80);
}

bool IsSomebodys(const IpAddress& address) {
  if (address.size == 4) return address.bytes[0] != 0 && address.bytes[0] != 127 && address.bytes[0] != 255;
  const bool is_low =
      std::all_of(address.bytes.begin(), address.bytes.begin() + 15, [](std::uint8_t b) { return b == 0; });
  return !(is_low && address.bytes[15] <= 1);
}

}  // namespace tickscope::guard
