// Duration expressions: the arithmetic of `[2 * step() + 1m]`, `offset -min_of(step(), 5m)` and `[1h:step() *
// 2]`.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "promql/ast.h"

namespace tickscope::promql {

/// What step() and range() stand for.
struct DurationContext {
  std::int64_t step_ms = 0;   ///< 0 for an instant query.
  std::int64_t range_ms = 0;  ///< End minus start.
};

enum class DurationRole : std::uint8_t {
  kRange,   ///< Must be positive before it is cut.
  kStep,    ///< Must be positive; 0 stays "absent" when nothing was written.
  kOffset,  ///< Any sign.
};

/// The duration in milliseconds, cut towards zero.
/// Errors: kInvalidArgument "begin:end: what", offsets in the query, for a value that is NaN, infinite, beyond
/// 292 years, divided by zero or, for ranges and steps, not positive.
[[nodiscard]] Result<std::int64_t> ResolveDuration(const Duration& duration, DurationRole role,
                                                   const DurationContext& context);

/// True when the value depends on step() or range().
[[nodiscard]] bool ReadsQueryTimes(const DurationExpr& expr);

/// Whether `seconds` is a duration at all: not NaN and within 292 years.
[[nodiscard]] bool IsDuration(double seconds);

/// Whole milliseconds, cut towards zero. Requires IsDuration.
[[nodiscard]] std::int64_t DurationMs(double seconds);

}  // namespace tickscope::promql
