#include "promql/selector_eval.h"

#include "model/sample.h"
#include "promql/extended_range.h"
#include "promql/range_hints.h"

namespace tickscope::promql {
namespace {

// Newest sample in (time - lookback, time], staleness markers included, as an index that moves with the steps.
class NewestSample {
 public:
  NewestSample(const SampleColumns& columns, std::int64_t lookback_ms)
      : columns_(columns), lookback_ms_(lookback_ms) {}

  // Index of the sample, or size() when there is none or the series has ended there. Times must not go back.
  std::size_t At(TimeMs time_ms) {
    while (end_ < columns_.size() && columns_.times_ms[end_] <= time_ms)
      ++end_;
    if (end_ == 0 || columns_.times_ms[end_ - 1] <= time_ms - lookback_ms_) return columns_.size();
    const std::size_t i = end_ - 1;
    const bool is_histogram = !columns_.histograms.empty() && columns_.histograms[i] != nullptr;
    const bool ended = IsStaleNan(is_histogram ? columns_.histograms[i]->sum : columns_.values[i]);
    return ended ? columns_.size() : i;
  }

 private:
  const SampleColumns& columns_;
  std::int64_t lookback_ms_;
  std::size_t end_ = 0;
};

double Seconds(TimeMs time_ms) {
  return static_cast<double>(time_ms) / 1000;
}

Status FillRow(const SampleColumns& columns, const TimeShift& shift, std::int64_t lookback_ms,
               const Grid& grid, SampleAspect aspect, StepMatrix& out) {
  const std::size_t row = out.rows() - 1;
  NewestSample newest(columns, lookback_ms);
  for (std::size_t step = 0; step < grid.count; ++step) {
    const std::size_t i = newest.At(shift.Apply(grid.At(step)));
    if (i == columns.size()) continue;
    switch (aspect) {
      case SampleAspect::kValue:
        if (!columns.histograms.empty() && columns.histograms[i] != nullptr) {
          out.SetHistogram(row, step, columns.histograms[i]);
        } else {
          out.SetFloat(row, step, columns.values[i]);
        }
        break;
      case SampleAspect::kTimestamp:
        out.SetFloat(row, step, Seconds(columns.times_ms[i]));
        break;
      case SampleAspect::kStartTimestamp:
        out.SetFloat(row, step, columns.start_times_ms.empty() ? 0 : Seconds(columns.start_times_ms[i]));
        break;
    }
  }
  return out.CloseRow();
}

void AnnotateSmoothed(QueryRun& run, PositionRange at, std::uint32_t notes, std::string_view metric_name) {
  const std::string reconciled(kBoundsReconciledText);
  if ((notes & kNoteMixedBucketKinds) != 0) run.annotations.Warn(at, MixedBucketKindsText(metric_name));
  if ((notes & kNoteBoundsSubtraction) != 0) run.annotations.Inform(at, reconciled + "subtraction");
  if ((notes & kNoteBoundsAddition) != 0) run.annotations.Inform(at, reconciled + "addition");
}

Status FillSmoothedRow(QueryRun& run, PositionRange place, const SampleColumns& columns,
                       const TimeShift& shift, std::int64_t lookback_ms, const Grid& grid, StepMatrix& out) {
  const std::size_t row = out.rows() - 1;
  RangeSeries series;
  series.Fill(columns, /*use_starts=*/false);
  WindowCursor cursor(series);
  for (std::size_t step = 0; step < grid.count; ++step) {
    const TimeMs time_ms = shift.Apply(grid.At(step));
    const RangeWindow window = cursor.MoveTo(time_ms - lookback_ms, time_ms + lookback_ms);
    if (window.mixed()) {
      run.annotations.Warn(place, MixedFloatsHistogramsText(out.head(row).labels.metric_name()));
      continue;
    }
    std::uint32_t notes = 0;
    Sample sample = SmoothedValue(window, time_ms, notes);
    if (notes != 0) AnnotateSmoothed(run, place, notes, out.head(row).labels.metric_name());
    if (sample.cell == Cell::kFloat) out.SetFloat(row, step, sample.value);
    if (sample.cell == Cell::kHistogram) out.SetHistogram(row, step, std::move(sample.histogram));
  }
  return out.CloseRow();
}

// Hints of counter resets as the stored order of samples implies them.
void DeriveHints(const SampleColumns& columns, SampleColumns& hinted) {
  RangeSeries series;
  series.Fill(columns, /*use_starts=*/false);
  series.ReduceToTotals();
  hinted = columns;
  std::size_t next = 0;
  for (HistogramPtr& h : hinted.histograms) {
    if (h != nullptr && !IsStaleNan(h->sum)) h = series.histograms[next++];
  }
}

}  // namespace

Result<TimeShift> TimeShift::Resolve(const QueryRun& run, const Duration& offset, const AtModifier& at) {
  TimeShift shift;
  TICKSCOPE_ASSIGN_OR_RETURN(shift.offset_ms_,
                             ResolveDuration(offset, DurationRole::kOffset, run.durations()));
  switch (at.kind) {
    case AtKind::kNone:
      break;
    case AtKind::kTimestamp:
      shift.fixed_ = at.time_ms;
      break;
    case AtKind::kStart:
      shift.fixed_ = run.start_ms;
      break;
    case AtKind::kEnd:
      shift.fixed_ = run.end_ms;
      break;
  }
  return shift;
}

std::vector<ReadSpan> SpansRead(std::span<const ReadSpan> spans, TimeMs start_ms, TimeMs end_ms) {
  if (spans.empty()) return {{.source = "raw", .start_ms = start_ms, .end_ms = end_ms}};
  return {spans.begin(), spans.end()};
}

Status VisitSeries(QueryRun& run, const SeriesRead& read, const SeriesVisitor& visit) {
  const SelectRequest request{run.tenant, read.start_ms, read.end_ms, read.selector.matchers, read.hints};
  TICKSCOPE_ASSIGN_OR_RETURN(const std::unique_ptr<SeriesSet> series,
                             run.storage.Select(request, run.context));
  SampleColumns columns;
  SampleCharge charge(run.budget);
  ReadRecord record;
  while (series->Next()) {
    TICKSCOPE_RETURN_IF_ERROR(run.Check());
    TICKSCOPE_RETURN_IF_ERROR(series->ReadSamples(columns));
    // Twice: whoever looks at a range copies it.
    const std::size_t sample_bytes =
        sizeof(TimeMs) + sizeof(double) +
        (columns.histograms.empty() ? 0 : sizeof(HistogramPtr) + sizeof(Histogram));
    charge.SetBytes(2 * columns.times_ms.capacity() * sample_bytes);
    ++record.series;
    record.samples += columns.size();
    run.context.CountSamples(columns.size());
    if (columns.size() > 0) TICKSCOPE_RETURN_IF_ERROR(visit(series->labels(), columns, series->spans()));
  }
  record.spans = SpansRead(series->spans(), read.start_ms, read.end_ms);
  run.NoteRead(read.selector, std::move(record));
  return {};
}

Result<StepMatrix> EvalInstantSelector(Evaluator& evaluator, const VectorSelector& selector,
                                       const Scope& scope, SampleAspect aspect, PositionRange place) {
  QueryRun& run = evaluator.run();
  TICKSCOPE_ASSIGN_OR_RETURN(const TimeShift shift, TimeShift::Resolve(run, selector.offset, selector.at));
  const std::int64_t lookback_ms = run.options.lookback_ms;
  const bool smoothed = selector.mode == RangeMode::kSmoothed && aspect == SampleAspect::kValue;
  const TimeMs first_ms = shift.Apply(scope.grid.At(0)) - lookback_ms + 1;
  const TimeMs last_ms = shift.Apply(scope.grid.last()) + (smoothed ? lookback_ms : 0);
  StepMatrix out = evaluator.NewMatrix(scope);
  SampleColumns hinted;
  SeriesRead read{.selector = selector, .start_ms = first_ms, .end_ms = last_ms, .hints = std::nullopt};
  if (!smoothed && aspect == SampleAspect::kValue)
    read.hints = HintsFor(run, "", lookback_ms, shift, scope.grid);
  TICKSCOPE_RETURN_IF_ERROR(VisitSeries(
      run, read,
      [&](const Labels& labels, const SampleColumns& columns, std::span<const ReadSpan>) -> Status {
        out.AddRow({labels, false});
        if (smoothed) return FillSmoothedRow(run, place, columns, shift, lookback_ms, scope.grid, out);
        if (!scope.histogram_totals_only || columns.histograms.empty()) {
          return FillRow(columns, shift, lookback_ms, scope.grid, aspect, out);
        }
        DeriveHints(columns, hinted);
        return FillRow(hinted, shift, lookback_ms, scope.grid, aspect, out);
      }));
  return out;
}

}  // namespace tickscope::promql
