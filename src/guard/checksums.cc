#include "guard/checksums.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace tickscope::guard {
namespace {

// First digits of an issuer's cards, as a range of numbers of that many digits, and how long they may be.
struct Issuer {
  std::size_t prefix_digits;
  std::uint32_t first;
  std::uint32_t last;
  std::uint32_t lengths;  // Bits.
};
constexpr std::uint32_t Lengths(std::size_t from, std::size_t to) {
  std::uint32_t bits = 0;
  for (std::size_t i = from; i <= to; ++i)
    bits |= 1U << i;
  return bits;
}
constexpr Issuer kIssuers[] = {
    {1, 4, 4, Lengths(13, 13) | Lengths(16, 16) | Lengths(19, 19)},  // Visa
    {2, 51, 55, Lengths(16, 16)},                                    // Mastercard
    {4, 2221, 2720, Lengths(16, 16)},
    {2, 34, 34, Lengths(15, 15)},  // American Express
    {2, 37, 37, Lengths(15, 15)},
    {4, 6011, 6011, Lengths(16, 19)},  // Discover
    {3, 644, 649, Lengths(16, 19)},
    {2, 65, 65, Lengths(16, 19)},
    {3, 300, 305, Lengths(14, 19)},  // Diners Club
    {4, 3095, 3095, Lengths(14, 19)},
    {2, 36, 36, Lengths(14, 19)},
    {2, 38, 39, Lengths(14, 19)},
    {2, 35, 35, Lengths(16, 19)},  // JCB
    {4, 1800, 1800, Lengths(15, 15)},
    {4, 2131, 2131, Lengths(15, 15)},
    {2, 62, 62, Lengths(16, 19)},  // UnionPay
    {2, 81, 81, Lengths(16, 19)},
    {4, 2200, 2204, Lengths(16, 19)},  // Mir
    {2, 50, 50, Lengths(12, 19)},      // Maestro
    {2, 56, 69, Lengths(12, 19)},
    {4, 604, 604, Lengths(12, 19)},
    {4, 9804, 9804, Lengths(16, 16)},  // Prostir
    {4, 6060, 6089, Lengths(16, 16)},  // RuPay, Hipercard
    {4, 9792, 9792, Lengths(16, 16)},  // Troy
};

struct Country {
  std::string_view code;
  std::size_t length;
};
constexpr Country kCountries[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22},
    {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24},
    {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18},
    {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27},
    {"GT", 28}, {"HN", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26},
    {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20},
    {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20},
    {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24},
    {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24},
    {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25},
    {"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20},
    {"YE", 30}};

}  // namespace

bool PassesLuhn(std::string_view digits) {
  int sum = 0;
  bool doubles = false;
  for (std::size_t i = digits.size(); i-- > 0; doubles = !doubles) {
    const int digit = digits[i] - '0';
    const int counted = doubles ? 2 * digit : digit;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 == 0;
}

bool IsCardNumber(std::string_view digits) {
  if (digits.size() < kCardDigitsMin || digits.size() > kCardDigitsMax) return false;
  std::uint32_t prefix = 0;
  std::size_t prefix_digits = 0;
  bool is_issued = false;
  for (const std::size_t wanted : {1U, 2U, 3U, 4U}) {
    while (prefix_digits < wanted)
      prefix = prefix * 10 + static_cast<std::uint32_t>(digits[prefix_digits++] - '0');
    is_issued = is_issued || std::ranges::any_of(kIssuers, [&](const Issuer& issuer) {
                  return issuer.prefix_digits == wanted && prefix >= issuer.first && prefix <= issuer.last &&
                         (issuer.lengths >> digits.size() & 1U) != 0;
                });
  }
  return is_issued && PassesLuhn(digits);
}

std::size_t IbanLength(std::string_view country) {
  const auto* const found = std::ranges::lower_bound(kCountries, country, {}, &Country::code);
  return found != std::end(kCountries) && found->code == country ? found->length : 0;
}

bool IsIban(std::string_view text) {
  if (text.size() < 4 || text.size() != IbanLength(text.substr(0, 2))) return false;
  std::uint32_t rest = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[(i + 4) % text.size()];
    if (c >= '0' && c <= '9') {
      rest = (rest * 10 + static_cast<std::uint32_t>(c - '0')) % 97;
    } else if (c >= 'A' && c <= 'Z') {
      rest = (rest * 100 + static_cast<std::uint32_t>(c - 'A' + 10)) % 97;
    } else {
      return false;
    }
  }
  return rest == 1;
}

}  // namespace tickscope::guard
