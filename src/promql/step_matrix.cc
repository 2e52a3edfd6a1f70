#include "promql/step_matrix.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "promql/query_run.h"

namespace tickscope::promql {

bool StepMatrix::has_histograms() const {
  return std::any_of(histograms_.begin(), histograms_.end(), [](const auto& row) { return !row.empty(); });
}

std::uint64_t StepMatrix::RowBytes(std::size_t row) const {
  const std::uint64_t fixed = sizeof(SeriesHead) + sizeof(std::vector<HistogramPtr>);
  const std::uint64_t cell =
      sizeof(Cell) + sizeof(double) + (histograms_[row].empty() ? 0 : sizeof(HistogramPtr));
  return fixed + heads_[row].labels.packed().size() + steps_ * cell;
}

std::size_t StepMatrix::AddRow(SeriesHead head) {
  const std::uint64_t cells = (sizeof(Cell) + sizeof(double)) * steps_;
  charge_.SetBytes(charge_.bytes() + sizeof(SeriesHead) + sizeof(std::vector<HistogramPtr>) +
                   head.labels.packed().size() + cells);
  heads_.push_back(std::move(head));
  cells_.resize(heads_.size() * steps_, Cell::kNone);
  values_.resize(heads_.size() * steps_, 0);
  histograms_.emplace_back();
  return heads_.size() - 1;
}

void StepMatrix::SetHistogram(std::size_t row, std::size_t step, HistogramPtr h) {
  cells_[row * steps_ + step] = Cell::kHistogram;
  std::uint64_t bytes = HistogramSampleCount(*h) * 16;
  if (histograms_[row].empty()) {
    histograms_[row].resize(steps_);
    bytes += steps_ * sizeof(HistogramPtr);
  }
  charge_.SetBytes(charge_.bytes() + bytes);
  histograms_[row][step] = std::move(h);
}

void StepMatrix::Erase(std::size_t row, std::size_t step) {
  cells_[row * steps_ + step] = Cell::kNone;
  if (!histograms_[row].empty()) histograms_[row][step].reset();
}

void StepMatrix::Copy(std::size_t row, std::size_t step, const StepMatrix& from, std::size_t from_row,
                      std::size_t from_step) {
  switch (from.cell(from_row, from_step)) {
    case Cell::kNone:
      Erase(row, step);
      return;
    case Cell::kFloat:
      SetFloat(row, step, from.value(from_row, from_step));
      return;
    case Cell::kHistogram:
      SetHistogram(row, step, from.histogram(from_row, from_step));
      return;
  }
}

Result<StepMatrix> StepMatrix::Copy() const {
  StepMatrix copy(steps_, budget());
  TICKSCOPE_RETURN_IF_ERROR(copy.charge_.Grow(charge_.samples()));
  copy.charge_.SetBytes(charge_.bytes());
  TICKSCOPE_RETURN_IF_ERROR(budget().Check());
  copy.heads_ = heads_;
  copy.cells_ = cells_;
  copy.values_ = values_;
  copy.histograms_ = histograms_;
  return copy;
}

std::uint64_t StepMatrix::SampleCount(std::size_t row) const {
  const std::span<const Cell> row_cells = cells(row);
  auto samples = static_cast<std::uint64_t>(std::count(row_cells.begin(), row_cells.end(), Cell::kFloat));
  if (has_histograms(row)) {
    for (std::size_t step = 0; step < steps_; ++step) {
      if (row_cells[step] == Cell::kHistogram) samples += HistogramSampleCount(*histogram(row, step));
    }
  }
  // A row takes 9 bytes a step however few of them are filled; a sample counts 16.
  return samples == 0 ? 0 : std::max<std::uint64_t>(samples, steps_ * 9 / 16);
}

Status StepMatrix::CloseRow() {
  const std::uint64_t samples = SampleCount(rows() - 1);
  if (samples > 0) return charge_.Grow(samples);
  charge_.SetBytes(charge_.bytes() - std::min(charge_.bytes(), RowBytes(rows() - 1)));
  heads_.pop_back();
  cells_.resize(heads_.size() * steps_);
  values_.resize(heads_.size() * steps_);
  histograms_.pop_back();
  return {};
}

Status StepMatrix::Seal() {
  DropEmptyRows();
  std::uint64_t samples = 0;
  for (std::size_t row = 0; row < rows(); ++row)
    samples += SampleCount(row);
  return charge_.Grow(samples);
}

void StepMatrix::DropEmptyRows() {
  std::vector<std::size_t> kept;
  for (std::size_t row = 0; row < rows(); ++row) {
    const std::span<const Cell> row_cells = cells(row);
    if (std::any_of(row_cells.begin(), row_cells.end(), [](Cell c) { return c != Cell::kNone; }))
      kept.push_back(row);
  }
  if (kept.size() < rows()) KeepRows(kept);
}

void StepMatrix::KeepRows(std::span<const std::size_t> rows) {
  const auto width = static_cast<std::ptrdiff_t>(steps_);
  std::size_t to = 0;
  for (const std::size_t from : rows) {
    if (to != from) {
      const auto at = static_cast<std::ptrdiff_t>(from) * width;
      const auto there = static_cast<std::ptrdiff_t>(to) * width;
      heads_[to] = std::move(heads_[from]);
      std::copy_n(cells_.begin() + at, width, cells_.begin() + there);
      std::copy_n(values_.begin() + at, width, values_.begin() + there);
      histograms_[to] = std::move(histograms_[from]);
    }
    ++to;
  }
  heads_.resize(to);
  cells_.resize(to * steps_);
  values_.resize(to * steps_);
  histograms_.resize(to);
}

void StepMatrix::Reserve(std::size_t rows) {
  heads_.reserve(rows);
  cells_.reserve(rows * steps_);
  values_.reserve(rows * steps_);
  histograms_.reserve(rows);
}

void StepMatrix::Reorder(std::span<const std::size_t> order) {
  std::vector<SeriesHead> heads;
  std::vector<Cell> cells;
  std::vector<double> values;
  std::vector<std::vector<HistogramPtr>> histograms;
  heads.reserve(order.size());
  cells.reserve(order.size() * steps_);
  values.reserve(order.size() * steps_);
  histograms.reserve(order.size());
  for (const std::size_t row : order) {
    heads.push_back(std::move(heads_[row]));
    const auto at = static_cast<std::ptrdiff_t>(row * steps_);
    const auto end = static_cast<std::ptrdiff_t>((row + 1) * steps_);
    cells.insert(cells.end(), cells_.begin() + at, cells_.begin() + end);
    values.insert(values.end(), values_.begin() + at, values_.begin() + end);
    histograms.push_back(std::move(histograms_[row]));
  }
  heads_ = std::move(heads);
  cells_ = std::move(cells);
  values_ = std::move(values);
  histograms_ = std::move(histograms);
}

std::size_t RowIndex::RowFor(const Labels& labels, bool drop_name) {
  const auto [it, added] = rows_.try_emplace(labels, matrix_.rows());
  if (added) return matrix_.AddRow({labels, drop_name});
  return it->second;
}

bool IsMetricIdentityLabel(std::string_view name) {
  return name == kMetricName || name == "__type__" || name == "__unit__";
}

Labels WithoutMetricIdentity(const Labels& labels) {
  std::vector<LabelView> kept;
  for (const LabelView& label : labels) {
    if (!IsMetricIdentityLabel(label.name)) kept.push_back(label);
  }
  return Labels::FromSorted(kept);
}

std::unexpected<Error> DuplicateLabelSetError() {
  return Fail(ErrorCode::kFailedPrecondition, "vector cannot contain metrics with the same labelset");
}

Result<StepMatrix> RemoveMarkedNames(const QueryRun& run, StepMatrix matrix) {
  Pace pace(run);
  bool any = false;
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    SeriesHead& head = matrix.head(row);
    if (!head.drop_name) continue;
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(0));
    head.labels = WithoutMetricIdentity(head.labels);
    head.drop_name = false;
    any = true;
  }
  if (!any) return matrix;
  return MergeEqualRows(run, std::move(matrix));
}

Result<StepMatrix> MergeEqualRows(const QueryRun& run, StepMatrix matrix) {
  Pace pace(run);
  std::unordered_map<Labels, std::size_t> first_with;
  std::vector<std::size_t> kept;
  kept.reserve(matrix.rows());
  first_with.reserve(matrix.rows());
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    const auto [it, added] = first_with.try_emplace(matrix.head(row).labels, row);
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(added ? 0 : matrix.steps()));
    if (added) {
      kept.push_back(row);
      continue;
    }
    for (std::size_t step = 0; step < matrix.steps(); ++step) {
      if (matrix.cell(row, step) == Cell::kNone) continue;
      if (matrix.cell(it->second, step) != Cell::kNone) return DuplicateLabelSetError();
      matrix.Copy(it->second, step, matrix, row, step);
    }
  }
  if (kept.size() < matrix.rows()) matrix.KeepRows(kept);
  return matrix;
}

Result<StepMatrix> Broadcast(const QueryRun& run, const StepMatrix& matrix, std::size_t steps) {
  TICKSCOPE_DCHECK(matrix.steps() == 1);
  Pace pace(run);
  StepMatrix out(steps, matrix.budget());
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(steps));
    out.AddRow(matrix.head(row));
    for (std::size_t step = 0; step < steps; ++step)
      out.Copy(row, step, matrix, row, 0);
    TICKSCOPE_RETURN_IF_ERROR(out.CloseRow());
  }
  return out;
}

}  // namespace tickscope::promql
