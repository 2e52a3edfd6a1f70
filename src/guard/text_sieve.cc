#include "guard/text_sieve.h"

#include <bit>

#include "guard/byte_masks.h"
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
std::uint64_t Filter(std::uint64_t bits, IsKept is_kept) {
  std::uint64_t kept = 0;
  for (; bits != 0; bits &= bits - 1) {
    const auto at = static_cast<unsigned>(std::countr_zero(bits));
    kept |= static_cast<std::uint64_t>(is_kept(at)) << at;
  }
  return kept;
}

}  // namespace

void TextSieve::SieveFrom(std::size_t begin) {
  const ByteMasks is = MasksOf(text_.substr(begin));
  begin_ = begin;
  const std::size_t left = text_.size() - begin;
  end_ = begin + (left <= ByteMasks::kBytes ? left : ByteMasks::kBytes - kLookAhead);
  const std::uint64_t words = is.digits | is.letters;
  const char before = begin > 0 ? text_[begin - 1] : '\0';
  const std::uint64_t after_digit = is.digits << 1U | (IsDigit(before) ? 1U : 0U);
  const std::uint64_t after_word = words << 1U | (IsOf(before, kClassAlnum) ? 1U : 0U);
  const std::uint64_t starts = words & ~after_word;

  // Rows: digits, and what links two groups of one number, of one byte or two.
  const std::uint64_t separators = is.spaces | is.hyphens | is.dots | is.brackets;
  const std::uint64_t pairs = separators & after_digit & separators >> 1U & is.digits >> 2U;
  const std::uint64_t links = (separators & after_digit & is.digits >> 1U) | pairs | pairs << 1U;
  constexpr unsigned kRowBytesMin = 6;  // As many digits, or four groups.
  std::uint64_t kept = starts & is.digits & Runs<kRowBytesMin>(is.digits | links);
  // A letter stuck to a row that is shorter: where the row ends, a word begins. What linked it may be before all this.
  std::uint64_t links_near = begin > 0 ? (std::uint64_t{1} << kRowBytesMin) - 1 : 0;
  for (unsigned n = 2; n < kRowBytesMin; ++n)
    links_near |= links << n;
  kept |= is.letters & after_digit & links_near;
  // Many digits behind letters.
  constexpr unsigned kHiddenDigitsMin = 13;
  kept |= Runs<kHiddenDigitsMin>(is.digits) & after_word & ~after_digit;

  // Bank accounts: two letters and two digits.
  kept |= starts & is.letters & is.letters >> 1U & is.digits >> 2U & is.digits >> 3U;
  // UUIDs, hardware addresses.
  kept |= starts & is.hyphens >> 8U & is.hyphens >> 13U & is.hyphens >> 18U & is.hyphens >> 23U;
  for (const std::uint64_t marks : {is.colons, is.hyphens})
    kept |= starts & marks >> 2U & marks >> 5U & marks >> 8U & marks >> 11U & marks >> 14U;
  // IPv6: up to four digits and a colon, and either 15 bytes in all or "::" among them.
  const std::uint64_t gaps = is.colons & is.colons >> 1U;
  constexpr unsigned kIpv6BytesMin = 15;
  const std::uint64_t may_be_ipv6 =
      gaps != 0 ? ~std::uint64_t{0} : Runs<kIpv6BytesMin>(words | is.colons | is.dots);
  kept |= starts & may_be_ipv6 & (is.colons >> 1U | is.colons >> 2U | is.colons >> 3U | is.colons >> 4U);
  kept |= gaps & ~after_word;
  // STEAM_0:1:4711, [U:1:4711]: colons two apart.
  const std::uint64_t twos = is.colons & is.digits >> 1U & is.colons >> 2U;
  kept |= starts & (twos >> 7U | twos >> 1U);
  // Keys and web tokens.
  constexpr unsigned kSecretBytesMin = 13;
  const std::uint64_t base64 = words | is.hyphens | is.dots | is.equals | is.others;
  kept |= Filter(starts & is.letters & Runs<kSecretBytesMin>(base64),
                 [&](unsigned at) { return MayBeginSecret(text_[begin + at], text_[begin + at + 1]); });
  kept |= Runs<5>(is.hyphens);

  kept |= is.ats;
  // Behind digits most are of a time; of names only "steamid64" ends so.
  const std::uint64_t fields = is.equals | is.colons;
  kept |= Filter(fields & after_digit, [&](unsigned at) { return text_[begin + at - 1] == '4'; });
  kept |= Filter(fields & ~after_digit, [&](unsigned at) { return MayEndFieldName(text_, begin + at); });
  kept_ = kept;
}

}  // namespace tickscope::guard
