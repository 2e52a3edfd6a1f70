// Sample values and the bit patterns that must survive every encoding.
#pragma once

#include <bit>
#include <cstdint>

#include "base/clock.h"

namespace tickscope {

/// A float sample. Its value is any double, NaN payload included.
struct FloatSample {
  TimeMs time_ms = 0;
  double value = 0;
};

/// The NaN that marks the end of a series. Compare bits; an ordinary NaN is a value.
inline constexpr std::uint64_t kStaleNanBits = 0x7ff0000000000002ULL;
/// The NaN an expression produces.
inline constexpr std::uint64_t kNormalNanBits = 0x7ff8000000000001ULL;

[[nodiscard]] inline double StaleNan() {
  return std::bit_cast<double>(kStaleNanBits);
}
[[nodiscard]] inline double NormalNan() {
  return std::bit_cast<double>(kNormalNanBits);
}
[[nodiscard]] inline bool IsStaleNan(double v) {
  return std::bit_cast<std::uint64_t>(v) == kStaleNanBits;
}

}  // namespace tickscope
