#include "guard/text_sieve.h"

#include <algorithm>
#include <cstring>

#include "guard/secret_forms.h"
#include "guard/text_class.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tickscope::guard {
namespace {

struct Masks {
  std::uint64_t digits = 0;
  std::uint64_t letters = 0;
  std::uint64_t marks = 0;  // @ : =
  std::uint64_t hyphens = 0;
};

#if defined(__SSE2__)

std::uint64_t BitsOf(__m128i bytes, unsigned shift) {
  return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(bytes))) << shift;
}

// All ones in bytes of which low <= byte <= low + span, unsigned.
__m128i InSpan(__m128i bytes, char low, char span) {
  const __m128i distance = _mm_sub_epi8(bytes, _mm_set1_epi8(low));
  return _mm_cmpeq_epi8(_mm_min_epu8(distance, _mm_set1_epi8(span)), distance);
}

Masks MasksOf(const char* block) {
  Masks masks;
  for (unsigned i = 0; i < 64; i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + i));
    masks.digits |= BitsOf(InSpan(bytes, '0', 9), i);
    masks.letters |= BitsOf(InSpan(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 25), i);
    const __m128i is_mark = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('@')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(':'))),
        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('=')));
    masks.marks |= BitsOf(is_mark, i);
    masks.hyphens |= BitsOf(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')), i);
  }
  return masks;
}

#else

Masks MasksOf(const char* block) {
  Masks masks;
  for (unsigned i = 0; i < 64; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    const char c = block[i];
    if (IsOf(c, kClassDigit)) masks.digits |= bit;
    if (IsOf(c, kClassLetter)) masks.letters |= bit;
    if (c == '@' || c == ':' || c == '=') masks.marks |= bit;
    if (c == '-') masks.hyphens |= bit;
  }
  return masks;
}

#endif

}  // namespace

void TextSieve::Load(std::size_t begin) {
  begin_ = begin;
  end_ = std::min(begin + kBlock, text_.size());
  const char* block = text_.data() + begin;
  char padded[kBlock];
  if (end_ - begin_ < kBlock) {
    std::memset(padded, 0, kBlock);
    std::memcpy(padded, block, end_ - begin_);
    block = padded;
  }
  const Masks masks = MasksOf(block);
  const bool follows_digit = begin > 0 && IsDigit(text_[begin - 1]);
  const bool follows_word = begin > 0 && IsOf(text_[begin - 1], kClassAlnum);
  const std::uint64_t words = masks.digits | masks.letters;
  kept_ = (masks.digits & ~(masks.digits << 1U | (follows_digit ? 1U : 0U))) | masks.marks;
  // A hyphen counts behind a word (of hex) and before another hyphen.
  kept_ |= masks.hyphens & (masks.letters << 1U | (follows_word ? 1U : 0U) | masks.hyphens >> 1U |
                            std::uint64_t{1} << (kBlock - 1));
  for (std::uint64_t starts = masks.letters & ~(words << 1U | (follows_word ? 1U : 0U)); starts != 0;
       starts &= starts - 1) {
    const auto at = static_cast<std::size_t>(__builtin_ctzll(starts));
    const char second = begin + at + 1 < text_.size() ? text_[begin + at + 1] : '\0';
    if (MayBeginSecret(text_[begin + at], second)) kept_ |= starts & (~starts + 1);
  }
}

}  // namespace tickscope::guard
