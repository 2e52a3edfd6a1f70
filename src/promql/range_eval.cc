#include "promql/range_eval.h"

#include <algorithm>
#include <bit>
#include <set>
#include <span>

#include "model/histogram_text.h"
#include "promql/column_kernel.h"
#include "promql/extended_range.h"
#include "promql/functions_absent.h"
#include "promql/functions_rate.h"
#include "promql/pushed_aggregate.h"
#include "promql/range_hints.h"
#include "promql/range_source.h"
#include "promql/selector_eval.h"

namespace tickscope::promql {
namespace {

std::int64_t FloorDivide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

/// The spans are of the store; a subquery's result has none.
using RangeVisitor =
    std::function<Status(const SeriesHead&, const RangeSeries&, std::span<const ReadSpan> spans)>;

// Calls `visit` with every series of the range vector, its samples reaching over all windows of the scope.
// `function` is empty when the samples themselves are wanted.
Status VisitRangeSeries(Evaluator& evaluator, const RangeSource& source, std::string_view function,
                        const Scope& scope, const RangeVisitor& visit) {
  QueryRun& run = evaluator.run();
  RangeSeries series;
  if (source.subquery != nullptr) {
    TICKSCOPE_ASSIGN_OR_RETURN(const Grid grid, SubqueryGrid(run, source, scope.grid));
    if (grid.count == 0) return {};
    SampleCharge scalars(run.budget);  // A scalar inside takes 8 bytes a step, half a sample.
    TICKSCOPE_RETURN_IF_ERROR(scalars.Grow(grid.count / 2));
    // A function over it detects resets by buckets.
    Scope subquery_scope = Scope{grid}.Whole();
    subquery_scope.ends_later = source.shift.Apply(scope.grid.last()) > grid.last();
    TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix matrix,
                               evaluator.Vector(*source.subquery->expr, subquery_scope));
    for (std::size_t row = 0; row < matrix.rows(); ++row) {
      TICKSCOPE_RETURN_IF_ERROR(run.Check());
      series.Fill(matrix, row, grid);
      TICKSCOPE_RETURN_IF_ERROR(visit(matrix.head(row), series, {}));
    }
    return {};
  }
  const bool is_plain = source.mode == RangeMode::kPlain;
  std::int64_t before_ms = source.range_ms + (is_plain ? 0 : run.options.lookback_ms);
  const std::int64_t after_ms = source.mode == RangeMode::kSmoothed ? run.options.lookback_ms : 0;
  SeriesRead read{.selector = source.selector->selector, .hints = std::nullopt};
  if (is_plain && !function.empty())
    read.hints = HintsFor(run, function, source.range_ms, source.shift, scope.grid);
  const RangeFunction* const known = FindRangeFunction(function);
  if (read.hints && known != nullptr && known->looks_at_start) ++before_ms;
  read.start_ms = source.shift.Apply(scope.grid.At(0)) - before_ms + 1;
  read.end_ms = source.shift.Apply(scope.grid.last()) + after_ms;
  return VisitSeries(
      run, read, [&](const Labels& labels, const SampleColumns& columns, std::span<const ReadSpan> spans) {
        series.Fill(columns, run.options.use_start_timestamps);
        if (scope.histogram_totals_only) series.ReduceToTotals();
        // Who was not told what is asked has read samples, or what stands for them.
        return visit({labels, false}, series, read.hints ? spans : std::span<const ReadSpan>());
      });
}

// Where an argument stands. The reference evaluates a subquery first and forgets its place: its notes point to the
// beginning.
PositionRange PlaceOf(const CallSite& site, const RangeSource& source, std::size_t arg,
                      std::size_t range_arg) {
  return arg == range_arg && source.subquery != nullptr ? PositionRange{} : site.position(arg);
}

void Annotate(QueryRun& run, PositionRange at, std::uint32_t notes, std::string_view metric_name) {
  Annotations& to = run.annotations;
  const std::string quoted = Quoted(metric_name);
  if (notes & kNoteMixedTypes) to.Warn(at, MixedFloatsHistogramsText(metric_name));
  if (notes & kNoteIgnoredHistograms) to.Inform(at, IgnoredHistogramsInRangeText(metric_name));
  if (notes & kNoteMixedBucketKinds) to.Warn(at, MixedBucketKindsText(metric_name));
  if (notes & kNoteNotCounter) to.Warn(at, "this native histogram metric is not a counter: " + quoted);
  if (notes & kNoteNotGauge) to.Warn(at, "this native histogram metric is not a gauge: " + quoted);
  const std::string reconciled(kBoundsReconciledText);
  if (notes & kNoteBoundsSubtraction) to.Inform(at, reconciled + "subtraction");
  if (notes & kNoteBoundsAddition) to.Inform(at, reconciled + "addition");
  if (notes & kNoteBoundsAggregation) to.Inform(at, reconciled + "aggregation");
  if (notes & kNoteResetConflict) to.Warn(at, std::string(kResetConflictText) + "aggregation");
}

Status CheckMode(RangeMode mode, std::string_view function) {
  const auto refused = [&](std::string_view modifier, std::string_view allowed) {
    return Fail(ErrorCode::kFailedPrecondition,
                std::string(modifier) + " modifier can only be used with: " + std::string(allowed) +
                    " - not with " + std::string(function));
  };
  const bool change = function == "delta" || function == "increase" || function == "rate";
  if (mode == RangeMode::kSmoothed && !change) return refused("smoothed", "delta, increase, rate");
  if (mode == RangeMode::kAnchored && !change && function != "changes" && function != "resets") {
    return refused("anchored", "changes, delta, increase, rate, resets");
  }
  return {};
}

/// Samples of windows between two looks at the deadline: some milliseconds of the slowest function.
constexpr std::size_t kWindowSamplesPerCheck = 1 << 16;

std::size_t RangeArgIndex(const Call& call) {
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    if (TypeOf(*call.args[i]) == ValueType::kMatrix) return i;
  }
  std::unreachable();
}

// One step of one series. The window reaches beyond the range for the extended modes.
Sample ApplyKernel(const RangeFunction& function, const RangeSource& source, std::int64_t lookback_ms,
                   std::span<const ReadSpan> spans, WindowCursor& cursor, TimeMs end_ms, RangeCall& call,
                   std::size_t& window_size) {
  const TimeMs start_ms = end_ms - source.range_ms;
  if (source.mode == RangeMode::kPlain) {
    const bool from_start = function.looks_at_start && StartsAtWindow(spans, start_ms);
    RangeWindow window = cursor.MoveTo(from_start ? start_ms - 1 : start_ms, end_ms);
    window.start_ms = start_ms;
    window_size = window.size();
    return function.kernel(window, call);
  }
  const std::int64_t after_ms = source.mode == RangeMode::kSmoothed ? lookback_ms : 0;
  const RangeWindow window = cursor.MoveTo(start_ms - lookback_ms, end_ms + after_ms);
  window_size = window.size();
  if (function.name == "changes" || function.name == "resets") {
    return function.kernel(AnchoredWindow(window, start_ms, end_ms), call);
  }
  return ExtendedChange(window, start_ms, end_ms, source.mode, function.counter, function.name == "rate",
                        call);
}

}  // namespace

Result<Grid> SubqueryGrid(const QueryRun& run, const RangeSource& source, const Grid& outer) {
  TICKSCOPE_ASSIGN_OR_RETURN(std::int64_t step_ms,
                             ResolveDuration(source.subquery->step, DurationRole::kStep, run.durations()));
  if (step_ms == 0) step_ms = run.options.default_subquery_step_ms;
  Grid grid;
  grid.step_ms = step_ms;
  grid.start_ms = (FloorDivide(source.shift.Apply(outer.At(0)) - source.range_ms, step_ms) + 1) * step_ms;
  const TimeMs end_ms = source.shift.Apply(outer.last());
  grid.count = end_ms < grid.start_ms ? 0 : static_cast<std::size_t>((end_ms - grid.start_ms) / step_ms) + 1;
  if (grid.count > run.options.samples_max) {
    return Fail(ErrorCode::kResourceExhausted,
                "query processing would load too many samples into memory in query execution");
  }
  return grid;
}

Result<StepMatrix> EvalRangeCall(const CallSite& site) {
  TICKSCOPE_ASSIGN_OR_RETURN(std::optional<StepMatrix> pushed,
                             EvalPushedCall(site.evaluator, site.call, site.scope));
  QueryRun& run = site.run();
  if (pushed) {
    if (run.trace != nullptr) run.trace->RanAs(site.expr, PlanMethod::kColumns);
    return *std::move(pushed);
  }
  const RangeFunction& function = *FindRangeFunction(site.call.function->name);
  const std::size_t range_arg = RangeArgIndex(site.call);
  TICKSCOPE_ASSIGN_OR_RETURN(const RangeSource source, ResolveSource(run, site.arg(range_arg)));
  TICKSCOPE_RETURN_IF_ERROR(CheckMode(source.mode, function.name));

  std::vector<std::vector<double>> params;
  std::size_t param_arg = 0;
  for (std::size_t i = 0; i < site.arg_count(); ++i) {
    if (i == range_arg) continue;
    TICKSCOPE_ASSIGN_OR_RETURN(params.emplace_back(), site.Scalar(i));
    param_arg = i;
  }

  StepMatrix out = site.evaluator.NewMatrix(site.scope);
  const Grid& grid = site.scope.grid;
  ColumnQuestion question{&function, {}, source.range_ms};
  for (std::size_t step = 0; step < grid.count; ++step)
    question.ends_ms.push_back(source.shift.Apply(grid.At(step)));
  ColumnKernel columns(question);
  const bool takes_columns = run.options.pushes_down && source.mode == RangeMode::kPlain && params.empty() &&
                             ColumnKernel::Has(function);
  const auto has_windows = [](std::span<const ReadSpan> spans) {
    return std::ranges::any_of(spans, [](const ReadSpan& span) { return span.resolution_ms > 0; });
  };
  StepValues values;
  std::uint32_t param_notes = 0;
  std::set<std::uint64_t> bad_params;  // Bits: of NaN there is one.
  const RangeVisitor visit = [&](const SeriesHead& head, const RangeSeries& series,
                                 std::span<const ReadSpan> spans) -> Status {
    const std::size_t row = out.AddRow(head);
    SampleCharge window_charge(run.budget);
    std::size_t widest = 0;
    if (takes_columns && !has_windows(spans) && columns.Evaluate(series, values)) {
      TICKSCOPE_RETURN_IF_ERROR(run.Check());
      TICKSCOPE_RETURN_IF_ERROR(window_charge.Grow(columns.grid().widest()));
      for (std::size_t step = 0; step < grid.count; ++step) {
        if (values.is_there[step] != 0) out.SetFloat(row, step, values.values[step]);
      }
      if (function.counter && values.is_anywhere)
        AnnotateCounterName(run, PlaceOf(site, source, range_arg, range_arg), head.labels);
      return out.CloseRow();
    }
    WindowCursor cursor(series);
    RangeCall call;
    call.range_ms = source.range_ms;
    call.param_count = params.size();
    bool any_float = false;
    std::size_t unchecked = 0;
    std::size_t overlapping_windows = 0;
    for (std::size_t step = 0; step < grid.count; ++step) {
      call.time_ms = grid.At(step);
      for (std::size_t i = 0; i < params.size(); ++i)
        call.params[i] = params[i][step];
      if (function.check_params != nullptr) TICKSCOPE_RETURN_IF_ERROR(function.check_params(call));
      std::size_t window_size = 0;
      Sample sample = ApplyKernel(function, source, run.options.lookback_ms, spans, cursor,
                                  source.shift.Apply(call.time_ms), call, window_size);
      if (call.notes & kNoteStartOverlap) {
        call.notes &= ~kNoteStartOverlap;
        ++overlapping_windows;
      }
      unchecked += window_size;
      if (unchecked > kWindowSamplesPerCheck) {
        unchecked = 0;
        TICKSCOPE_RETURN_IF_ERROR(run.Check());
      }
      if (window_size > widest) {
        TICKSCOPE_RETURN_IF_ERROR(window_charge.Grow(window_size - widest));
        widest = window_size;
      }
      if (const std::uint32_t bad = call.notes & (kNoteQuantileRange | kNoteIntegralStrategy); bad != 0) {
        param_notes |= bad;
        bad_params.insert(std::bit_cast<std::uint64_t>(call.params[0]));
        call.notes &= ~bad;
      }
      if (sample.cell == Cell::kFloat) {
        out.SetFloat(row, step, sample.value);
        any_float = true;
      } else if (sample.cell == Cell::kHistogram) {
        out.SetHistogram(row, step, std::move(sample.histogram));
      }
    }
    if (call.notes != 0)
      Annotate(run, PlaceOf(site, source, 0, range_arg), call.notes, head.labels.metric_name());
    if (overlapping_windows != 0) {
      run.annotations.StartsOverlapped(PlaceOf(site, source, 0, range_arg), head.labels.metric_name(),
                                       overlapping_windows);
    }
    if (function.counter && any_float) {
      AnnotateCounterName(run, PlaceOf(site, source, range_arg, range_arg), head.labels);
    }
    return out.CloseRow();
  };
  TICKSCOPE_RETURN_IF_ERROR(VisitRangeSeries(site.evaluator, source, function.name, site.scope, visit));
  for (const std::uint64_t bits : bad_params) {
    const auto param = std::bit_cast<double>(bits);
    run.annotations.Warn(
        site.position(param_arg),
        param_notes & kNoteQuantileRange
            ? QuantileOutOfRangeText(param)
            : "strategy should be 0, 1, or 2 (default), using 2, got " + FormatFloatCompact(param));
  }
  if (function.keeps_name) return out;
  return DropMetricNames(run, std::move(out));
}

Result<StepMatrix> EvalAbsentOverTime(const CallSite& site) {
  TICKSCOPE_ASSIGN_OR_RETURN(const RangeSource source, ResolveSource(site.run(), site.arg(0)));
  TICKSCOPE_RETURN_IF_ERROR(CheckMode(source.mode, site.call.function->name));
  const Grid& grid = site.scope.grid;
  std::vector<bool> present(grid.count, false);
  TICKSCOPE_RETURN_IF_ERROR(VisitRangeSeries(
      site.evaluator, source, "absent_over_time", site.scope,
      [&](const SeriesHead&, const RangeSeries& series, std::span<const ReadSpan>) -> Status {
        WindowCursor cursor(series);
        for (std::size_t step = 0; step < grid.count; ++step) {
          const TimeMs end_ms = source.shift.Apply(grid.At(step));
          if (!cursor.MoveTo(end_ms - source.range_ms, end_ms).empty()) present[step] = true;
        }
        return {};
      }));
  return AbsentRow(site, present);
}

Result<std::vector<RangeVectorRow>> EvalRangeVector(Evaluator& evaluator, const Expr& expr,
                                                    const Scope& scope) {
  QueryRun& run = evaluator.run();
  TICKSCOPE_ASSIGN_OR_RETURN(const RangeSource source, ResolveSource(run, expr));
  const TimeMs end_ms = source.shift.Apply(scope.grid.At(0));
  const TimeMs start_ms = end_ms - source.range_ms;
  std::vector<RangeVectorRow> out;
  SampleCharge charge(run.budget);
  const RangeVisitor visit = [&](const SeriesHead& head, const RangeSeries& series,
                                 std::span<const ReadSpan>) -> Status {
    RangeVectorRow row{head, {}};
    const bool plain = source.mode == RangeMode::kPlain;
    WindowCursor cursor(series);
    const RangeWindow window = cursor.MoveTo(plain ? start_ms : start_ms - run.options.lookback_ms,
                                             end_ms + (plain ? 0 : run.options.lookback_ms));
    if (!plain && !window.histograms.empty()) {
      const std::string_view mode = source.mode == RangeMode::kSmoothed ? "smoothed" : "anchored";
      return Fail(ErrorCode::kFailedPrecondition,
                  std::string(mode) + " modifier is not supported with histograms");
    }
    const EdgedRange floats(window.floats.times, {}, window.start_ms, start_ms, end_ms, source.mode);
    const bool only_after =
        source.mode == RangeMode::kSmoothed && !window.floats.empty() && window.floats.times.front() > end_ms;
    const auto edge = [&](TimeMs time_ms, bool at_start) {
      if (only_after) row.points.push_back({time_ms, window.floats.values.front(), nullptr});
      if (plain || floats.empty()) return;
      SampleTerms terms;
      if (at_start) {
        floats.AddStartEdge(1, nullptr, terms);
      } else {
        floats.AddEndEdge(1, nullptr, terms);
      }
      row.points.push_back({time_ms, ApplyTerms(terms, window.floats.values), nullptr});
    };
    // The edges stand for samples that lie exactly on them.
    const auto inside = [&](TimeMs time_ms) {
      return time_ms > start_ms && (plain ? time_ms <= end_ms : time_ms < end_ms);
    };
    edge(start_ms, true);
    for (std::size_t i = 0; i < window.floats.size(); ++i) {
      if (inside(window.floats.times[i])) {
        row.points.push_back({window.floats.times[i], window.floats.values[i], nullptr});
      }
    }
    for (std::size_t i = 0; i < window.histograms.size(); ++i) {
      if (inside(window.histograms.times[i])) {
        row.points.push_back({window.histograms.times[i], 0, window.histograms.values[i]});
      }
    }
    edge(end_ms, false);
    std::stable_sort(row.points.begin(), row.points.end(),
                     [](const Point& a, const Point& b) { return a.time_ms < b.time_ms; });
    TICKSCOPE_RETURN_IF_ERROR(charge.Grow(row.points.size()));
    // Twice: rows become the result.
    charge.SetBytes(charge.bytes() +
                    2 * (row.points.capacity() * sizeof(Point) + head.labels.packed().size()));
    if (!row.points.empty()) out.push_back(std::move(row));
    return {};
  };
  TICKSCOPE_RETURN_IF_ERROR(VisitRangeSeries(evaluator, source, "", scope, visit));
  return out;
}

}  // namespace tickscope::promql
