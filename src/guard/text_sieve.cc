#include "guard/text_sieve.h"

#include <bit>

#include "guard/byte_masks.h"
#include "guard/digit_groups.h"
#include "guard/named_values.h"
#include "guard/secret_forms.h"
#include "guard/text_class.h"

namespace tickscope::guard {
namespace {

// Bits where a run of that many begins.
template <unsigned kSize>
constexpr std::uint64_t Runs(std::uint64_t bits) {
  if constexpr (kSize == 1) {
    return bits;
  } else {
    constexpr unsigned kHalf = kSize / 2;
    const std::uint64_t half = Runs<kSize - kHalf>(bits);
    return half & half >> kHalf;
  }
}

// Calls `is_kept` with the number of each bit that is set, and leaves those for which it is true.
template <typename IsKept>
[[gnu::always_inline]] inline std::uint64_t Filter(std::uint64_t bits, IsKept is_kept) {
  std::uint64_t kept = 0;
  for (; bits != 0; bits &= bits - 1) {
    const auto at = static_cast<unsigned>(std::countr_zero(bits));
    kept |= static_cast<std::uint64_t>(is_kept(at)) << at;
  }
  return kept;
}

// Which of 64 bytes from `begin` are kept.
[[gnu::always_inline]] inline std::uint64_t Sift(const ByteMasks& is, std::string_view text,
                                                 std::size_t begin, PiiKinds kinds) {
  const std::uint64_t words = is.digits | is.letters;
  const char before = begin > 0 ? text[begin - 1] : '\0';
  const std::uint64_t after_digit = is.digits << 1U | (IsDigit(before) ? 1U : 0U);
  const std::uint64_t after_word = words << 1U | (IsOf(before, kClassAlnum) ? 1U : 0U);
  const std::uint64_t starts = words & ~after_word;
  // Where a row of numbers ends, a word begins: "1.5GB". What is before the digits is not looked at.
  const std::uint64_t begins = starts | (is.letters & after_digit);

  // Rows: digits, and what links two groups of one number, of one byte or two.
  const std::uint64_t separators = is.spaces | is.hyphens | is.dots | is.brackets;
  const std::uint64_t pairs = separators & after_digit & separators >> 1U & is.digits >> 2U;
  const std::uint64_t links = (separators & after_digit & is.digits >> 1U) | pairs | pairs << 1U;
  const std::uint64_t rows = is.digits | links;
  constexpr unsigned kRowBytesMin = 6;  // As many digits, or four groups.
  std::uint64_t kept = Filter(starts & is.digits & Runs<kRowBytesMin>(rows), [&](unsigned at) {
    const auto size = static_cast<unsigned>(std::countr_one(rows >> at));
    if (at + size >= ByteMasks::kBytes) return true;  // It may go on.
    const std::uint64_t row = ((std::uint64_t{1} << size) - 1) << at;
    const std::uint64_t digits = is.digits & row;
    return MayHoldNumber(text,
                         {.begin = begin + at,
                          .size = size,
                          .digits = static_cast<unsigned>(std::popcount(digits)),
                          .groups = static_cast<unsigned>(std::popcount(digits & ~(digits << 1U))),
                          .first_size = static_cast<unsigned>(std::countr_one(is.digits >> at)),
                          .has_bracket = (is.brackets & row) != 0},
                         kinds);
  });
  // Many digits behind letters.
  constexpr unsigned kHiddenDigitsMin = 13;
  kept |= Runs<kHiddenDigitsMin>(is.digits) & after_word & ~after_digit;

  // Bank accounts: two letters and two digits.
  kept |= begins & is.letters & is.letters >> 1U & is.digits >> 2U & is.digits >> 3U;
  // UUIDs, hardware addresses.
  kept |= begins & is.hyphens >> 8U & is.hyphens >> 13U & is.hyphens >> 18U & is.hyphens >> 23U;
  for (const std::uint64_t marks : {is.colons, is.hyphens})
    kept |= begins & marks >> 2U & marks >> 5U & marks >> 8U & marks >> 11U & marks >> 14U;
  // IPv6: up to four digits and a colon, and either "::" among them or 15 bytes in all, of which as far as is looked at
  // four are colons.
  const std::uint64_t gaps = is.colons & is.colons >> 1U;
  constexpr unsigned kIpv6BytesMin = 15;
  constexpr int kIpv6ColonsMin = 4;
  const std::uint64_t may_be_ipv6 = gaps != 0 ? ~std::uint64_t{0}
                                    : std::popcount(is.colons) >= kIpv6ColonsMin
                                        ? Runs<kIpv6BytesMin>(words | is.colons | is.dots)
                                        : 0;
  kept |= begins & may_be_ipv6 & (is.colons >> 1U | is.colons >> 2U | is.colons >> 3U | is.colons >> 4U);
  kept |= gaps & ~after_word;
  // STEAM_0:1:4711, [U:1:4711]: colons two apart.
  const std::uint64_t twos = is.colons & is.digits >> 1U & is.colons >> 2U;
  kept |= begins & (twos >> 7U | twos >> 1U);
  // Keys and web tokens.
  constexpr unsigned kSecretBytesMin = 13;
  const std::uint64_t base64 = words | is.hyphens | is.dots | is.equals | is.others;
  kept |= Filter(begins & is.letters & Runs<kSecretBytesMin>(base64),
                 [&](unsigned at) { return MayBeginSecret(text[begin + at], text[begin + at + 1]); });
  kept |= Runs<5>(is.hyphens);

  kept |= is.ats;
  // Behind digits most are of a time; of names only "steamid64" ends so.
  const std::uint64_t fields = is.equals | is.colons;
  kept |= Filter(fields & after_digit, [&](unsigned at) { return text[begin + at - 1] == '4'; });
  kept |= Filter(fields & ~after_digit, [&](unsigned at) { return MayEndFieldName(text, begin + at); });
  return kept;
}

std::uint64_t SiftPlainly(const ByteMasks& is, std::string_view text, std::size_t begin, PiiKinds kinds) {
  return Sift(is, text, begin, kinds);
}
#if defined(__x86_64__)
// The same by instructions that count bits.
__attribute__((target("avx2,bmi,bmi2,popcnt"))) std::uint64_t SiftByBits(const ByteMasks& is,
                                                                         std::string_view text,
                                                                         std::size_t begin, PiiKinds kinds) {
  return Sift(is, text, begin, kinds);
}
bool HasBits() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi2") != 0 &&
         __builtin_cpu_supports("popcnt") != 0;
}
#endif

}  // namespace

void TextSieve::SieveFrom(std::size_t begin) {
#if defined(__x86_64__)
  static const auto kSift = HasBits() ? SiftByBits : SiftPlainly;
#else
  constexpr auto kSift = SiftPlainly;
#endif
  begin_ = begin;
  const std::size_t left = text_.size() - begin;
  end_ = begin + (left <= ByteMasks::kBytes ? left : ByteMasks::kBytes - kLookAhead);
  const ByteMasks is = MasksOf(text_, begin);
  words_ = {.digits = is.digits, .letters = is.letters};
  kept_ = kSift(is, text_, begin, kinds_);
}

}  // namespace tickscope::guard
