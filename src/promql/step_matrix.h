// StepMatrix: the value of an instant-vector expression at every step of an evaluation, a row per series.
//
// Label sets are worked out once per row, not once per step; values lie step after step, so that the loops over
// them run through memory in order. A row says for each step whether it holds nothing, a float or a histogram.
//
// Invariants (after Seal)  M1 every row has a cell at some step.
//                          M2 what the cells hold is charged to the query's budget.
// Memory     9 bytes a cell, and 16 more in rows that hold histograms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "promql/sample_budget.h"

namespace tickscope::promql {

struct QueryRun;

/// The times an expression is evaluated at: start, start + step, ...
struct Grid {
  TimeMs start_ms = 0;
  std::int64_t step_ms = 1;
  std::size_t count = 1;

  [[nodiscard]] TimeMs At(std::size_t i) const { return start_ms + static_cast<std::int64_t>(i) * step_ms; }
  [[nodiscard]] TimeMs last() const { return At(count - 1); }
};

enum class Cell : std::uint8_t { kNone, kFloat, kHistogram };

struct SeriesHead {
  Labels labels;
  bool drop_name =
      false;  ///< The metric name still stands among the labels, but goes at the end of evaluation.
};

class StepMatrix {
 public:
  StepMatrix(std::size_t steps, SampleBudget& budget) : steps_(steps), charge_(budget) {}

  [[nodiscard]] std::size_t rows() const { return heads_.size(); }
  [[nodiscard]] std::size_t steps() const { return steps_; }
  [[nodiscard]] SampleBudget& budget() const { return charge_.budget(); }

  [[nodiscard]] const SeriesHead& head(std::size_t row) const { return heads_[row]; }
  [[nodiscard]] SeriesHead& head(std::size_t row) { return heads_[row]; }
  [[nodiscard]] Cell cell(std::size_t row, std::size_t step) const { return cells_[row * steps_ + step]; }
  [[nodiscard]] double value(std::size_t row, std::size_t step) const { return values_[row * steps_ + step]; }
  /// Requires a histogram there.
  [[nodiscard]] const HistogramPtr& histogram(std::size_t row, std::size_t step) const {
    return histograms_[row][step];
  }
  [[nodiscard]] std::span<const Cell> cells(std::size_t row) const { return {&cells_[row * steps_], steps_}; }
  [[nodiscard]] std::span<const double> values(std::size_t row) const {
    return {&values_[row * steps_], steps_};
  }
  [[nodiscard]] bool has_histograms(std::size_t row) const { return !histograms_[row].empty(); }
  [[nodiscard]] bool has_histograms() const;

  /// Appends an empty row and returns its index. Views of rows do not survive it.
  std::size_t AddRow(SeriesHead head);
  void SetFloat(std::size_t row, std::size_t step, double v) {
    cells_[row * steps_ + step] = Cell::kFloat;
    values_[row * steps_ + step] = v;
  }
  void SetHistogram(std::size_t row, std::size_t step, HistogramPtr h);
  void Erase(std::size_t row, std::size_t step);
  /// Copies one cell of another matrix.
  void Copy(std::size_t row, std::size_t step, const StepMatrix& from, std::size_t from_row,
            std::size_t from_step);

  /// A matrix of the same cells, charged as well. Errors: kResourceExhausted past the budget.
  [[nodiscard]] Result<StepMatrix> Copy() const;
  /// Whether Copy would take little of what the budget has left.
  [[nodiscard]] bool HasRoomForCopy() const {
    return budget().HasAmpleRoom(charge_.samples(), charge_.bytes());
  }

  /// Ends the last row: drops it when empty, else charges it. For matrices written row by row.
  [[nodiscard]] Status CloseRow();
  /// Ends a matrix written in any order: drops empty rows and charges the others.
  [[nodiscard]] Status Seal();
  /// Drops rows that have lost all their cells.
  void DropEmptyRows();
  /// Puts rows in the order of `order`, which lists row indexes; rows not listed go.
  void Reorder(std::span<const std::size_t> order);
  /// Leaves the rows listed, which are in ascending order.
  void KeepRows(std::span<const std::size_t> rows);
  /// Makes room for so many rows in all: written row by row, a large matrix would be moved over and over.
  void Reserve(std::size_t rows);

 private:
  [[nodiscard]] std::uint64_t SampleCount(std::size_t row) const;
  [[nodiscard]] std::uint64_t RowBytes(std::size_t row) const;

  std::size_t steps_;
  SampleCharge charge_;
  std::vector<SeriesHead> heads_;
  std::vector<Cell> cells_;
  std::vector<double> values_;
  std::vector<std::vector<HistogramPtr>> histograms_;  // A row's is empty until it holds one.
};

/// Finds the row of a label set in a matrix being written, or makes it.
class RowIndex {
 public:
  explicit RowIndex(StepMatrix& matrix) : matrix_(matrix) {}
  std::size_t RowFor(const Labels& labels, bool drop_name);

 private:
  StepMatrix& matrix_;
  std::unordered_map<Labels, std::size_t> rows_;
};

/// True for the labels that name and describe a metric and go together: __name__, __type__ and __unit__.
[[nodiscard]] bool IsMetricIdentityLabel(std::string_view name);
[[nodiscard]] Labels WithoutMetricIdentity(const Labels& labels);

/// Gives every row the labels of its head without the metric name where `drop_name` says so, and merges rows that
/// become equal. Errors: kFailedPrecondition when two of them hold a sample at the same time; the run's.
[[nodiscard]] Result<StepMatrix> RemoveMarkedNames(const QueryRun& run, StepMatrix matrix);

/// Merges rows of equal labels, as after relabelling. Errors: as RemoveMarkedNames.
[[nodiscard]] Result<StepMatrix> MergeEqualRows(const QueryRun& run, StepMatrix matrix);

/// The error of two samples with the same labels at one time.
[[nodiscard]] std::unexpected<Error> DuplicateLabelSetError();

/// The same value at each of `steps` steps, from a matrix of one step.
[[nodiscard]] Result<StepMatrix> Broadcast(const QueryRun& run, const StepMatrix& matrix, std::size_t steps);

}  // namespace tickscope::promql
