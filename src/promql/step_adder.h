// StepAdder: sums of counters' changes over many series, from their steps: added up row by row first, looked at through the
// query's windows once for all.
//
// The rate of a counter is what its samples of a window grew by, times a factor of their times. Series with the same times
// have the same windows and factors, so their steps may be added up before: what a series costs is an addition a sample. Series
// whose windows agree are a class; a fleet that is scraped every ten seconds has some ten of them.
//
// What is not linear is the cut at zero: a counter is not extended to before it was nothing. The windows it may happen in,
// those of young counters, are corrected one by one.
//
// Threads   One thread.
// Memory    8 bytes a row, group and class; at most kBytesMax.
#pragma once

#include <cstdint>
#include <vector>

#include "model/column_scan.h"
#include "promql/column_kernel.h"
#include "promql/step_sums.h"

namespace tickscope::promql {

class StepAdder {
 public:
  /// Whether the question and the operator are of this kind: sum or avg of rate or increase.
  [[nodiscard]] static bool Supports(const ColumnQuestion& question, AggregateOp op);

  /// Requires: Supports. `sums` gets what Finish has, and corrections at once.
  StepAdder(const ColumnQuestion& question, std::size_t groups, StepSums& sums);

  /// Adds a series to a group. False, with nothing added, when there are too many classes already.
  [[nodiscard]] bool Add(std::size_t group, const CounterSteps& series);
  /// Whether the series that was added last has a value at any step.
  [[nodiscard]] bool is_anywhere() const { return class_->is_anywhere; }
  /// Whether trying another series is worth it.
  [[nodiscard]] bool is_worth_it() const { return misses_ < kMissesMax; }
  /// Gives all that was added to the sums.
  void Finish();

 private:
  static constexpr std::size_t kClassesMax = 48;
  static constexpr std::size_t kMissesMax = 64;
  static constexpr std::size_t kBytesMax = 96U << 20;  // Of rows, if all groups come in all classes.

  struct Group {
    std::uint32_t count = 0;          // Series.
    std::vector<std::uint64_t> rows;  // Their steps, added up; empty before the first.
  };
  struct Class {
    std::vector<StepWindow> windows;
    std::size_t row_count = 0;
    std::uint32_t window_rows_max = 0;
    bool is_anywhere = false;
    std::vector<Group> groups;
  };

  [[nodiscard]] Class* ClassOf(const std::vector<TimeMs>& times_ms);
  void CorrectYoung(const Class& of, std::size_t group, const CounterSteps& series);
  void CorrectRows(const Class& of, std::size_t group, const CounterSteps& series, std::size_t anchor);

  const ColumnQuestion& question_;
  const std::size_t group_count_;
  StepSums& sums_;
  WindowGrid grid_;
  Class* class_ = nullptr;                   // Of the times that the grid is over.
  std::span<const StepWindow> own_windows_;  // Likewise.
  double own_reach_ = 0;                     // Greatest share one of them is extended by to its start.
  std::vector<std::unique_ptr<Class>> classes_;
  std::size_t misses_ = 0;
  std::size_t bytes_ = 0;
  std::vector<double> values_;
};

}  // namespace tickscope::promql
