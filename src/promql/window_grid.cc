#include "promql/window_grid.h"

#include <algorithm>
#include <cstring>

namespace tickscope::promql {
namespace {

double Seconds(std::int64_t ms) {
  return static_cast<double>(ms) / 1000;
}

// Finds the first time after ever later bounds. Of regular times it lies as far on as the last one did: that is looked at first.
class Bound {
 public:
  explicit Bound(std::span<const TimeMs> times_ms) : times_ms_(times_ms) {}
  [[nodiscard]] std::size_t After(TimeMs bound_ms) {
    const std::size_t guess = std::min(at_ + stride_, times_ms_.size());
    const bool is_right = (guess == times_ms_.size() || times_ms_[guess] > bound_ms) &&
                          (guess == at_ || times_ms_[guess - 1] <= bound_ms);
    if (is_right) {
      at_ = guess;
      return at_;
    }
    const std::size_t from = at_;
    while (at_ < times_ms_.size() && times_ms_[at_] <= bound_ms)
      ++at_;
    stride_ = at_ - from;
    return at_;
  }

 private:
  const std::span<const TimeMs> times_ms_;
  std::size_t at_ = 0;
  std::size_t stride_ = 0;
};

}  // namespace

// As ExtrapolationFactor of functions_rate.cc has it, in the same order of operations, but for the cut at zero.
WindowReach ReachOf(const WindowShape& shape, double per_second) {
  WindowReach reach;
  reach.sampled_s = Seconds(shape.sampled_ms);
  const double average = reach.sampled_s / static_cast<double>(shape.rows - 1);
  const double threshold = average * 1.1;
  reach.to_start_s = Seconds(shape.to_start_ms);
  reach.to_end_s = Seconds(shape.to_end_ms);
  if (reach.to_start_s >= threshold) reach.to_start_s = average / 2;
  if (reach.to_end_s >= threshold) reach.to_end_s = average / 2;
  reach.factor = (reach.sampled_s + reach.to_start_s + reach.to_end_s) / reach.sampled_s / per_second;
  return reach;
}

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

bool WindowGrid::IsSnug(std::uint32_t row) {
  if (snug_version_ != version_) {
    snug_version_ = version_;
    is_snug_.assign(times_ms_.size(), 1);
    std::size_t marked = 0;
    for (std::size_t step = 0; step < ends_ms_.size(); ++step) {
      const StepWindow& window = windows_[step];
      const bool is_snug = window.rows() > 1 && times_ms_[window.first] == ends_ms_[step] - range_ms_ &&
                           times_ms_[window.end - 1] == ends_ms_[step];
      if (is_snug) continue;
      // What is before the row behind it may lie in the window.
      const std::size_t end = std::min<std::size_t>(window.end + std::size_t{1}, times_ms_.size());
      for (marked = std::max<std::size_t>(marked, window.first); marked < end; ++marked)
        is_snug_[marked] = 0;
    }
  }
  return is_snug_[row] != 0;
}

void WindowGrid::Work() {
  ++version_;
  widest_ = 0;
  windows_.resize(ends_ms_.size());
  reaches_.clear();
  Bound start(times_ms_);
  Bound stop(times_ms_);
  WindowShape last;
  for (std::size_t step = 0; step < ends_ms_.size(); ++step) {
    const TimeMs end_ms = ends_ms_[step];
    const TimeMs start_ms = end_ms - range_ms_;
    const bool is_closed = !from_start_.empty() && from_start_[step] != 0;
    const std::size_t first = start.After(is_closed ? start_ms - 1 : start_ms);
    const std::size_t end = stop.After(end_ms);
    StepWindow& window = windows_[step];
    window = {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(end), 0};
    widest_ = std::max(widest_, window.rows());
    if (window.rows() < 2) continue;
    const WindowShape shape{window.rows(), times_ms_[first] - start_ms, times_ms_[end - 1] - times_ms_[first],
                            end_ms - times_ms_[end - 1]};
    if (shape != last) {
      reaches_.push_back(ReachOf(shape, per_second_));
      last = shape;
    }
    window.reach = static_cast<std::uint32_t>(reaches_.size() - 1);
  }
}

}  // namespace tickscope::promql
