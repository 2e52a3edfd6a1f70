// Reach: which of the past a step of a result depends on, and so which steps a change of the past takes along.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/mutation_log.h"
#include "queryfront/query_shape.h"
#include "queryfront/result_extent.h"

namespace tickscope::queryfront {

/// A step at t depends on samples in [t - back_ms, t + ahead_ms], and on those of `fixed` if there is such.
struct Reach {
  std::int64_t back_ms = 0;
  std::int64_t ahead_ms = 0;
  std::optional<TimeSpan> fixed;
};

/// Times that stay within what can be said.
[[nodiscard]] TimeMs Minus(TimeMs time_ms, std::int64_t ms);
[[nodiscard]] TimeMs Plus(TimeMs time_ms, std::int64_t ms);

/// The steps that may differ after the change.
[[nodiscard]] TimeSpan ReachedBy(const MutationLog::Change& change, const Reach& reach);
/// Cuts steps in `cut` out of all extents; returns how many went.
std::uint64_t CutOutOfAll(std::vector<ExtentPtr>& extents, const TimeSpan& cut);
/// The same steps with another number.
[[nodiscard]] ExtentPtr WithNumber(const ExtentPtr& extent, std::uint64_t number);

}  // namespace tickscope::queryfront
