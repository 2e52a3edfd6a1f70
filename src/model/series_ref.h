// SeriesRef: the number of a series within one tenant and one stream partition.
#pragma once

#include <cstdint>

namespace tickscope {

/// Dense, from 0 in order of first sight; never reused. Meaningless outside its tenant and partition.
enum class SeriesRef : std::uint32_t {};

[[nodiscard]] constexpr std::uint32_t ToIndex(SeriesRef ref) {
  return static_cast<std::uint32_t>(ref);
}

}  // namespace tickscope
