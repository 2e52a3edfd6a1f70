// ByteMasks: which bytes of 64 are of which class, a bit each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tickscope::guard {

/// Bit i for byte i; of a few classes at once where nobody needs to tell them apart.
struct ByteMasks {
  static constexpr std::size_t kBytes = 64;

  std::uint64_t digits = 0;
  std::uint64_t letters = 0;
  std::uint64_t colons = 0;
  std::uint64_t hyphens = 0;
  std::uint64_t equals = 0;
  std::uint64_t ats = 0;
  std::uint64_t spaces = 0;
  std::uint64_t dots = 0;      ///< . and /
  std::uint64_t brackets = 0;  ///< ( and )
  std::uint64_t others = 0;    ///< _ and +, which base64 and keys have besides.
};

/// Of the 64 bytes of `text` from `begin`; what is not there is of no class. By the widest instructions the processor has.
[[nodiscard]] ByteMasks MasksOf(std::string_view text, std::size_t begin);

struct WordMasks {
  std::uint64_t digits = 0;
  std::uint64_t letters = 0;
};
/// Of the 64 bytes from `begin`, or those up to `end`.
[[nodiscard]] WordMasks WordMasksOf(std::string_view text, std::size_t begin, std::size_t end);

/// Pairs of letters, for both halves of each of two bytes: which of eight sets they may be of.
struct PairTables {
  static constexpr std::size_t kBytes = 32;  // Sixteen halves, twice, as a register has it.
  alignas(kBytes) std::array<std::uint8_t, kBytes> first_low{};
  alignas(kBytes) std::array<std::uint8_t, kBytes> first_high{};
  alignas(kBytes) std::array<std::uint8_t, kBytes> second_low{};
  alignas(kBytes) std::array<std::uint8_t, kBytes> second_high{};

  /// Two small letters; capitals count as they do. Told apart are only those that are added as `inner`.
  constexpr void Add(char first, char second, bool is_inner = false) {
    // Pairs that begin with neighbours in the alphabet share a set: few are of it by mistake. The last set no letter has.
    const auto set =
        static_cast<std::uint8_t>(1U << (is_inner ? 7 : (static_cast<unsigned>(first) & 31U) / 4));
    for (const unsigned half : {0U, 16U}) {
      first_low[half + (static_cast<unsigned>(first) & 15U)] |= set;
      first_high[half + (static_cast<unsigned>(first) >> 4U)] |= set;
      second_low[half + (static_cast<unsigned>(second) & 15U)] |= set;
      second_high[half + (static_cast<unsigned>(second) >> 4U)] |= set;
    }
  }
};

/// Bit i where bytes begin + i and the next may be a pair, of the 64 from `begin` and the one behind them, or those up to
/// `end`: where it is not set they are none.
struct PairMasks {
  std::uint64_t any = 0;
  std::uint64_t inner = 0;
};
[[nodiscard]] PairMasks LikelyPairs(std::string_view text, std::size_t begin, std::size_t end,
                                    const PairTables& tables);

/// The same, a byte at a time: what MasksOf is held to, and all there is on other processors.
[[nodiscard]] ByteMasks MasksByByte(std::string_view text, std::size_t begin);

}  // namespace tickscope::guard
