// ExactnessOf: what a PromQL function asked of a rollup is worth.
//
// A planner that chooses between raw samples and a rollup asks this first; people get the reason as text.
//
// Threads  Pure function.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "rollup/aggregate.h"

namespace tickscope::rollup {

enum class Exactness : std::uint8_t {
  kExact,          ///< As from the samples; sums to 1e-12.
  kBounded,        ///< Off by no more than the reason says.
  kNotAnswerable,  ///< The windows do not hold what it takes.
};

/// A function over a range, evaluated at start, start + step, ...
struct RangeQuestion {
  /// Name in PromQL: "rate", "max_over_time", ...; "" for a selector without a range.
  std::string_view function;
  std::int64_t window_ms = 0;  ///< Length of the range.
  std::int64_t step_ms = 0;    ///< 0 when it is evaluated once.
  TimeMs start_ms = 0;
  std::int64_t resolution_ms = 0;
};

struct ExactnessAnswer {
  Exactness exactness = Exactness::kNotAnswerable;
  AggregateSet aggregates;  ///< It is computed from; empty when it cannot be.
  std::string_view reason;  ///< A sentence without its stop.
  bool is_aligned = false;  ///< Whether each range is one of whole windows.
};

/// A function nobody knows, or one of no range, is not answerable. What histogram_quantile, histogram_sum and the like are
/// worth is what the range function in them is worth.
[[nodiscard]] ExactnessAnswer ExactnessOf(const RangeQuestion& question);

}  // namespace tickscope::rollup
