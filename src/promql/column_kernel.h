// ColumnKernel: one function of a range, or the newest sample, of one series at all steps of a query, from its columns.
//
// What the evaluator's kernels (range_function.h) make of one window after the other, this makes of a column at once where it
// is worth it: the change of counters that rise, and the newest sample. Everything else goes through those very kernels.
// The values are the same to the last bit.
//
// Threads   One thread.
// Cost      column_kernel_bench.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/queryable.h"
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

/// The change of a counter over a window, extended to the range's ends but not to before it was zero; per second when `per_second`
/// is that of the range. `first` is its first value there.
[[nodiscard]] double ChangeOf(const StepWindow& window, double first, double change, double per_second);

class ColumnKernel {
 public:
  explicit ColumnKernel(const ColumnQuestion& question);

  /// Replaces `out`. `rises` says that none of the values is NaN or a staleness marker and none is less than the one before.
  /// False when the samples are not floats only, or notes are due to the user: then the evaluator must do it.
  [[nodiscard]] bool Evaluate(SampleColumns& samples, bool rises, StepValues& out);

 private:
  enum class Form : std::uint8_t { kNewest, kLast, kCount, kCounterChange, kChange, kAny };

  void Newest(const SampleColumns& samples, StepValues& out);
  void LastOrCount(const SampleColumns& samples, StepValues& out);
  void CounterChange(const SampleColumns& samples, bool rises, StepValues& out);
  void Change(const SampleColumns& samples, StepValues& out);
  [[nodiscard]] bool Any(const SampleColumns& samples, StepValues& out);

  const ColumnQuestion& question_;
  Form form_ = Form::kAny;
  WindowGrid grid_;
  RangeSeries series_;
  std::vector<std::uint32_t> resets_;
};

}  // namespace tickscope::promql
