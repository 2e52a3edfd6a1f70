// PartKernel: functions of a range of one series, where storage tells stretches of it by what they come to.
//
// A window of a day covers a block of two hours whole: of its thousand samples count, ends, extremes, sum and growth are known
// from its index. Only what lies at the windows' edges is read.
//
// The values are those of the evaluator's kernels to the last bit, but for sums, whose parts were rounded before, and averages:
// those agree in fifteen digits.
//
// Threads   One thread.
#pragma once

#include <span>
#include <vector>

#include "model/column_scan.h"
#include "promql/column_kernel.h"

namespace tickscope::promql {

class PartKernel {
 public:
  /// Whether the question is one that parts answer, and its windows are so few and long that whole chunks may lie in them.
  [[nodiscard]] static bool Suits(const ColumnQuestion& question);

  /// Requires: Suits.
  explicit PartKernel(const ColumnQuestion& question);

  /// Times at which windows begin or end, ascending: a sample there is the last of what is before it.
  [[nodiscard]] std::span<const TimeMs> edges() const { return edges_; }
  /// Replaces `out`. False when the parts are not in order, or do not answer the question: then samples must be read.
  [[nodiscard]] bool Evaluate(const SampleParts& parts, StepValues& out);

 private:
  enum class Form : std::uint8_t {
    kFirst,
    kLast,
    kCount,
    kPresent,
    kMin,
    kMax,
    kSum,
    kAverage,
    kResets,
    kChange,
    kCounterChange,
    kNone,
  };
  [[nodiscard]] static Form FormOf(const RangeFunction* function);
  [[nodiscard]] bool Gather(const SampleParts& parts);
  // The value of a window of parts, which is not empty; false when they do not tell. No value leaves `v` NaN.
  [[nodiscard]] bool ValueOf(std::span<const SampleSummary> parts, TimeMs end_ms, double& v) const;

  const ColumnQuestion& question_;
  const Form form_;
  std::vector<TimeMs> edges_;
  std::vector<SampleSummary> parts_;  // A sample by itself is one of its own.
};

}  // namespace tickscope::promql
