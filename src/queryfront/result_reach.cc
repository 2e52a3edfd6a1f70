#include "queryfront/result_reach.h"

#include <limits>
#include <memory>
#include <utility>

namespace tickscope::queryfront {

TimeMs Minus(TimeMs time_ms, std::int64_t ms) {
  return time_ms < std::numeric_limits<TimeMs>::min() + ms ? std::numeric_limits<TimeMs>::min()
                                                           : time_ms - ms;
}
TimeMs Plus(TimeMs time_ms, std::int64_t ms) {
  return time_ms > std::numeric_limits<TimeMs>::max() - ms ? std::numeric_limits<TimeMs>::max()
                                                           : time_ms + ms;
}

std::uint64_t CutOutOfAll(std::vector<ExtentPtr>& extents, const TimeSpan& cut) {
  const auto steps = [](const std::vector<ExtentPtr>& list) {
    std::uint64_t sum = 0;
    for (const ExtentPtr& extent : list)
      sum += extent->count;
    return sum;
  };
  const std::uint64_t before = steps(extents);
  std::vector<ExtentPtr> left;
  for (const ExtentPtr& extent : extents) {
    for (ExtentPtr& part : CutOut(extent, cut))
      left.push_back(std::move(part));
  }
  extents = std::move(left);
  return before - steps(extents);
}

TimeSpan ReachedBy(const MutationLog::Change& change, const Reach& reach) {
  const bool meets_fixed =
      reach.fixed && change.min_ms <= reach.fixed->max_ms && change.max_ms >= reach.fixed->min_ms;
  if (meets_fixed) return {std::numeric_limits<TimeMs>::min(), std::numeric_limits<TimeMs>::max()};
  return {Minus(change.min_ms, reach.ahead_ms), Plus(change.max_ms, reach.back_ms)};
}

ExtentPtr WithNumber(const ExtentPtr& extent, std::uint64_t number) {
  if (extent->number == number) return extent;
  auto copy = std::make_shared<Extent>(*extent);
  copy->number = number;
  return copy;
}

}  // namespace tickscope::queryfront
