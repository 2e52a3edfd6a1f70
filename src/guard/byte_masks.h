// ByteMasks: which bytes of 64 are of which class, a bit each.
#pragma once

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

/// Of the first 64 bytes of `text`; what is not there is of no class. By the widest instructions the processor has.
[[nodiscard]] ByteMasks MasksOf(std::string_view text);

struct WordMasks {
  std::uint64_t digits = 0;
  std::uint64_t letters = 0;
};
/// Of the first 64 bytes.
[[nodiscard]] WordMasks WordMasksOf(std::string_view text);

/// The same, a byte at a time: what MasksOf is held to, and all there is on other processors.
[[nodiscard]] ByteMasks MasksByByte(std::string_view text);

}  // namespace tickscope::guard
