// Coverage: which tier answers for which part of a time range.
//
// Raw samples where there are any; where they were let go, windows of a minute, then of five. A stretch of a range that no
// block covers is nobody's. What the store on this machine holds is raw too.
#pragma once

#include <span>
#include <vector>

#include "base/clock.h"

namespace tickscope::tier {

/// Times [from, until).
struct Interval {
  TimeMs from_ms = 0;
  TimeMs until_ms = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// The union, ascending and disjoint.
[[nodiscard]] std::vector<Interval> Union(std::vector<Interval> intervals);
/// What of `range` is in none of `covered`, which is a Union.
[[nodiscard]] std::vector<Interval> Gaps(Interval range, std::span<const Interval> covered);

}  // namespace tickscope::tier
