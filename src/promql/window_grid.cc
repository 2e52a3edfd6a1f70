#include "promql/window_grid.h"

#include <algorithm>
#include <cstring>

namespace tickscope::promql {
namespace {

double Seconds(std::int64_t ms) {
  return static_cast<double>(ms) / 1000;
}

// As ExtrapolationFactor of functions_rate.cc has it, in the same order of operations, but for the cut at zero.
void Extend(std::span<const TimeMs> times_ms, TimeMs start_ms, TimeMs end_ms, double per_second,
            StepWindow& window) {
  const TimeMs first_ms = times_ms[window.first];
  const TimeMs last_ms = times_ms[window.end - 1];
  window.sampled_s = Seconds(last_ms - first_ms);
  const double average = Seconds(last_ms - first_ms) / static_cast<double>(window.end - window.first - 1);
  const double threshold = average * 1.1;
  window.to_start_s = Seconds(first_ms - start_ms);
  window.to_end_s = Seconds(end_ms - last_ms);
  if (window.to_start_s >= threshold) window.to_start_s = average / 2;
  if (window.to_end_s >= threshold) window.to_end_s = average / 2;
  window.factor = (window.sampled_s + window.to_start_s + window.to_end_s) / window.sampled_s / per_second;
}

}  // namespace

bool WindowGrid::IsOver(std::span<const TimeMs> times_ms) const {
  return times_ms.size() == times_ms_.size() && !windows_.empty() &&
         std::memcmp(times_ms.data(), times_ms_.data(), times_ms.size_bytes()) == 0;
}

std::span<const StepWindow> WindowGrid::Over(std::span<const TimeMs> times_ms) {
  if (IsOver(times_ms)) return windows_;
  times_ms_.assign(times_ms.begin(), times_ms.end());
  windows_.assign(ends_ms_.size(), {});
  std::size_t first = 0;
  std::size_t end = 0;
  for (std::size_t step = 0; step < ends_ms_.size(); ++step) {
    const TimeMs start_ms = ends_ms_[step] - range_ms_;
    const TimeMs before_ms = !from_start_.empty() && from_start_[step] != 0 ? start_ms - 1 : start_ms;
    while (first < times_ms.size() && times_ms[first] <= before_ms)
      ++first;
    end = std::max(first, end);
    while (end < times_ms.size() && times_ms[end] <= ends_ms_[step])
      ++end;
    StepWindow& window = windows_[step];
    window.first = static_cast<std::uint32_t>(first);
    window.end = static_cast<std::uint32_t>(end);
    if (end - first >= 2) Extend(times_ms, start_ms, ends_ms_[step], per_second_, window);
  }
  return windows_;
}

}  // namespace tickscope::promql
