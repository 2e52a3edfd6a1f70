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

// Where a lane is loaded from, of a text that must not be read past.
struct LanePlace {
  const char* from;
  unsigned extra;  // Bits before those that are meant.
};
// For the bytes of `text` from `at` to `end`, of which a lane has room for `lane_bytes`. When there are fewer, the lane ends
// with them; when there are not even that many before, they are copied to `room` and zeros behind them.
LanePlace PlaceOf(std::string_view text, std::size_t at, std::size_t end, char* room,
                  std::size_t lane_bytes) {
  if (end - at >= lane_bytes) return {text.data() + at, 0};
  if (end >= lane_bytes)
    return {text.data() + end - lane_bytes, static_cast<unsigned>(lane_bytes - (end - at))};
  std::memset(room, 0, lane_bytes);
  std::memcpy(room, text.data() + at, end - at);
  return {room, 0};
}

// Macros, for a function that is compiled for two processors cannot be a template of one.
#define TICKSCOPE_EACH_LANE(LANE, END, ...)                                              \
  const std::size_t size = std::min((END) - begin, ByteMasks::kBytes);                   \
  for (std::size_t at = 0; at < size; at += LANE::kBytes) {                              \
    char room[LANE::kBytes];                                                             \
    const LanePlace place = PlaceOf(text, begin + at, begin + size, room, sizeof(room)); \
    const LANE lane(place.from);                                                         \
    const auto put = [&](std::uint64_t bits) { return bits >> place.extra << at; };      \
    __VA_ARGS__                                                                          \
  }                                                                                      \
  return masks
#define TICKSCOPE_WORD_CLASSES             \
  masks.digits |= put(lane.AreIn('0', 9)); \
  masks.letters |= put(lane.AreIn('a', 25, 0x20));
#define TICKSCOPE_OTHER_CLASSES              \
  masks.colons |= put(lane.Are(':'));        \
  masks.hyphens |= put(lane.Are('-'));       \
  masks.equals |= put(lane.Are('='));        \
  masks.ats |= put(lane.Are('@'));           \
  masks.spaces |= put(lane.Are(' '));        \
  masks.dots |= put(lane.AreIn('.', 1));     \
  masks.brackets |= put(lane.AreIn('(', 1)); \
  masks.others |= put(lane.AreEither('_', '+'));

ByteMasks MasksBy16(std::string_view text, std::size_t begin) {
  ByteMasks masks;
  TICKSCOPE_EACH_LANE(Lane16, text.size(), TICKSCOPE_WORD_CLASSES TICKSCOPE_OTHER_CLASSES);
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

TICKSCOPE_AVX2 ByteMasks MasksBy32(std::string_view text, std::size_t begin) {
  ByteMasks masks;
  const __m256i low = _mm256_load_si256(reinterpret_cast<const __m256i*>(kHalves.low.data()));
  const __m256i high = _mm256_load_si256(reinterpret_cast<const __m256i*>(kHalves.high.data()));
  const __m256i half = _mm256_set1_epi8(15);
  // clang-format off
#define TICKSCOPE_CLASS(K) \
  put(static_cast<unsigned>(_mm256_movemask_epi8(_mm256_slli_epi16(classes, 7 - (K)))))
  TICKSCOPE_EACH_LANE(Lane32, text.size(),
    const __m256i classes =
        _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(lane.bytes, half)),
                         _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(lane.bytes, 4), half)));
    masks.digits |= TICKSCOPE_CLASS(0);
    masks.colons |= TICKSCOPE_CLASS(1);
    masks.hyphens |= TICKSCOPE_CLASS(2);
    masks.equals |= TICKSCOPE_CLASS(3);
    masks.ats |= TICKSCOPE_CLASS(4);
    masks.spaces |= TICKSCOPE_CLASS(5);
    masks.dots |= TICKSCOPE_CLASS(6);
    masks.brackets |= TICKSCOPE_CLASS(7);
    masks.letters |= put(lane.AreIn('a', 25, 0x20));
    masks.others |= put(lane.AreEither('_', '+')););
#undef TICKSCOPE_CLASS
  // clang-format on
}
WordMasks WordMasksBy16(std::string_view text, std::size_t begin, std::size_t end) {
  WordMasks masks;
  TICKSCOPE_EACH_LANE(Lane16, end, TICKSCOPE_WORD_CLASSES);
}
TICKSCOPE_AVX2 WordMasks WordMasksBy32(std::string_view text, std::size_t begin, std::size_t end) {
  WordMasks masks;
  TICKSCOPE_EACH_LANE(Lane32, end, TICKSCOPE_WORD_CLASSES);
}

TICKSCOPE_AVX2 PairMasks LikelyPairsBy32(std::string_view text, std::size_t begin, std::size_t end,
                                         const PairTables& tables) {
  const auto table = [](const auto& bytes) TICKSCOPE_AVX2 {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(bytes.data()));
  };
  const __m256i half = _mm256_set1_epi8(15);
  // One byte more than the lanes have.
  const std::size_t size = std::min(end - begin, ByteMasks::kBytes + 1);
  PairMasks masks;
  for (std::size_t at = 0; at + 1 < size; at += Lane32::kBytes) {
    char room[Lane32::kBytes + 1];
    const LanePlace place = PlaceOf(text, begin + at, begin + size, room, sizeof(room));
    const auto sets_of = [&](const char* from, const auto& low, const auto& high) TICKSCOPE_AVX2 {
      const __m256i folded =
          _mm256_or_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)), _mm256_set1_epi8(0x20));
      return _mm256_and_si256(
          _mm256_shuffle_epi8(table(low), _mm256_and_si256(folded, half)),
          _mm256_shuffle_epi8(table(high), _mm256_and_si256(_mm256_srli_epi16(folded, 4), half)));
    };
    const __m256i both = _mm256_and_si256(sets_of(place.from, tables.first_low, tables.first_high),
                                          sets_of(place.from + 1, tables.second_low, tables.second_high));
    const __m256i none = _mm256_cmpeq_epi8(both, _mm256_setzero_si256());
    const auto put = [&](std::uint64_t bits) { return bits >> place.extra << at; };
    masks.any |= put(~static_cast<unsigned>(_mm256_movemask_epi8(none)));
    masks.inner |= put(static_cast<unsigned>(_mm256_movemask_epi8(both)));
  }
  return masks;
}

#undef TICKSCOPE_WORD_CLASSES
#undef TICKSCOPE_OTHER_CLASSES
#undef TICKSCOPE_EACH_LANE
#undef TICKSCOPE_AVX2

#endif

}  // namespace

ByteMasks MasksByByte(std::string_view text, std::size_t begin) {
  ByteMasks masks;
  const std::size_t size = std::min(text.size() - begin, ByteMasks::kBytes);
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    const char c = text[begin + i];
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

PairMasks LikelyPairs([[maybe_unused]] std::string_view text, [[maybe_unused]] std::size_t begin,
                      [[maybe_unused]] std::size_t end, [[maybe_unused]] const PairTables& tables) {
#if defined(__x86_64__)
  static const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;
  if (kHasAvx2) return LikelyPairsBy32(text, begin, end, tables);
#endif
  return {.any = ~std::uint64_t{0}, .inner = ~std::uint64_t{0}};
}

WordMasks WordMasksOf(std::string_view text, std::size_t begin, std::size_t end) {
#if defined(__x86_64__)
  static const auto kMasks = __builtin_cpu_supports("avx2") != 0 ? WordMasksBy32 : WordMasksBy16;
  return kMasks(text, begin, end);
#else
  const ByteMasks masks = MasksByByte(text.substr(0, end), begin);
  return {.digits = masks.digits, .letters = masks.letters};
#endif
}

ByteMasks MasksOf(std::string_view text, std::size_t begin) {
#if defined(__x86_64__)
  static const auto kMasks = __builtin_cpu_supports("avx2") != 0 ? MasksBy32 : MasksBy16;
  return kMasks(text, begin);
#else
  return MasksByByte(text, begin);
#endif
}

}  // namespace tickscope::guard
