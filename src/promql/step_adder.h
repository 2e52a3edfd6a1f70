// StepAdder: sums of counters' changes over many series, from their steps: added up row by row first, looked at through the
// query's windows once for all.
//
// The rate of a counter is what its samples of a window grew by, times a factor of their times. Series with the same times
// have the same windows and factors, so their steps may be added up before: what a series costs is an addition a sample. Series
// whose windows agree are a class; a fleet that is scraped every ten seconds has some ten of them.
//
// Rows are sums modulo 2^32: a group's are put away before what its series grew by could pass that, so that eight rows are
// added by an instruction, and a fall is put right by adding what was there before it.
//
// What is not linear is the cut at zero: a counter is not extended to before it was nothing. The windows it may happen in,
// those of young counters, are corrected one by one.
//
// Threads   One thread.
// Memory    4 bytes a row, group and class; at most kBytesMax.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/column_scan.h"
#include "promql/column_kernel.h"
#include "promql/grown_column.h"
#include "promql/step_sums.h"

namespace tickscope::promql {

class StepAdder {
 public:
  /// Whether the question and the operator are of this kind: sum or avg of rate or increase.
  [[nodiscard]] static bool Supports(const ColumnQuestion& question, AggregateOp op);

  /// Requires: Supports. `grid` is of the question and outlives the adder, as do `sums`, which get what Finish has, and
  /// corrections at once.
  StepAdder(const ColumnQuestion& question, std::size_t groups, WindowGrid& grid, StepSums& sums);

  /// Adds a series, whose steps are in order, to a group. False, with nothing added, when its windows are like no others' and
  /// there are too many of that kind already, or it grew by too much.
  [[nodiscard]] bool Add(std::size_t group, const CounterSteps& series);
  /// Whether the series that was added last has a value at any step.
  [[nodiscard]] bool is_anywhere() const { return class_->is_anywhere; }
  /// Gives all that was added to the sums.
  void Finish();

 private:
  static constexpr std::size_t kClassesMax = 48;
  static constexpr std::size_t kBytesMax = 96U << 20;  // Of rows, if all groups come in all classes.

  struct Group {
    std::uint32_t count = 0;                // Series.
    double grown = 0;                       // By how much, together, since rows were put away.
    std::unique_ptr<std::uint32_t[]> rows;  // Their steps, added up; null before the first.
    std::vector<std::uint64_t> changes;     // What was put away, by step of the query.
  };
  struct Class {
    std::vector<StepWindow> windows;
    std::vector<double> factors;  // Of their reaches.
    std::size_t row_count = 0;
    std::uint32_t window_rows_max = 0;
    bool is_anywhere = false;
    std::vector<Group> groups;
  };

  [[nodiscard]] Class* ClassOf(const CounterSteps& series);
  // Adds what windows see of the rows to the changes, and leaves the rows' running sum in them.
  static void PutAway(const Class& of, Group& group);
  void CorrectYoung(const Class& of, std::size_t group, const CounterSteps& series);
  // What a counter rises by from a row on, until it falls or its stretch ends.
  struct Run {
    std::size_t stretch = 0;
    std::size_t stretch_row = 0;  // Where that begins.
    std::size_t row = 0;
    std::size_t end_row = 0;
    double first = 0;
    double reach = 0;  // What it grows by until its stretch ends.
  };
  [[nodiscard]] static double ReachBehind(const Class& of, const CounterSteps& series, std::size_t stretch);
  void CorrectRun(const Class& of, std::size_t group, const CounterSteps& series, const Run& run);

  const ColumnQuestion& question_;
  const std::size_t group_count_;
  WindowGrid& grid_;
  StepSums& sums_;
  std::uint64_t grid_version_ = 0;           // class_ is of these windows of the grid,
  Class* class_ = nullptr;                   // and null when there are too many.
  std::span<const StepWindow> own_windows_;  // Likewise.
  double own_reach_ = 0;                     // Greatest share one of them is extended by to its start.
  std::vector<std::unique_ptr<Class>> classes_;
  std::size_t bytes_ = 0;
  GrownColumn grown_;
};

}  // namespace tickscope::promql
