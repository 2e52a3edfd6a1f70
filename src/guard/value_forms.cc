#include "guard/value_forms.h"

#include <algorithm>
#include <array>

#include "guard/addresses.h"
#include "guard/checksums.h"
#include "guard/plain_text.h"
#include "guard/text_class.h"

namespace tickscope::guard {
namespace {

constexpr std::size_t kMailLocalMax = 128;
constexpr std::size_t kMailDomainMax = 255;
constexpr std::size_t kIbanBytesMax = 48;  // With spaces.

// Endings of what has an @ and is no address: icon@2x.png, getty@tty1.service.
constexpr std::string_view kNoDomains[] = {
    "automount", "conf",  "css",  "device", "gif",   "html",  "jpeg",    "jpg",   "js",
    "json",      "mount", "path", "png",    "py",    "scope", "service", "slice", "so",
    "socket",    "svg",   "swap", "target", "timer", "ts",    "txt",     "webp",  "yaml"};

bool IsMailByte(char c) {
  return IsOf(c, kClassMail);
}
bool IsDomainByte(char c) {
  return IsOf(c, kClassAlnum) || c == '-' || c == '.' || c == kForeign;
}

bool IsHexAt(std::string_view text, std::size_t at) {
  return at < text.size() && IsOf(text[at], kClassHex);
}

}  // namespace

bool FindEmail(std::string_view text, std::size_t at, PiiFinding& found) {
  std::size_t begin = at;
  while (begin > 0 && at - begin < kMailLocalMax && IsMailByte(text[begin - 1]))
    --begin;
  while (begin < at && (text[begin] == '.' || text[begin] == '-' || text[begin] == '\''))
    ++begin;
  if (begin == at || text[at - 1] == '.') return false;
  std::size_t end = at + 1;
  while (end < text.size() && end - at <= kMailDomainMax && IsDomainByte(text[end]))
    ++end;
  while (end > at + 1 && (text[end - 1] == '.' || text[end - 1] == '-'))
    --end;
  const std::string_view domain = text.substr(at + 1, end - at - 1);
  const std::size_t dot = domain.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || domain[0] == '-' ||
      domain.find("..") != std::string_view::npos)
    return false;
  const std::string_view top = domain.substr(dot + 1);
  if (top.size() < 2 || top.size() > 24) return false;
  const bool is_punycode = top.starts_with("xn--");
  std::array<char, 24> lower{};
  for (std::size_t i = 0; i < top.size(); ++i) {
    if (!is_punycode && !IsOf(top[i], kClassLetter) && top[i] != kForeign) return false;
    lower[i] = ToLower(top[i]);
  }
  if (std::ranges::binary_search(kNoDomains, std::string_view(lower.data(), top.size()))) return false;
  found = {PiiKind::kEmail, begin, end};
  return true;
}

std::size_t EndOfUuid(std::string_view text, std::size_t at, bool& is_nil) {
  constexpr std::size_t kSize = 36;
  if (text.size() - at < kSize) return at;
  is_nil = true;
  for (std::size_t i = 0; i < kSize; ++i) {
    const char c = text[at + i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return at;
      continue;
    }
    if (!IsOf(c, kClassHex)) return at;
    is_nil = is_nil && c == '0';
  }
  const std::size_t end = at + kSize;
  const bool goes_on =
      end < text.size() && (IsOf(text[end], kClassAlnum) || (text[end] == '-' && IsHexAt(text, end + 1)));
  return goes_on ? at : end;
}

std::size_t EndOfMac(std::string_view text, std::size_t at, char separator) {
  constexpr std::size_t kSize = 17;
  if (text.size() - at < kSize) return at;
  bool is_zero = true;
  bool is_ones = true;
  bool has_digit_or_case = false;
  for (std::size_t i = 0; i < kSize; ++i) {
    const char c = text[at + i];
    if (i % 3 == 2) {
      if (c != separator) return at;
      continue;
    }
    if (!IsOf(c, kClassHex)) return at;
    is_zero = is_zero && c == '0';
    is_ones = is_ones && (c | 0x20) == 'f';
    has_digit_or_case = has_digit_or_case || !IsDigit(c);
  }
  const std::size_t end = at + kSize;
  const bool goes_on = end < text.size() && (IsOf(text[end], kClassAlnum) || text[end] == separator);
  // Six pairs of digits alone are a time and a date as well.
  return is_zero || is_ones || goes_on || (separator == '-' && !has_digit_or_case) ? at : end;
}

std::size_t EndOfIpv6(std::string_view text, std::size_t at, bool& is_somebodys) {
  constexpr std::size_t kSizeMax = 45;
  std::size_t end = at;
  std::size_t colons = 0;
  bool has_gap = false;
  bool has_digit = false;
  while (end < text.size() && end - at < kSizeMax &&
         (IsOf(text[end], kClassHex) || text[end] == ':' || text[end] == '.')) {
    colons += text[end] == ':' ? 1U : 0U;
    has_gap = has_gap || (text[end] == ':' && end > at && text[end - 1] == ':');
    has_digit = has_digit || IsDigit(text[end]);
    ++end;
  }
  if (end < text.size() && IsOf(text[end], kClassAlnum)) return at;
  while (end > at &&
         (text[end - 1] == '.' || (text[end - 1] == ':' && (end < at + 2 || text[end - 2] != ':'))))
    --end;
  // Without "::" there are seven, or six and an IPv4 address: a time of day is none.
  if (colons < (has_gap ? 2U : 6U) || !has_digit || end - at < 3) return at;
  auto address = ParseIp(text.substr(at, end - at));
  if (!address) {
    // "2001:...:7334:27015": an address in full, and a port.
    const std::size_t colon = text.substr(at, end - at).rfind(':');
    if (colon == std::string_view::npos || end - at - colon > 6) return at;
    end = at + colon;
    address = ParseIp(text.substr(at, colon));
    if (!address || text.substr(at, colon).ends_with(':')) return at;
  }
  is_somebodys = IsSomebodys(*address);
  return end;
}

std::size_t EndOfIban(std::string_view text, std::size_t at) {
  const std::size_t length = IbanLength(text.substr(at, 2));
  if (length == 0) return at;
  std::array<char, 34> letters{};
  std::size_t size = 0;
  std::size_t end = at;
  while (size < length && end < text.size() && end - at < kIbanBytesMax) {
    const char c = text[end];
    if (IsOf(c, kClassAlnum)) {
      letters[size++] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    } else if ((c != ' ' && c != '-') || size < 4 || !IsOf(text[end - 1], kClassAlnum)) {
      return at;
    }
    ++end;
  }
  const bool goes_on = end < text.size() && IsOf(text[end], kClassAlnum);
  return size == length && !goes_on && IsIban({letters.data(), size}) ? end : at;
}

std::size_t EndOfSteamId(std::string_view text, std::size_t at) {
  const auto digits = [&](std::size_t from) {
    std::size_t end = from;
    while (end < text.size() && end - from < 12 && IsDigit(text[end]))
      ++end;
    return end;
  };
  const std::string_view rest = text.substr(at);
  if (rest.size() > 10 && rest.starts_with("STEAM_") && IsDigit(rest[6]) && rest[7] == ':' &&
      IsDigit(rest[8]) && rest[9] == ':') {
    const std::size_t end = digits(at + 10);
    return end > at + 10 ? end : at;
  }
  if (rest.starts_with("U:1:") && at > 0 && text[at - 1] == '[') {
    const std::size_t end = digits(at + 4);
    return end > at + 4 && end < text.size() && text[end] == ']' ? end : at;
  }
  return at;
}

}  // namespace tickscope::guard
