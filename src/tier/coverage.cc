#include "tier/coverage.h"

#include <algorithm>

namespace tickscope::tier {

std::vector<Interval> Union(std::vector<Interval> intervals) {
  std::ranges::sort(intervals, {}, &Interval::from_ms);
  std::vector<Interval> result;
  for (const Interval& interval : intervals) {
    if (interval.from_ms >= interval.until_ms) continue;
    if (!result.empty() && interval.from_ms <= result.back().until_ms) {
      result.back().until_ms = std::max(result.back().until_ms, interval.until_ms);
    } else {
      result.push_back(interval);
    }
  }
  return result;
}

std::vector<Interval> Gaps(Interval range, std::span<const Interval> covered) {
  std::vector<Interval> gaps;
  TimeMs at = range.from_ms;
  for (const Interval& interval : covered) {
    if (interval.until_ms <= at) continue;
    if (interval.from_ms >= range.until_ms) break;
    if (interval.from_ms > at) gaps.push_back({at, interval.from_ms});
    at = interval.until_ms;
  }
  if (at < range.until_ms) gaps.push_back({at, range.until_ms});
  return gaps;
}

}  // namespace tickscope::tier
