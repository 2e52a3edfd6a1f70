#include "guard/byte_masks.h"

#include <algorithm>
#include <cstring>

#include "guard/text_class.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tickscope::guard {
namespace {

#if defined(__x86_64__)

// SSE2, which all of x86-64 have: 16 bytes at once.
struct Lane16 {
  static constexpr std::size_t kBytes = 16;
  __m128i bytes;

  explicit Lane16(const char* from) : bytes(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))) {}
  [[nodiscard]] std::uint64_t Are(char c) const { return Bits(Equal(bytes, c)); }
  [[nodiscard]] std::uint64_t AreEither(char a, char b) const {
    return Bits(_mm_or_si128(Equal(bytes, a), Equal(bytes, b)));
  }
  // Of `low` to `low + span`, when `fold` is or-ed to them.
  [[nodiscard]] std::uint64_t AreIn(char low, char span, char fold = 0) const {
    const __m128i distance = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(fold)), _mm_set1_epi8(low));
    return Bits(_mm_cmpeq_epi8(_mm_min_epu8(distance, _mm_set1_epi8(span)), distance));
  }

 private:
  static __m128i Equal(__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); }
  static std::uint64_t Bits(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }
};

#define TICKSCOPE_AVX2 __attribute__((target("avx2")))
struct Lane32 {
  static constexpr std::size_t kBytes = 32;
  __m256i bytes;

  TICKSCOPE_AVX2 explicit Lane32(const char* from)
      : bytes(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))) {}
  [[nodiscard]] TICKSCOPE_AVX2 std::uint64_t Are(char c) const { return Bits(Equal(c)); }
  [[nodiscard]] TICKSCOPE_AVX2 std::uint64_t AreEither(char a, char b) const {
    return Bits(_mm256_or_si256(Equal(a), Equal(b)));
  }
  [[nodiscard]] TICKSCOPE_AVX2 std::uint64_t AreIn(char low, char span, char fold = 0) const {
    const __m256i distance =
        _mm256_sub_epi8(_mm256_or_si256(bytes, _mm256_set1_epi8(fold)), _mm256_set1_epi8(low));
    return Bits(_mm256_cmpeq_epi8(_mm256_min_epu8(distance, _mm256_set1_epi8(span)), distance));
  }

 private:
  [[nodiscard]] TICKSCOPE_AVX2 __m256i Equal(char c) const {
    return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(c));
  }
  [[nodiscard]] TICKSCOPE_AVX2 static std::uint64_t Bits(__m256i bytes) {
    return static_cast<unsigned>(_mm256_movemask_epi8(bytes));
  }
};

// `size` bytes from `from`, zeros behind them: for the last lane of a text, which must not be read past.
const char* Padded(const char* from, std::size_t size, char* room, std::size_t room_bytes) {
  if (size >= room_bytes) return from;
  std::memset(room, 0, room_bytes);
  std::memcpy(room, from, size);
  return room;
}

// Macros, for a function that is compiled for two processors cannot be a template of one.
#define TICKSCOPE_EACH_LANE(LANE, ...)                                        \
  const std::size_t size = std::min(text.size(), ByteMasks::kBytes);          \
  for (std::size_t at = 0; at < size; at += LANE::kBytes) {                   \
    char room[LANE::kBytes];                                                  \
    const LANE lane(Padded(text.data() + at, size - at, room, sizeof(room))); \
    masks.digits |= lane.AreIn('0', 9) << at;                                 \
    masks.letters |= lane.AreIn('a', 25, 0x20) << at;                         \
    __VA_ARGS__                                                               \
  }                                                                           \
  return masks
#define TICKSCOPE_OTHER_CLASSES               \
  masks.colons |= lane.Are(':') << at;        \
  masks.hyphens |= lane.Are('-') << at;       \
  masks.equals |= lane.Are('=') << at;        \
  masks.ats |= lane.Are('@') << at;           \
  masks.spaces |= lane.Are(' ') << at;        \
  masks.dots |= lane.AreIn('.', 1) << at;     \
  masks.brackets |= lane.AreIn('(', 1) << at; \
  masks.others |= lane.AreEither('_', '+') << at;

ByteMasks MasksBy16(std::string_view text) {
  ByteMasks masks;
  TICKSCOPE_EACH_LANE(Lane16, TICKSCOPE_OTHER_CLASSES);
}
TICKSCOPE_AVX2 ByteMasks MasksBy32(std::string_view text) {
  ByteMasks masks;
  TICKSCOPE_EACH_LANE(Lane32, TICKSCOPE_OTHER_CLASSES);
}
WordMasks WordMasksBy16(std::string_view text) {
  WordMasks masks;
  TICKSCOPE_EACH_LANE(Lane16);
}
TICKSCOPE_AVX2 WordMasks WordMasksBy32(std::string_view text) {
  WordMasks masks;
  TICKSCOPE_EACH_LANE(Lane32);
}

#undef TICKSCOPE_OTHER_CLASSES
#undef TICKSCOPE_EACH_LANE
#undef TICKSCOPE_AVX2

#endif

}  // namespace

ByteMasks MasksByByte(std::string_view text) {
  ByteMasks masks;
  const std::size_t size = std::min(text.size(), ByteMasks::kBytes);
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    const char c = text[i];
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

WordMasks WordMasksOf(std::string_view text) {
#if defined(__x86_64__)
  static const auto kMasks = __builtin_cpu_supports("avx2") != 0 ? WordMasksBy32 : WordMasksBy16;
  return kMasks(text);
#else
  const ByteMasks masks = MasksByByte(text);
  return {.digits = masks.digits, .letters = masks.letters};
#endif
}

ByteMasks MasksOf(std::string_view text) {
#if defined(__x86_64__)
  static const auto kMasks = __builtin_cpu_supports("avx2") != 0 ? MasksBy32 : MasksBy16;
  return kMasks(text);
#else
  return MasksByByte(text);
#endif
}

}  // namespace tickscope::guard
