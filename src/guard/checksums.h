// Numbers that prove themselves: payment cards by issuer prefix and Luhn, bank accounts by mod-97.
#pragma once

#include <cstddef>
#include <string_view>

namespace tickscope::guard {

inline constexpr std::size_t kCardDigitsMin = 12;
inline constexpr std::size_t kCardDigitsMax = 19;

/// Whether the digits are a payment card's: length and first digits of an issuer, and the Luhn sum. Not for 0000...
/// Source: ISO/IEC 7812.
[[nodiscard]] bool IsCardNumber(std::string_view digits);

/// Whether the Luhn sum of the digits is right.
[[nodiscard]] bool PassesLuhn(std::string_view digits);

/// How many characters an account of that country has, spaces left out; 0 for a country without them.
/// Requires: two upper-case letters. Source: the IBAN registry of ISO 13616.
[[nodiscard]] std::size_t IbanLength(std::string_view country);

/// Whether the text, without spaces and in upper case, has the length of its country and mod-97 of 1.
[[nodiscard]] bool IsIban(std::string_view text);

}  // namespace tickscope::guard
