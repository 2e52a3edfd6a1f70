// WindowGrid: which samples of a column each step of a query looks at, worked out once for all series that share their times.
//
// The 300 series of a game server have the same times, and so have all windows of a rollup: what depends on times alone, where
// a step's window begins and ends and how far its samples reach, is the greater part of what a rate costs.
//
// Threads   One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "model/column_scan.h"
#include "promql/step_matrix.h"

namespace tickscope::promql {

/// The window of a step.
struct StepWindow {
  std::uint32_t first = 0;  ///< Rows [first, end).
  std::uint32_t end = 0;
  std::uint32_t reach = 0;  ///< Of windows of two rows or more: which of the grid's reaches is its.
  friend bool operator==(const StepWindow&, const StepWindow&) = default;

  [[nodiscard]] std::uint32_t rows() const { return end - first; }
};

/// How far the samples of a window reach, and by how much to multiply what they changed by. Windows of regular times have the
/// same.
struct WindowReach {
  double sampled_s = 0;   ///< From the first sample to the last.
  double to_start_s = 0;  ///< How far that is extended to the start, unless it is cut at zero,
  double to_end_s = 0;    ///< and to the end.
  double factor = 0;      ///< All three / sampled, divided by the seconds of the range for a rate.
};

/// What a window's reach follows from.
struct WindowShape {
  std::int64_t rows = 0;  ///< At least 2.
  std::int64_t to_start_ms = 0;
  std::int64_t sampled_ms = 0;
  std::int64_t to_end_ms = 0;
  friend bool operator==(const WindowShape&, const WindowShape&) = default;
};
/// `per_second` is what a change is divided by.
[[nodiscard]] WindowReach ReachOf(const WindowShape& shape, double per_second);

class WindowGrid {
 public:
  /// Windows (t - range, t] at the times t of the grid, moved by `shift` first. `per_second` is 1 for an increase. Where
  /// `from_start`, empty or one a time, is set, [t - range, t].
  WindowGrid(std::vector<TimeMs> ends_ms, std::int64_t range_ms, double per_second,
             std::vector<std::uint8_t> from_start = {})
      : ends_ms_(std::move(ends_ms)),
        range_ms_(range_ms),
        per_second_(per_second),
        from_start_(std::move(from_start)) {}

  /// The windows over these times, one a step. They live until the next call.
  [[nodiscard]] std::span<const StepWindow> Over(std::span<const TimeMs> times_ms);

  /// The same over the times of a counter's stretches, which are in order; at once when they are those of last time.
  [[nodiscard]] std::span<const StepWindow> Over(std::span<const StepStretch> stretches);
  /// Whether all windows that Over gave last and that hold the row, or what is just before it, begin and end at rows.
  [[nodiscard]] bool IsSnug(std::uint32_t row);
  /// What the windows that Over gave last refer to; in the order of their first window, without those before it again.
  [[nodiscard]] std::span<const WindowReach> reaches() const { return reaches_; }
  /// Changes when Over gives other windows than it gave before.
  [[nodiscard]] std::uint64_t version() const { return version_; }

  /// Rows of the longest of the windows that Over gave last.
  [[nodiscard]] std::uint32_t widest() const { return widest_; }
  [[nodiscard]] std::span<const TimeMs> ends_ms() const { return ends_ms_; }
  [[nodiscard]] std::int64_t range_ms() const { return range_ms_; }
  [[nodiscard]] double per_second() const { return per_second_; }

 private:
  const std::vector<TimeMs> ends_ms_;
  const std::int64_t range_ms_;
  const double per_second_;
  const std::vector<std::uint8_t> from_start_;
  // Whose times these are, while they are.
  struct Place {
    const TimeMs* at = nullptr;
    std::size_t count = 0;
    std::uint64_t version = 0;
    friend bool operator==(const Place&, const Place&) = default;
  };

  [[nodiscard]] bool IsOver(std::span<const TimeMs> times_ms) const;
  void Work();

  std::vector<TimeMs> times_ms_;  // windows_ are of these.
  std::vector<StepWindow> windows_;
  std::vector<WindowReach> reaches_;
  std::vector<std::uint8_t> is_snug_;  // By row; of snug_version_.
  std::uint64_t snug_version_ = 0;
  std::uint64_t version_ = 0;
  std::uint32_t widest_ = 0;
  std::vector<Place> places_;  // Where times_ms_ were last; empty when they may be elsewhere now.
  std::vector<Place> asked_;
  std::vector<TimeMs> joined_;
};

}  // namespace tickscope::promql
