#include "promql/range_series.h"

#include <utility>

#include "model/histogram_arithmetic.h"
#include "model/sample.h"

namespace tickscope::promql {
namespace {

// A hint speaks of the previous stored sample, which a subquery's steps may have skipped.
HistogramPtr WithoutResetHint(HistogramPtr h) {
  if (h->reset_hint != ResetHint::kReset && h->reset_hint != ResetHint::kNotReset) return h;
  auto out = std::make_shared<Histogram>(*h);
  out->reset_hint = ResetHint::kUnknown;
  return out;
}

}  // namespace

void RangeSeries::Clear() {
  float_times.clear();
  floats.clear();
  float_starts.clear();
  float_counts.clear();
  histogram_times.clear();
  histograms.clear();
  histogram_starts.clear();
  float_resets.clear();
}

void RangeSeries::Fill(const SampleColumns& columns, bool use_starts) {
  Clear();
  const bool starts = use_starts && !columns.start_times_ms.empty();
  if (columns.histograms.empty() && std::none_of(columns.values.begin(), columns.values.end(), IsStaleNan)) {
    float_times = columns.times_ms;
    floats = columns.values;
    if (starts) float_starts = columns.start_times_ms;
    float_counts = columns.counts;
    FindResets();
    return;
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!columns.histograms.empty() && columns.histograms[i] != nullptr) {
      if (IsStaleNan(columns.histograms[i]->sum)) continue;
      histogram_times.push_back(columns.times_ms[i]);
      histograms.push_back(columns.histograms[i]);
      if (starts) histogram_starts.push_back(columns.start_times_ms[i]);
      continue;
    }
    if (IsStaleNan(columns.values[i])) continue;
    float_times.push_back(columns.times_ms[i]);
    floats.push_back(columns.values[i]);
    if (starts) float_starts.push_back(columns.start_times_ms[i]);
    if (!columns.counts.empty()) float_counts.push_back(columns.counts[i]);
  }
  FindResets();
}

void RangeSeries::Fill(const StepMatrix& matrix, std::size_t row, const Grid& grid) {
  Clear();
  for (std::size_t step = 0; step < grid.count; ++step) {
    switch (matrix.cell(row, step)) {
      case Cell::kNone:
        break;
      case Cell::kFloat:
        float_times.push_back(grid.At(step));
        floats.push_back(matrix.value(row, step));
        break;
      case Cell::kHistogram:
        histogram_times.push_back(grid.At(step));
        histograms.push_back(WithoutResetHint(matrix.histogram(row, step)));
        break;
    }
  }
  FindResets();
}

void RangeSeries::FindResets() {
  for (std::size_t i = 1; i < floats.size(); ++i) {
    const bool restarted = IsStartReset(float_times, float_starts, i);
    if (floats[i] < floats[i - 1] || restarted) float_resets.push_back(static_cast<std::uint32_t>(i));
  }
}

void RangeSeries::ReduceToTotals() {
  HistogramPtr previous;
  for (HistogramPtr& h : histograms) {
    auto totals = std::make_shared<Histogram>();
    totals->reset_hint = h->reset_hint;
    totals->schema = h->schema;
    totals->count = h->count;
    totals->sum = h->sum;
    if (previous != nullptr && h->reset_hint == ResetHint::kUnknown) {
      totals->reset_hint = IsCounterReset(*previous, *h) ? ResetHint::kReset : ResetHint::kNotReset;
    }
    previous = std::exchange(h, std::move(totals));
  }
}

RangeWindow WindowCursor::MoveTo(TimeMs start_ms, TimeMs end_ms) {
  floats_.MoveTo(series_.float_times, start_ms, end_ms);
  histograms_.MoveTo(series_.histogram_times, start_ms, end_ms);
  const std::vector<std::uint32_t>& resets = series_.float_resets;
  while (reset_low_ < resets.size() && resets[reset_low_] <= floats_.low)
    ++reset_low_;
  reset_high_ = std::max(reset_high_, reset_low_);
  while (reset_high_ < resets.size() && resets[reset_high_] < floats_.high)
    ++reset_high_;

  const auto part_of = []<typename T>(const std::vector<T>& column, const Bounds& bounds) {
    return column.empty() ? std::span<const T>()
                          : std::span<const T>(column).subspan(bounds.low, bounds.size());
  };
  return {start_ms,
          end_ms,
          {std::span(series_.float_times).subspan(floats_.low, floats_.size()),
           std::span(series_.floats).subspan(floats_.low, floats_.size()),
           part_of(series_.float_starts, floats_), part_of(series_.float_counts, floats_),
           std::span(resets).subspan(reset_low_, reset_high_ - reset_low_), floats_.low},
          {std::span(series_.histogram_times).subspan(histograms_.low, histograms_.size()),
           std::span(series_.histograms).subspan(histograms_.low, histograms_.size()),
           part_of(series_.histogram_starts, histograms_)}};
}

}  // namespace tickscope::promql
