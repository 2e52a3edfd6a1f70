// ColumnKernel: one function of a range, or the newest sample, of one series at all steps of a query, from its columns.
//
// What the evaluator's kernels (range_function.h) make of one window after the other, this makes of a column at once where it
// is worth it: changes and their number, and counts, ends, extremes, sums and averages. What overlapping windows share is
// worked out once: running counts, running sums of whole numbers, extremes of stretches of rows. Everything else goes through
// those very kernels. The values are the same to the last bit.
//
// Threads   One thread.
// Cost      column_kernel_bench.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/column_scan.h"
#include "model/queryable.h"
#include "promql/grown_column.h"
#include "promql/range_function.h"
#include "promql/range_hints.h"
#include "promql/window_grid.h"

namespace tickscope::promql {

/// What a kernel makes of one series.
struct StepValues {
  std::vector<double> values;          ///< One a step.
  std::vector<std::uint8_t> is_there;  ///< 1 where there is one.
  bool is_everywhere = false;          ///< All of is_there are 1.
  bool is_anywhere = false;            ///< Some are.
};

struct ColumnQuestion {
  const RangeFunction* function = nullptr;  ///< Null for the newest sample within the range.
  std::vector<TimeMs> ends_ms;              ///< Of the steps, offset and @ applied.
  std::int64_t range_ms = 0;
  std::vector<ReadSpan> windows;  ///< Where samples are windows' rows, for functions that look at the start.

  [[nodiscard]] bool StartsAtWindow(TimeMs start_ms) const {
    return !windows.empty() && promql::StartsAtWindow(windows, start_ms);
  }
  /// What a change is divided by: the seconds of the range for rate, else 1.
  [[nodiscard]] double per_second() const {
    const bool is_rate = function != nullptr && function->name == "rate";
    return is_rate ? static_cast<double>(range_ms) / 1000 : 1;
  }
};

/// The windows of its steps.
[[nodiscard]] WindowGrid GridOf(const ColumnQuestion& question);

/// ChangeOf where the cut at zero may count.
[[nodiscard]] double CutChangeOf(const WindowReach& reach, double first, double change, double per_second);
/// The change of a counter over a window, extended to the range's ends but not to before it was zero; per second when `per_second`
/// is that of the range. `first` is its first value there.
[[nodiscard]] inline double ChangeOf(const WindowReach& reach, double first, double change,
                                     double per_second) {
  // A counter was not below zero before its first sample; the usual one is far above. A little more is asked for than the
  // quotient would, so that what is near is divided.
  const bool is_far = reach.sampled_s * first > reach.to_start_s * change * 1.000001;
  if (change <= 0 || first < 0 || is_far) [[likely]]
    return change * reach.factor;
  return CutChangeOf(reach, first, change, per_second);
}

class ColumnKernel {
 public:
  explicit ColumnKernel(const ColumnQuestion& question);

  /// Replaces `out`. `rises` says that none of the values is NaN or a staleness marker and none is less than the one before.
  /// False when the samples are not floats only, or notes are due to the user: then the evaluator must do it.
  [[nodiscard]] bool Evaluate(SampleColumns& samples, bool rises, StepValues& out);

  /// Replaces `out` from floats without staleness markers. False when they are not of a kind that is worked out here.
  [[nodiscard]] bool Evaluate(const RangeSeries& series, StepValues& out);

  /// Whether the function is one that is worked out here.
  [[nodiscard]] static bool Has(const RangeFunction& function) { return FormOf(&function) != Form::kAny; }

  /// Whether the question can be answered from steps: it asks what counters change by, or how often.
  [[nodiscard]] bool takes_steps() const {
    return form_ == Form::kCounterChange || form_ == Form::kInstantRate || form_ == Form::kChanges ||
           form_ == Form::kResets;
  }
  /// Replaces `out` from a counter's steps, without its values. False when values have to tell, for what the steps hide.
  /// Requires: takes_steps(), steps in order.
  [[nodiscard]] bool Evaluate(const CounterSteps& counter, StepValues& out);
  [[nodiscard]] WindowGrid& grid() { return grid_; }

 private:
  enum class Form : std::uint8_t {
    kNewest,
    kFirst,
    kLast,
    kCount,
    kPresent,
    kCounterChange,  // rate, increase
    kChange,         // delta
    kInstantRate,
    kInstantChange,  // idelta
    kChanges,
    kResets,
    kMin,
    kMax,
    kSum,
    kAverage,
    kAny,
  };
  [[nodiscard]] static Form FormOf(const RangeFunction* function);

  // A column of floats: of strictly ascending times, no staleness markers among the values.
  struct Floats {
    std::span<const TimeMs> times_ms;
    std::span<const double> values;
    bool rises = false;
  };
  void Begin(StepValues& out) const;
  void Newest(const SampleColumns& samples, StepValues& out);
  // Requires: no NaN, and a form that is neither kNewest nor kAny. False when it is left to the evaluator's kernels.
  [[nodiscard]] bool Columns(const Floats& floats, StepValues& out);
  void CounterChange(const Floats& floats, StepValues& out);
  // What running counts of something differ by between the first and the last row of each window.
  void CountBetween(std::span<const StepWindow> windows, StepValues& out) const;
  void Extremes(const Floats& floats, StepValues& out);
  void Sums(const Floats& floats, StepValues& out);
  [[nodiscard]] bool Any(const SampleColumns& samples, StepValues& out);

  [[nodiscard]] bool CounterChange(const CounterSteps& counter, StepValues& out);
  void InstantRate(const CounterSteps& counter, StepValues& out);
  void CountOf(const CounterSteps& counter, StepValues& out);

  const ColumnQuestion& question_;
  Form form_ = Form::kAny;
  WindowGrid grid_;
  RangeSeries series_;
  std::vector<std::uint32_t> resets_;
  std::vector<std::uint32_t> counts_;  // Up to each row.
  std::vector<std::int64_t> sums_;     // Before each row, and of all.
  // Extremes of eight rows each, and of eight of those.
  std::vector<double> blocks_;
  std::vector<double> blocks_of_blocks_;
  GrownColumn grown_;
};

}  // namespace tickscope::promql
