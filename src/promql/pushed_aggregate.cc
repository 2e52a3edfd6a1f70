#include "promql/pushed_aggregate.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/parallel.h"
#include "model/column_scan.h"
#include "promql/column_kernel.h"
#include "promql/function_signature.h"
#include "promql/part_kernel.h"
#include "promql/range_source.h"
#include "promql/step_adder.h"
#include "promql/step_sums.h"
#include "scan/kept_scan.h"

namespace tickscope::promql {
namespace {

// Below this a second thread costs more than it brings.
constexpr std::uint64_t kSamplesPerThread = 200'000;
// Likewise, of few samples each.
constexpr std::uint64_t kSeriesPerThread = 4'000;
// Series by series values are held twice; more of them than this the evaluator has once.
constexpr std::uint64_t kSeriesBytesMax = 64U << 20;
// Steps of series between two looks at the deadline: a millisecond or so.
constexpr std::size_t kCellsPerCheck = 1U << 17;
// Series a thread takes at once: enough that histograms, whose buckets refer to each other, are rarely cut.
constexpr std::uint32_t kSeriesPerTurn = 512;
// Groups in a row that are one thread's, when each is one's.
constexpr std::uint32_t kGroupsPerTurn = 128;
// So many more series that could not be told as steps than could, and it is not tried any more.
constexpr std::int64_t kStepMissesMax = 64;
// Of more groups than this each belongs to one thread; of fewer each thread has a share, and they are merged.
constexpr std::uint32_t kSharedGroupsMax = 256;

// What is asked of each series.
struct Pushed {
  const VectorSelector* selector = nullptr;
  ColumnQuestion question;
  std::optional<SelectHints> hints;
  TimeMs start_ms = 0;  // Of the samples.
  TimeMs end_ms = 0;
  bool drops_name = false;
  PositionRange place;  // Of the range, for notes.

  [[nodiscard]] bool looks_at_start() const {
    return question.function != nullptr && question.function->looks_at_start;
  }
};

bool NamesOneMetric(const VectorSelector& selector) {
  return std::ranges::any_of(selector.matchers, [](const Matcher& matcher) {
    return matcher.name() == kMetricName && matcher.type() == MatchType::kEqual && !matcher.value().empty();
  });
}

bool ForbidsPushing(const EngineOptions& options) {
  return !options.pushes_down || options.delayed_name_removal || options.use_start_timestamps ||
         options.type_and_unit_labels;
}

// Resolves what does not depend on the form: times.
void Finish(const QueryRun& run, const TimeShift& shift, const Scope& scope, Pushed& pushed) {
  for (std::size_t step = 0; step < scope.grid.count; ++step)
    pushed.question.ends_ms.push_back(shift.Apply(scope.grid.At(step)));
  pushed.start_ms = pushed.question.ends_ms.front() - pushed.question.range_ms + 1;
  pushed.end_ms = pushed.question.ends_ms.back();
  const RangeFunction* const function = pushed.question.function;
  pushed.hints =
      HintsFor(run, function == nullptr ? "" : function->name, pushed.question.range_ms, shift, scope.grid);
  if (pushed.hints && pushed.looks_at_start()) --pushed.start_ms;
}

// A function of one range of a selector.
Result<std::optional<Pushed>> RecogniseCall(const QueryRun& run, const Call& call, const Scope& scope) {
  std::optional<Pushed> none;
  const RangeFunction* const function = FindRangeFunction(call.function->name);
  if (function == nullptr || call.args.size() != 1) return none;
  const Expr& arg = WithoutParens(*call.args.front());
  if (!std::holds_alternative<MatrixSelector>(arg.node)) return none;
  TICKSCOPE_ASSIGN_OR_RETURN(const RangeSource source, ResolveSource(run, arg));
  if (source.mode != RangeMode::kPlain || source.shift.is_fixed()) return none;
  Pushed pushed;
  pushed.selector = &source.selector->selector;
  pushed.question.function = function;
  pushed.question.range_ms = source.range_ms;
  pushed.drops_name = !function->keeps_name;
  pushed.place = arg.position;
  // Series that differ in their names alone may not fall together, which the evaluator sees to.
  if (pushed.drops_name && !NamesOneMetric(*pushed.selector)) return none;
  Finish(run, source.shift, scope, pushed);
  return std::optional(std::move(pushed));
}

Result<std::optional<Pushed>> Recognise(const QueryRun& run, const Aggregate& aggregate, const Scope& scope) {
  std::optional<Pushed> none;
  if (!StepSums::Supports(aggregate.op)) return none;
  const Expr& inner = WithoutParens(*aggregate.expr);
  if (const auto* const call = std::get_if<Call>(&inner.node)) return RecogniseCall(run, *call, scope);
  const auto* const selector = std::get_if<VectorSelector>(&inner.node);
  if (selector == nullptr || selector->mode != RangeMode::kPlain) return none;
  TICKSCOPE_ASSIGN_OR_RETURN(const TimeShift shift, TimeShift::Resolve(run, selector->offset, selector->at));
  if (shift.is_fixed()) return none;
  Pushed pushed;
  pushed.selector = selector;
  pushed.question.range_ms = run.options.lookback_ms;
  Finish(run, shift, scope, pushed);
  return std::optional(std::move(pushed));
}

// What the aggregate groups by, of series whose names may go.
scan::GroupBy GroupByOf(std::vector<std::string> names, bool without, bool drops_name) {
  scan::GroupBy by{std::move(names), without};
  if (by.without) {
    by.names.insert(by.names.end(), {std::string(kMetricName), "__type__", "__unit__"});
  } else if (drops_name) {
    std::erase_if(by.names, IsMetricIdentityLabel);
  }
  std::ranges::sort(by.names);
  const auto repeated = std::ranges::unique(by.names);
  by.names.erase(repeated.begin(), repeated.end());
  return by;
}

// What is known of a label pair.
enum class Seen : std::uint8_t { kNever, kMetricName, kOther };

// One thread's part.
struct Share {
  std::optional<StepSums> sums;  // Its own; none when the threads have their groups in one.
  Status status;
  bool is_refused = false;
  std::uint64_t samples = 0;
  std::vector<Seen> seen;  // By pair, of series with a value.
};

class PushedRun {
 public:
  PushedRun(const Pushed& pushed, AggregateOp op, const scan::GroupBy& by, const ColumnScan& scan,
            const QueryContext& context, std::size_t threads)
      : pushed_(pushed),
        context_(context),
        op_(op),
        scan_(scan),
        groups_(scan::GroupsOf(scan, by)),
        by_group_(groups_->count() > kSharedGroupsMax),
        shares_(threads) {}

  /// Bytes that Run will hold.
  [[nodiscard]] std::uint64_t bytes() const {
    const std::size_t copies = by_group_ ? 1 : shares_.size();
    return copies * StepSums::BytesOf(groups_->count(), pushed_.question.ends_ms.size());
  }

  void Run() {
    const std::size_t steps = pushed_.question.ends_ms.size();
    if (by_group_) common_.emplace(op_, groups_->count(), steps);
    RunParallel(shares_.size(), [this, steps](std::size_t i) {
      Share& share = shares_[i];
      if (!by_group_) share.sums.emplace(op_, groups_->count(), steps);
      share.seen.assign(scan_.pair_count(), Seen::kNever);
      share.status = Take(i, share);
      if (!share.status || share.is_refused) is_stopped_ = true;
    });
    if (by_group_) return;
    common_.emplace(*std::move(shares_.front().sums));
    for (std::size_t i = 1; i < shares_.size(); ++i)
      common_->Merge(*shares_[i].sums);
  }

  [[nodiscard]] const std::vector<Share>& shares() const { return shares_; }
  [[nodiscard]] std::uint32_t group_count() const { return groups_->count(); }
  [[nodiscard]] Labels LabelsOf(std::uint32_t group) const {
    std::vector<LabelView> labels;
    for (const std::uint32_t pair : groups_->PairsOf(group))
      labels.push_back(scan_.PairText(pair));
    return Labels::FromSorted(labels);
  }
  [[nodiscard]] const StepSums& sums() const { return *common_; }

 private:
  Status Take(std::size_t number, Share& share) {
    const std::unique_ptr<ColumnReader> reader = scan_.NewReader();
    ColumnKernel kernel(pushed_.question);
    StepSums& sums = by_group_ ? *common_ : *share.sums;
    std::optional<StepAdder> adder;
    if (!by_group_ && StepAdder::Supports(pushed_.question, op_))
      adder.emplace(pushed_.question, groups_->count(), kernel.grid(), sums);
    // Series that were told as steps, less those that could not be.
    std::int64_t told = kStepMissesMax;
    CounterSteps steps;
    std::optional<PartKernel> part_kernel;
    if (PartKernel::Suits(pushed_.question)) part_kernel.emplace(pushed_.question);
    SampleParts parts;
    SampleColumns samples;
    StepValues values;
    const std::uint32_t series_count = scan_.series_count();
    const auto note = [&](std::size_t sample_count) {
      share.samples += sample_count;
      context_.CountSamples(sample_count);
    };
    const bool needs_name = pushed_.question.function != nullptr && pushed_.question.function->counter;
    const auto note_name = [&](std::uint32_t series) {
      if (!needs_name) return;
      // The name is among the first.
      for (const std::uint32_t pair : scan_.PairsOf(series)) {
        if (share.seen[pair] == Seen::kNever)
          share.seen[pair] = scan_.PairText(pair).name == kMetricName ? Seen::kMetricName : Seen::kOther;
        if (share.seen[pair] == Seen::kMetricName) return;
      }
    };
    const std::size_t cells = pushed_.question.ends_ms.size();
    std::size_t unchecked = 0;
    const auto take = [&](std::uint32_t series) -> Status {
      unchecked += cells;
      if (unchecked > kCellsPerCheck) {
        unchecked = 0;
        TICKSCOPE_RETURN_IF_ERROR(context_.Check());
      }
      if (part_kernel) {
        parts.Clear();
        TICKSCOPE_ASSIGN_OR_RETURN(const bool is_told,
                                   reader->AppendParts(series, part_kernel->edges(), parts));
        if (is_told && !parts.summaries.empty() && part_kernel->Evaluate(parts, values)) {
          note(parts.samples.size() + parts.summaries.size());
          sums.Add(groups_->Of(series), values);
          if (values.is_anywhere) note_name(series);
          return {};
        }
      }
      if (kernel.takes_steps() && told > 0) {
        steps.Clear();
        TICKSCOPE_ASSIGN_OR_RETURN(const bool is_counter, reader->AppendSteps(series, steps));
        told += is_counter ? 1 : -1;
        if (is_counter && steps.IsInOrder()) {
          if (steps.stretches.empty()) return {};
          if (adder && adder->Add(groups_->Of(series), steps)) {
            note(steps.row_count());
            if (adder->is_anywhere()) note_name(series);
            return {};
          }
          if (kernel.Evaluate(steps, values)) {
            note(steps.row_count());
            sums.Add(groups_->Of(series), values);
            if (values.is_anywhere) note_name(series);
            return {};
          }
        }
      }
      samples.Clear();
      TICKSCOPE_ASSIGN_OR_RETURN(const bool rises, reader->Append(series, samples));
      if (samples.size() == 0) return {};
      const std::size_t sample_count = samples.size();  // Markers go while it is evaluated.
      if (!kernel.Evaluate(samples, rises, values)) {
        share.is_refused = true;
        return {};
      }
      note(sample_count);
      if (!values.is_anywhere) return {};
      sums.Add(groups_->Of(series), values);
      note_name(series);
      return {};
    };
    if (by_group_) {
      for (std::uint32_t series = 0; series < series_count && !is_stopped_; ++series) {
        if (groups_->Of(series) / kGroupsPerTurn % shares_.size() == number)
          TICKSCOPE_RETURN_IF_ERROR(take(series));
      }
      return {};
    }
    while (!is_stopped_) {
      const std::uint32_t from = next_.fetch_add(kSeriesPerTurn);
      if (from >= series_count) break;
      for (std::uint32_t series = from; series < std::min(from + kSeriesPerTurn, series_count); ++series)
        TICKSCOPE_RETURN_IF_ERROR(take(series));
    }
    if (adder) adder->Finish();
    return {};
  }

  const Pushed& pushed_;
  const QueryContext& context_;
  const AggregateOp op_;
  const ColumnScan& scan_;
  const std::shared_ptr<const scan::SeriesGroups> groups_;
  const bool by_group_;
  std::vector<Share> shares_;
  std::optional<StepSums> common_;
  std::atomic<std::uint32_t> next_{0};
  std::atomic<bool> is_stopped_{false};
};

// Sums that are not finite depend on the order of adding up, and the evaluator has its own: then false. Values of single
// series do not.
enum class Values : std::uint8_t { kSums, kOfSeries };

Result<bool> Store(const QueryRun& run, const PushedRun& pushed, std::size_t steps, Values values,
                   StepMatrix& out) {
  struct Row {
    Labels labels;
    std::uint32_t group = 0;
  };
  std::vector<Row> rows;
  for (std::uint32_t group = 0; group < pushed.group_count(); ++group) {
    TICKSCOPE_RETURN_IF_ERROR(run.Check());
    bool is_anywhere = false;
    for (std::size_t step = 0; step < steps; ++step) {
      if (!pushed.sums().IsThere(group, step)) continue;
      is_anywhere = true;
      if (values == Values::kSums && !std::isfinite(pushed.sums().At(group, step))) return false;
    }
    if (is_anywhere) rows.push_back({pushed.LabelsOf(group), group});
  }
  // As series come: what follows may depend on their order.
  if (values == Values::kOfSeries) std::ranges::sort(rows, {}, &Row::labels);
  out.Reserve(rows.size());
  for (Row& row : rows) {
    TICKSCOPE_RETURN_IF_ERROR(run.Check());
    out.AddRow({std::move(row.labels), false});
    for (std::size_t step = 0; step < steps; ++step) {
      if (pushed.sums().IsThere(row.group, step))
        out.SetFloat(out.rows() - 1, step, pushed.sums().At(row.group, step));
    }
    TICKSCOPE_RETURN_IF_ERROR(out.CloseRow());
  }
  return true;
}

// What is damaged is put aside by who reads series by series.
bool IsForTheEvaluator(const Error& error) {
  return error.code == ErrorCode::kCorruption || error.code == ErrorCode::kUnsupported;
}

Result<std::optional<StepMatrix>> Evaluate(Evaluator& evaluator, Pushed& pushed, AggregateOp op,
                                           const scan::GroupBy& by, Values values, const Scope& scope) {
  QueryRun& run = evaluator.run();
  std::optional<StepMatrix> none;
  const SelectRequest request{run.tenant, pushed.start_ms, pushed.end_ms, pushed.selector->matchers,
                              pushed.hints};
  auto scan = run.storage.Scan(request, run.context);
  if (!scan) {
    if (IsForTheEvaluator(scan.error())) return none;
    return std::unexpected(std::move(scan).error());
  }
  if (*scan == nullptr) return none;
  if (pushed.hints && pushed.looks_at_start())
    pushed.question.windows.assign((*scan)->spans().begin(), (*scan)->spans().end());
  const std::uint64_t series = (*scan)->series_count();
  if (values == Values::kOfSeries && StepSums::BytesOf(series, scope.grid.count) > kSeriesBytesMax)
    return none;
  const std::uint64_t worth =
      std::max((*scan)->EstimateSamples() / kSamplesPerThread, series / kSeriesPerThread) + 1;
  const std::size_t cores = run.options.threads == 0 ? CoreCount() : run.options.threads;
  PushedRun pushed_run(pushed, op, by, **scan, run.context, std::min<std::size_t>(cores, worth));
  // Series whose names alone set them apart are an error.
  if (values == Values::kOfSeries && pushed_run.group_count() != series) return none;
  SampleCharge charge(run.budget);
  charge.SetBytes(pushed_run.bytes());
  TICKSCOPE_RETURN_IF_ERROR(run.Check());
  pushed_run.Run();
  std::uint64_t samples = 0;
  for (const Share& share : pushed_run.shares()) {
    if (!share.status && !IsForTheEvaluator(share.status.error()))
      return std::unexpected(share.status.error());
    if (!share.status || share.is_refused) return none;
    samples += share.samples;
  }
  StepMatrix out = evaluator.NewMatrix(scope);
  TICKSCOPE_ASSIGN_OR_RETURN(const bool is_stored, Store(run, pushed_run, scope.grid.count, values, out));
  if (!is_stored) return none;
  run.NoteRead(*pushed.selector, {(*scan)->series_count(), samples,
                                  SpansRead((*scan)->spans(), pushed.start_ms, pushed.end_ms)});
  if (pushed.question.function != nullptr && pushed.question.function->counter) {
    for (const Share& share : pushed_run.shares()) {
      for (std::uint32_t pair = 0; pair < share.seen.size(); ++pair) {
        if (share.seen[pair] == Seen::kMetricName)
          AnnotateCounterName(run, pushed.place,
                              Labels{{std::string(kMetricName), std::string((*scan)->PairText(pair).value)}});
      }
    }
  }
  return std::optional(std::move(out));
}

}  // namespace

bool IsPushable(const QueryRun& run, const Aggregate& aggregate) {
  if (ForbidsPushing(run.options)) return false;
  const auto pushed = Recognise(run, aggregate, Scope{{run.start_ms, 1, 1}});
  return pushed && pushed->has_value();
}

bool IsPushable(const QueryRun& run, const Call& call) {
  if (ForbidsPushing(run.options)) return false;
  const auto pushed = RecogniseCall(run, call, Scope{{run.start_ms, 1, 1}});
  return pushed && *pushed && ColumnKernel::Has(*(*pushed)->question.function);
}

Result<std::optional<StepMatrix>> EvalPushedAggregate(Evaluator& evaluator, const Aggregate& aggregate,
                                                      const Scope& scope) {
  std::optional<StepMatrix> none;
  if (ForbidsPushing(evaluator.run().options)) return none;
  TICKSCOPE_ASSIGN_OR_RETURN(std::optional<Pushed> pushed, Recognise(evaluator.run(), aggregate, scope));
  if (!pushed) return none;
  return Evaluate(evaluator, *pushed, aggregate.op,
                  GroupByOf(aggregate.grouping, aggregate.without, pushed->drops_name), Values::kSums, scope);
}

Result<std::optional<StepMatrix>> EvalPushedCall(Evaluator& evaluator, const Call& call, const Scope& scope) {
  std::optional<StepMatrix> none;
  if (ForbidsPushing(evaluator.run().options)) return none;
  TICKSCOPE_ASSIGN_OR_RETURN(std::optional<Pushed> pushed, RecogniseCall(evaluator.run(), call, scope));
  if (!pushed || !ColumnKernel::Has(*pushed->question.function)) return none;
  // Each series is a group of its own: the greatest of one value is that value.
  const scan::GroupBy by = pushed->drops_name ? GroupByOf({}, /*without=*/true, /*drops_name=*/true)
                                              : scan::GroupBy{{}, /*without=*/true};
  return Evaluate(evaluator, *pushed, AggregateOp::kMax, by, Values::kOfSeries, scope);
}

}  // namespace tickscope::promql
