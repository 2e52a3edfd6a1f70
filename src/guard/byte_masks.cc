#include "guard/byte_masks.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

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

// Eight classes by two lookups of sixteen entries: a byte is of those that both its halves allow.
struct HalfTables {
  alignas(32) std::array<std::uint8_t, 32> low{};   // Twice, for the two halves of a register.
  alignas(32) std::array<std::uint8_t, 32> high{};  // What is not ASCII has none.
};
constexpr std::string_view kTableClasses[] = {"0123456789", ":", "-", "=", "@", " ", "./", "()"};
constexpr HalfTables kHalves = [] {
  HalfTables tables;
  for (unsigned k = 0; k < std::size(kTableClasses); ++k) {
    for (const char c : kTableClasses[k]) {
      for (const unsigned half : {0U, 16U}) {
        tables.low[half + (static_cast<unsigned>(c) & 15U)] |= static_cast<std::uint8_t>(1U << k);
        tables.high[half + (static_cast<unsigned>(c) >> 4U)] |= static_cast<std::uint8_t>(1U << k);
      }
    }
  }
  return tables;
}();
// No byte is taken for one of a class by halves of two others.
static_assert([] {
  for (unsigned c = 0; c < 128; ++c) {
    const unsigned bits = kHalves.low[c & 15U] & kHalves.high[c >> 4U];
    for (unsigned k = 0; k < std::size(kTableClasses); ++k) {
      const bool is_of = kTableClasses[k].find(static_cast<char>(c)) != std::string_view::npos;
      if (((bits >> k) & 1U) != (is_of ? 1U : 0U)) return false;
    }
  }
  return true;
}());

TICKSCOPE_AVX2 ByteMasks MasksBy32(std::string_view text) {
  ByteMasks masks;
  const __m256i low = _mm256_load_si256(reinterpret_cast<const __m256i*>(kHalves.low.data()));
  const __m256i high = _mm256_load_si256(reinterpret_cast<const __m256i*>(kHalves.high.data()));
  const __m256i half = _mm256_set1_epi8(15);
  const std::size_t size = std::min(text.size(), ByteMasks::kBytes);
  for (std::size_t at = 0; at < size; at += Lane32::kBytes) {
    char room[Lane32::kBytes];
    const Lane32 lane(Padded(text.data() + at, size - at, room, sizeof(room)));
    const __m256i classes =
        _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(lane.bytes, half)),
                         _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(lane.bytes, 4), half)));
#define TICKSCOPE_CLASS(K)                                                               \
  (static_cast<std::uint64_t>(                                                           \
       static_cast<unsigned>(_mm256_movemask_epi8(_mm256_slli_epi16(classes, 7 - (K))))) \
   << at)
    masks.digits |= TICKSCOPE_CLASS(0);
    masks.colons |= TICKSCOPE_CLASS(1);
    masks.hyphens |= TICKSCOPE_CLASS(2);
    masks.equals |= TICKSCOPE_CLASS(3);
    masks.ats |= TICKSCOPE_CLASS(4);
    masks.spaces |= TICKSCOPE_CLASS(5);
    masks.dots |= TICKSCOPE_CLASS(6);
    masks.brackets |= TICKSCOPE_CLASS(7);
#undef TICKSCOPE_CLASS
    masks.letters |= lane.AreIn('a', 25, 0x20) << at;
    masks.others |= lane.AreEither('_', '+') << at;
  }
  return masks;
}
WordMasks WordMasksBy16(std::string_view text) {
  WordMasks masks;
  TICKSCOPE_EACH_LANE(Lane16);
}
TICKSCOPE_AVX2 WordMasks WordMasksBy32(std::string_view text) {
  WordMasks masks;
  TICKSCOPE_EACH_LANE(Lane32);
}

TICKSCOPE_AVX2 PairMasks LikelyPairsBy32(std::string_view text, const PairTables& tables) {
  const auto table = [](const auto& bytes) TICKSCOPE_AVX2 {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(bytes.data()));
  };
  const __m256i half = _mm256_set1_epi8(15);
  const std::size_t size = std::min(text.size(), ByteMasks::kBytes);
  PairMasks masks;
  for (std::size_t at = 0; at < size; at += Lane32::kBytes) {
    char room[Lane32::kBytes + 1];
    // One byte more than the lane has.
    const char* const bytes = Padded(text.data() + at, text.size() - at, room, sizeof(room));
    const auto sets_of = [&](const char* from, const auto& low, const auto& high) TICKSCOPE_AVX2 {
      const __m256i folded =
          _mm256_or_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)), _mm256_set1_epi8(0x20));
      return _mm256_and_si256(
          _mm256_shuffle_epi8(table(low), _mm256_and_si256(folded, half)),
          _mm256_shuffle_epi8(table(high), _mm256_and_si256(_mm256_srli_epi16(folded, 4), half)));
    };
    const __m256i both = _mm256_and_si256(sets_of(bytes, tables.first_low, tables.first_high),
                                          sets_of(bytes + 1, tables.second_low, tables.second_high));
    const __m256i none = _mm256_cmpeq_epi8(both, _mm256_setzero_si256());
    masks.any |= static_cast<std::uint64_t>(~static_cast<unsigned>(_mm256_movemask_epi8(none))) << at;
    masks.inner |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_epi8(both))) << at;
  }
  return masks;
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

PairMasks LikelyPairs([[maybe_unused]] std::string_view text, [[maybe_unused]] const PairTables& tables) {
#if defined(__x86_64__)
  static const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;
  if (kHasAvx2) return LikelyPairsBy32(text, tables);
#endif
  return {.any = ~std::uint64_t{0}, .inner = ~std::uint64_t{0}};
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
