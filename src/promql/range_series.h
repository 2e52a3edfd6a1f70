// RangeSeries: the samples of one series as range functions read them, and the window that moves over them.
//
// Floats and histograms are columns of their own, staleness markers are gone. A window is a pair of index ranges
// that only move forward from step to step, so a range query reads each sample a bounded number of times.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "model/histogram.h"
#include "model/queryable.h"
#include "promql/step_matrix.h"

namespace tickscope::promql {

struct RangeSeries {
  std::vector<TimeMs> float_times;
  std::vector<double> floats;
  std::vector<TimeMs> float_starts;  ///< Start timestamps; empty when unknown or unused.
  std::vector<double> float_counts;  ///< Samples each row stands for; empty when all are one.
  std::vector<TimeMs> histogram_times;
  std::vector<HistogramPtr> histograms;
  std::vector<TimeMs> histogram_starts;
  /// Indexes of floats that are lower than the one before or begin a new count by their start timestamp: what a
  /// counter function has to correct for.
  std::vector<std::uint32_t> float_resets;

  void Clear();
  /// Takes over the columns of a stored series. Start timestamps only if `use_starts`.
  void Fill(const SampleColumns& columns, bool use_starts);
  /// Takes over a row of a subquery's result.
  void Fill(const StepMatrix& matrix, std::size_t row, const Grid& grid);
  /// Leaves of histograms what functions of counts and sums look at: those, the schema and a reset hint, which is the
  /// one their predecessor implies where there was none. What depends on buckets, a reset of a gauge or bounds that
  /// differ, is not seen any more, in the reference neither.
  void ReduceToTotals();

 private:
  void FindResets();
};

/// True when a sample started counting anew after the previous sample: a reset whatever the values say. A start at the
/// very time of the previous sample counts when that one has a start before it, as samples with delta temporality do.
[[nodiscard]] inline bool IsStartReset(TimeMs previous_ms, TimeMs previous_start_ms, TimeMs start_ms,
                                       TimeMs time_ms) {
  if (start_ms == 0 || start_ms >= time_ms) return false;
  const bool previous_known = previous_start_ms != 0 && previous_start_ms < previous_ms;
  return start_ms > previous_ms || (start_ms == previous_ms && previous_known);
}
/// The same of sample `i` > 0 of a column; false where `starts` is empty.
[[nodiscard]] inline bool IsStartReset(std::span<const TimeMs> times, std::span<const TimeMs> starts,
                                       std::size_t i) {
  return !starts.empty() && IsStartReset(times[i - 1], starts[i - 1], starts[i], times[i]);
}

struct FloatWindow {
  std::span<const TimeMs> times;
  std::span<const double> values;
  std::span<const TimeMs> starts;  ///< Empty or as long as times.
  std::span<const double> counts;  ///< Likewise.
  std::span<const std::uint32_t>
      resets;             ///< Indexes into the series; those of this window but its first sample.
  std::size_t first = 0;  ///< Index of values[0] in the series.

  [[nodiscard]] std::size_t size() const { return times.size(); }
  [[nodiscard]] bool empty() const { return times.empty(); }
};

struct HistogramWindow {
  std::span<const TimeMs> times;
  std::span<const HistogramPtr> values;
  std::span<const TimeMs> starts;

  [[nodiscard]] std::size_t size() const { return times.size(); }
  [[nodiscard]] bool empty() const { return times.empty(); }
};

/// The samples in (start_ms, end_ms].
struct RangeWindow {
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  FloatWindow floats;
  HistogramWindow histograms;

  [[nodiscard]] std::size_t size() const { return floats.size() + histograms.size(); }
  [[nodiscard]] bool empty() const { return floats.empty() && histograms.empty(); }
  [[nodiscard]] bool mixed() const { return !floats.empty() && !histograms.empty(); }
};

/// Moves a window over a series. Requires calls with start and end that never go back.
class WindowCursor {
 public:
  explicit WindowCursor(const RangeSeries& series) : series_(series) {}
  [[nodiscard]] RangeWindow MoveTo(TimeMs start_ms, TimeMs end_ms);

 private:
  struct Bounds {
    std::size_t low = 0;
    std::size_t high = 0;
    void MoveTo(const std::vector<TimeMs>& times, TimeMs start_ms, TimeMs end_ms) {
      while (low < times.size() && times[low] <= start_ms)
        ++low;
      high = std::max(high, low);
      while (high < times.size() && times[high] <= end_ms)
        ++high;
    }
    [[nodiscard]] std::size_t size() const { return high - low; }
  };

  const RangeSeries& series_;
  Bounds floats_;
  Bounds histograms_;
  std::size_t reset_low_ = 0;
  std::size_t reset_high_ = 0;
};

}  // namespace tickscope::promql
