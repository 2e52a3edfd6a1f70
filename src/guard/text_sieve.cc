#include "guard/text_sieve.h"

#include <algorithm>
#include <cstring>

#include "guard/named_values.h"
#include "guard/secret_forms.h"
#include "guard/text_class.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tickscope::guard {
namespace {

constexpr std::size_t kLane = 16;

#if defined(__SSE2__)

std::uint64_t BitsOf(__m128i bytes, std::size_t lane) {
  return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(bytes))) << (lane * kLane);
}
__m128i Are(__m128i bytes, char c) {
  return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
}
// Bytes from `low` to `low + span`.
__m128i AreIn(__m128i bytes, char low, char span) {
  const __m128i distance = _mm_sub_epi8(bytes, _mm_set1_epi8(low));
  return _mm_cmpeq_epi8(_mm_min_epu8(distance, _mm_set1_epi8(span)), distance);
}

#endif

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

TextSieve::TextSieve(std::string_view text) : text_(text), next_(MasksAt(0)) {
  if (!text.empty()) SieveBlockOf(0);
}

#if defined(__SSE2__)

TextSieve::Masks TextSieve::MasksAt(std::size_t begin) const {
  Masks masks;
  for (std::size_t lane = 0; lane < kBlock / kLane && begin < text_.size(); ++lane, begin += kLane) {
    __m128i bytes;
    if (text_.size() - begin >= kLane) {
      bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text_.data() + begin));
    } else {
      char padded[kLane] = {};
      std::memcpy(padded, text_.data() + begin, text_.size() - begin);
      bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(padded));
    }
    masks.digits |= BitsOf(AreIn(bytes, '0', 9), lane);
    masks.letters |= BitsOf(AreIn(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 25), lane);
    masks.colons |= BitsOf(Are(bytes, ':'), lane);
    masks.hyphens |= BitsOf(Are(bytes, '-'), lane);
    masks.equals |= BitsOf(Are(bytes, '='), lane);
    masks.ats |= BitsOf(Are(bytes, '@'), lane);
    masks.spaces |= BitsOf(Are(bytes, ' '), lane);
    masks.dots |= BitsOf(AreIn(bytes, '.', 1), lane);
    masks.brackets |= BitsOf(AreIn(bytes, '(', 1), lane);
    masks.others |= BitsOf(_mm_or_si128(Are(bytes, '_'), Are(bytes, '+')), lane);
  }
  return masks;
}

#else

TextSieve::Masks TextSieve::MasksAt(std::size_t begin) const {
  Masks masks;
  for (std::size_t i = 0; i < kBlock && begin + i < text_.size(); ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    const char c = text_[begin + i];
    if (IsOf(c, kClassDigit)) masks.digits |= bit;
    if (IsOf(c, kClassLetter)) masks.letters |= bit;
    if (c == ':') masks.colons |= bit;
    if (c == '-') masks.hyphens |= bit;
    if (c == '=') masks.equals |= bit;
    if (c == '@') masks.ats |= bit;
    if (c == ' ') masks.spaces |= bit;
    if (c == '.' || c == '/') masks.dots |= bit;
    if (c == '(' || c == ')') masks.brackets |= bit;
    if (c == '_' || c == '+') masks.others |= bit;
  }
  return masks;
}

#endif

void TextSieve::SieveBlockOf(std::size_t at) {
  const std::size_t begin = at / kBlock * kBlock;
  const Masks here = begin == begin_ + kBlock || begin == 0 ? next_ : MasksAt(begin);
  begin_ = begin;
  next_ = MasksAt(begin + kBlock);
  const auto pair = [&](std::uint64_t Masks::* of) { return Pair{here.*of, next_.*of}; };
  const Pair digits = pair(&Masks::digits);
  const Pair colons = pair(&Masks::colons);
  const Pair hyphens = pair(&Masks::hyphens);
  const Pair dots = pair(&Masks::dots);
  const Pair words = digits | pair(&Masks::letters);
  const Pair brackets = pair(&Masks::brackets);

  // The byte before the block.
  const char last = begin > 0 ? text_[begin - 1] : '\0';
  const std::uint64_t after_digit = digits.here << 1U | (IsDigit(last) ? 1U : 0U);
  const std::uint64_t after_word = words.here << 1U | (IsOf(last, kClassAlnum) ? 1U : 0U);
  const std::uint64_t starts = words.here & ~after_word;

  // Rows: digits, and what may stand between two groups of one number, of one or two bytes.
  const Pair separators = pair(&Masks::spaces) | hyphens | dots | brackets;
  const std::uint64_t behind_digit = digits.behind << 1U | digits.here >> 63U;
  const Pair after_digits = {after_digit, behind_digit};
  const Pair single = separators & after_digits & digits.AheadPair(1);
  const Pair twofold = separators & after_digits & separators.AheadPair(1) & digits.AheadPair(2);
  const Pair seconds = {twofold.here << 1U, twofold.behind << 1U | twofold.here >> 63U};
  const Pair rows = digits | single | twofold | seconds;
  constexpr unsigned kRowBytesMin = 6;  // As many digits, or four groups.
  std::uint64_t kept = starts & digits.here & rows.Runs<kRowBytesMin>().here;
  // A letter stuck to a row that is shorter: where the row ends, a word begins.
  if (const std::uint64_t stuck = here.letters & after_digit; stuck != 0) {
    for (std::uint64_t rest = stuck; rest != 0; rest &= rest - 1) {
      const std::size_t place = begin + static_cast<std::size_t>(__builtin_ctzll(rest));
      const std::size_t far = std::min<std::size_t>(place, kRowBytesMin);
      const std::string_view before = text_.substr(place - far, far);
      if (before.find_first_of(" -./()") != std::string_view::npos) kept |= rest & (~rest + 1);
    }
  }
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
  const Pair base64 = words | hyphens | dots | pair(&Masks::equals) | pair(&Masks::others);
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
