#include "guard/text_sieve.h"

#include "guard/named_values.h"
#include "guard/secret_forms.h"
#include "guard/text_class.h"

namespace tickscope::guard {
namespace {

// A block and the one behind it, so that a form may go on there: bit i of Ahead(n) says what is at i + n.
struct Pair {
  std::uint64_t here;
  std::uint64_t behind;

  [[nodiscard]] std::uint64_t Ahead(unsigned n) const { return here >> n | behind << (64 - n); }
  [[nodiscard]] Pair AheadPair(unsigned n) const { return {Ahead(n), behind >> n}; }
  // Bits where a run of that many begins; runs that reach the end of the block behind are cut, which is 64 ahead.
  template <unsigned kSize>
  [[nodiscard]] Pair Runs() const {
    if constexpr (kSize == 1) {
      return *this;
    } else {
      constexpr unsigned kHalf = kSize / 2;
      const Pair half = Runs<kSize - kHalf>();
      return half & half.AheadPair(kHalf);
    }
  }
  friend Pair operator&(Pair a, Pair b) { return {a.here & b.here, a.behind & b.behind}; }
  friend Pair operator|(Pair a, Pair b) { return {a.here | b.here, a.behind | b.behind}; }
};

}  // namespace

TextSieve::TextSieve(std::string_view text) : text_(text), next_(MasksOf(text)) {
  if (!text.empty()) SieveBlockOf(0);
}

void TextSieve::SieveBlockOf(std::size_t at) {
  const std::size_t begin = at / kBlock * kBlock;
  // The block before was read, or what is in it was passed over.
  const bool is_next = begin == 0 || begin == begin_ + kBlock;
  const ByteMasks here = is_next ? next_ : MasksOf(text_.substr(begin));
  const std::uint64_t links_before = is_next ? links_ : ~std::uint64_t{0};
  begin_ = begin;
  next_ = begin + kBlock < text_.size() ? MasksOf(text_.substr(begin + kBlock)) : ByteMasks();
  const auto pair = [&](std::uint64_t ByteMasks::* of) { return Pair{here.*of, next_.*of}; };
  const Pair digits = pair(&ByteMasks::digits);
  const Pair colons = pair(&ByteMasks::colons);
  const Pair hyphens = pair(&ByteMasks::hyphens);
  const Pair dots = pair(&ByteMasks::dots);
  const Pair words = digits | pair(&ByteMasks::letters);
  const Pair brackets = pair(&ByteMasks::brackets);

  // The byte before the block.
  const char last = begin > 0 ? text_[begin - 1] : '\0';
  const std::uint64_t after_digit = digits.here << 1U | (IsDigit(last) ? 1U : 0U);
  const std::uint64_t after_word = words.here << 1U | (IsOf(last, kClassAlnum) ? 1U : 0U);
  const std::uint64_t starts = words.here & ~after_word;

  // Rows: digits, and what may stand between two groups of one number, of one or two bytes.
  const Pair separators = pair(&ByteMasks::spaces) | hyphens | dots | brackets;
  const std::uint64_t behind_digit = digits.behind << 1U | digits.here >> 63U;
  const Pair after_digits = {after_digit, behind_digit};
  const Pair single = separators & after_digits & digits.AheadPair(1);
  const Pair twofold = separators & after_digits & separators.AheadPair(1) & digits.AheadPair(2);
  const Pair seconds = {twofold.here << 1U, twofold.behind << 1U | twofold.here >> 63U};
  const Pair links = single | twofold | seconds;
  const Pair rows = digits | links;
  constexpr unsigned kRowBytesMin = 6;  // As many digits, or four groups.
  std::uint64_t kept = starts & digits.here & rows.Runs<kRowBytesMin>().here;
  // A letter stuck to a row that is shorter: where the row ends, a word begins.
  std::uint64_t links_near = 0;
  for (unsigned n = 2; n < kRowBytesMin; ++n)
    links_near |= links.here << n | links_before >> (kBlock - n);
  kept |= here.letters & after_digit & links_near;
  links_ = links.here;
  // Many digits behind letters.
  constexpr unsigned kHiddenDigitsMin = 13;
  kept |= digits.Runs<kHiddenDigitsMin>().here & after_word & ~after_digit;

  // Bank accounts: two letters and two digits.
  kept |= starts & here.letters & words.Ahead(1) & ~digits.Ahead(1) & digits.Ahead(2) & digits.Ahead(3);
  // UUIDs, hardware addresses.
  kept |= starts & hyphens.Ahead(8) & hyphens.Ahead(13) & hyphens.Ahead(18) & hyphens.Ahead(23);
  for (const Pair& marks : {colons, hyphens})
    kept |= starts & marks.Ahead(2) & marks.Ahead(5) & marks.Ahead(8) & marks.Ahead(11) & marks.Ahead(14);
  // IPv6: up to four digits and a colon, and 15 bytes in all, or somewhere "::".
  const Pair gaps = colons & colons.AheadPair(1);
  const std::uint64_t before_colon = colons.Ahead(1) | colons.Ahead(2) | colons.Ahead(3) | colons.Ahead(4);
  constexpr unsigned kIpv6BytesMin = 15;
  const std::uint64_t long_enough =
      (gaps.here | gaps.behind) != 0 ? ~std::uint64_t{0} : (words | colons | dots).Runs<kIpv6BytesMin>().here;
  kept |= starts & before_colon & long_enough;
  kept |= gaps.here & ~after_word;
  // STEAM_0:1:4711, [U:1:4711]: the colons two apart, the first at 7 or 1.
  const Pair twos = colons & digits.AheadPair(1) & colons.AheadPair(2);
  kept |= starts & (twos.Ahead(7) | twos.Ahead(1));
  // Keys and web tokens.
  constexpr unsigned kSecretBytesMin = 13;
  const Pair base64 = words | hyphens | dots | pair(&ByteMasks::equals) | pair(&ByteMasks::others);
  for (std::uint64_t rest = starts & here.letters & base64.Runs<kSecretBytesMin>().here; rest != 0;
       rest &= rest - 1) {
    const std::size_t place = begin + static_cast<std::size_t>(__builtin_ctzll(rest));
    if (MayBeginSecret(text_[place], text_[place + 1])) kept |= rest & (~rest + 1);
  }
  kept |= hyphens.Runs<5>().here;

  kept |= here.ats;
  for (std::uint64_t rest = here.equals | here.colons; rest != 0; rest &= rest - 1) {
    if (MayEndFieldName(text_, begin + static_cast<std::size_t>(__builtin_ctzll(rest))))
      kept |= rest & (~rest + 1);
  }
  kept_ = kept;
}

}  // namespace tickscope::guard
