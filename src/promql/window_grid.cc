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

// What the rest of a window follows from.
struct WindowShape {
  std::size_t rows = 0;
  std::int64_t to_start_ms = 0;
  std::int64_t sampled_ms = 0;
  std::int64_t to_end_ms = 0;
  friend bool operator==(const WindowShape&, const WindowShape&) = default;
};

}  // namespace

bool WindowGrid::IsOver(std::span<const TimeMs> times_ms) const {
  return times_ms.size() == times_ms_.size() && !windows_.empty() &&
         std::memcmp(times_ms.data(), times_ms_.data(), times_ms.size_bytes()) == 0;
}

std::span<const StepWindow> WindowGrid::Over(std::span<const TimeMs> times_ms) {
  places_.clear();
  if (IsOver(times_ms)) return windows_;
  times_ms_.assign(times_ms.begin(), times_ms.end());
  Work();
  return windows_;
}

std::span<const StepWindow> WindowGrid::Over(std::span<const StepStretch> stretches) {
  asked_.clear();
  for (const StepStretch& stretch : stretches)
    asked_.push_back({stretch.times_ms.data(), stretch.times_ms.size(), stretch.times_version});
  if (!places_.empty() && asked_ == places_) return windows_;
  places_ = asked_;
  joined_.clear();
  for (const StepStretch& stretch : stretches)
    joined_.insert(joined_.end(), stretch.times_ms.begin(), stretch.times_ms.end());
  if (IsOver(joined_)) return windows_;
  times_ms_.swap(joined_);
  Work();
  return windows_;
}

void WindowGrid::Work() {
  ++version_;
  widest_ = 0;
  windows_.assign(ends_ms_.size(), {});
  std::size_t first = 0;
  std::size_t end = 0;
  const StepWindow* last = nullptr;
  WindowShape last_shape;
  for (std::size_t step = 0; step < ends_ms_.size(); ++step) {
    const TimeMs start_ms = ends_ms_[step] - range_ms_;
    const TimeMs before_ms = !from_start_.empty() && from_start_[step] != 0 ? start_ms - 1 : start_ms;
    while (first < times_ms_.size() && times_ms_[first] <= before_ms)
      ++first;
    end = std::max(first, end);
    while (end < times_ms_.size() && times_ms_[end] <= ends_ms_[step])
      ++end;
    StepWindow& window = windows_[step];
    window.first = static_cast<std::uint32_t>(first);
    window.end = static_cast<std::uint32_t>(end);
    widest_ = std::max(widest_, window.end - window.first);
    if (end - first < 2) continue;
    // Of regular times one window is like the next.
    const WindowShape shape{end - first, times_ms_[first] - start_ms, times_ms_[end - 1] - times_ms_[first],
                            ends_ms_[step] - times_ms_[end - 1]};
    if (last != nullptr && shape == last_shape) {
      window.sampled_s = last->sampled_s;
      window.to_start_s = last->to_start_s;
      window.to_end_s = last->to_end_s;
      window.factor = last->factor;
    } else {
      Extend(times_ms_, start_ms, ends_ms_[step], per_second_, window);
    }
    last = &window;
    last_shape = shape;
  }
}

}  // namespace tickscope::promql
