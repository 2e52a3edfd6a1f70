// Classes of bytes, one lookup each, as the detectors know them. What is not ASCII is in none of them but kMail.
#pragma once

#include <array>
#include <cstdint>

namespace tickscope::guard {

inline constexpr std::uint8_t kClassLetter = 1;
inline constexpr std::uint8_t kClassDigit = 2;
inline constexpr std::uint8_t kClassHex = 4;
inline constexpr std::uint8_t kClassMail = 8;    ///< Of the part of an e-mail address before the @.
inline constexpr std::uint8_t kClassToken = 16;  ///< Of base64 in both alphabets: letters, digits, + / = _ -
inline constexpr std::uint8_t kClassSpecial = 32;  ///< @ : = and -, at which the scanner looks.
inline constexpr std::uint8_t kClassLink = 64;     ///< May stand between groups of digits: space - . / ( )
inline constexpr std::uint8_t kClassAlnum = kClassLetter | kClassDigit;

inline constexpr std::array<std::uint8_t, 256> kByteClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool is_digit = c >= '0' && c <= '9';
    const unsigned lower = c | 0x20U;
    const bool is_letter = c < 0x80 && lower >= 'a' && lower <= 'z';
    std::uint8_t bits = 0;
    if (is_letter) bits |= kClassLetter | kClassMail | kClassToken;
    if (is_digit) bits |= kClassDigit | kClassMail | kClassToken | kClassHex;
    if (is_letter && lower <= 'f') bits |= kClassHex;
    if (c == '.' || c == '_' || c == '%' || c == '+' || c == '-' || c == '\'' || c >= 0x80)
      bits |= kClassMail;
    if (c == '+' || c == '/' || c == '=' || c == '_' || c == '-') bits |= kClassToken;
    if (c == '@' || c == ':' || c == '=' || c == '-') bits |= kClassSpecial;
    if (c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')') bits |= kClassLink;
    classes[c] = bits;
  }
  return classes;
}();

[[nodiscard]] inline bool IsOf(char c, std::uint8_t classes) {
  return (kByteClasses[static_cast<unsigned char>(c)] & classes) != 0;
}
[[nodiscard]] inline bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] inline char ToLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

}  // namespace tickscope::guard
