// RollupRows: one series' windows, made from its samples or from finer windows.
//
// Window k of resolution R is (k * R, (k + 1) * R], stamped with its end; it has a row when it has a sample.
//
// What a row holds
//   samples    Staleness markers are none: they count nowhere. NaN is a sample.
//   count      All samples.
//   sum        Of floats, compensated (Neumaier); of histograms, merged as model/histogram_arithmetic.h adds them up.
//   min, max   Of floats. NaN is passed over unless all are; of equal values (0 and -0) the later one, as in PromQL.
//   first, last  Samples as they came, floats or histograms; a histogram's reset hint goes, unless it says gauge.
//   increase   What the counter grew by: the step from the sample before to each sample of the window, also from a sample
//              before the window, so that increases of consecutive windows add up to that of the series. A fall is a
//              reset: the new value counts whole. Samples more than kStepGapMax apart are not a step: the later one
//              begins anew, with 0. NaN is passed over. Of histograms: likewise, a reset as IsCounterReset says.
//              Start timestamps are not looked at: a restart that has overtaken the old value counts as a step.
//
// Invariants
//   R1  ends_ms ascends strictly and holds multiples of the resolution.
//   R2  A row is a function of the samples of its window and of those up to kStepGapMax before it; blocks may be cut
//       at any multiple of the resolution.
//   R3  Rows of R made from rows of r, where r divides R, are those made from the samples: rows of a multiple of a minute are
//       made by way of the minute's.
//   R4  Sums and increases of integers are exact below 2^53. When all that is added up are decimals of up to six places, the
//       result is the decimal's nearest double, so that it packs as they do.
//   R5  A window whose samples are not all floats, all exponential or all custom histograms has no sum and no increase:
//       kNoValue; one without floats has no min and no max.
//
// Threads   A WindowKernel belongs to one thread.
// Memory    Some 60 bytes a window.
// Cost      rollup_bench.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "model/queryable.h"
#include "model/sample.h"
#include "rollup/aggregate.h"

namespace tickscope::rollup {

/// Samples further apart than this are no step of a counter.
inline constexpr std::int64_t kStepGapMax = 2 * 3'600'000;

/// Longest window.
inline constexpr std::int64_t kResolutionMax = 3'600'000;

/// Stands for "this window has none". Bits of a staleness marker, which no aggregate is.
[[nodiscard]] inline double NoValue() {
  return StaleNan();
}
[[nodiscard]] inline bool IsNoValue(double v) {
  return IsStaleNan(v);
}

struct RollupRows {
  struct Column {
    std::vector<double> values;            ///< One a window; 0 where it is a histogram.
    std::vector<HistogramPtr> histograms;  ///< Empty when none is one, else one a window, null for floats.

    [[nodiscard]] const HistogramPtr& HistogramAt(std::size_t row) const {
      static const HistogramPtr none;
      return histograms.empty() ? none : histograms[row];
    }
  };

  std::vector<TimeMs> ends_ms;
  std::array<Column, kAggregates.size()> columns;  ///< Of aggregates that were not asked for: empty.
  /// The last sample before the range, when it is a float and less than kStepGapMax old; else NoValue().
  double last_before = NoValue();
  TimeMs last_before_ms = 0;  ///< Its time, or the end of the window it is known from.

  [[nodiscard]] std::size_t size() const { return ends_ms.size(); }
  /// The last float of the window before a row, of rows of that resolution; NoValue() when that window has none.
  [[nodiscard]] double LastBefore(std::size_t row, std::int64_t resolution_ms) const;
  [[nodiscard]] Column& operator[](Aggregate aggregate) { return columns[ToIndex(aggregate)]; }
  [[nodiscard]] const Column& operator[](Aggregate aggregate) const { return columns[ToIndex(aggregate)]; }
  [[nodiscard]] bool holds_histograms() const {
    return std::ranges::any_of(columns, [](const Column& column) { return !column.histograms.empty(); });
  }
  void Clear();
};

/// End of the window a time lies in.
[[nodiscard]] TimeMs WindowEnd(TimeMs time_ms, std::int64_t resolution_ms);

/// What a counter grew by from one window's last value to the next one's: what an increase is that no reset within its window
/// changes. NoValue() when either is.
[[nodiscard]] double StepOf(double last_before, double last);

class WindowKernel {
 public:
  /// Requires: 0 < resolution_ms <= kResolutionMax.
  explicit WindowKernel(std::int64_t resolution_ms) : resolution_ms_(resolution_ms) {}

  /// Replaces `rows` by the windows of the samples after `start_ms`, a multiple of the resolution. Samples up to it are
  /// steps' beginnings only. Columns of what is not in `wanted` stay empty, unless samples are histograms. Takes what it
  /// likes from `samples`, which may be changed.
  void Aggregate(SampleColumns& samples, TimeMs start_ms, AggregateSet wanted, RollupRows& rows);

 private:
  struct Window {
    TimeMs end_ms = 0;
    std::size_t first = 0;  // Samples [first, end).
    std::size_t end = 0;
  };

  void FindWindows(std::span<const TimeMs> times_ms, TimeMs start_ms);
  void AddFloats(const SampleColumns& samples, AggregateSet wanted, RollupRows& rows) const;

  const std::int64_t resolution_ms_;
  std::vector<TimeMs> times_ms_;  // windows_ are of these.
  TimeMs start_ms_ = 0;
  std::vector<Window> windows_;
};

/// Replaces `coarse` by the windows of `resolution_ms`, a multiple of the resolution of `fine`, with the columns that
/// `fine` has.
void FoldRows(const RollupRows& fine, std::int64_t resolution_ms, RollupRows& coarse);

}  // namespace tickscope::rollup
