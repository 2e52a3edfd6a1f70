#include "promql/aggregate_eval.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <unordered_map>

#include "model/histogram_text.h"
#include "promql/aggregate_select.h"
#include "promql/histogram_mean.h"
#include "promql/literal.h"
#include "promql/pushed_aggregate.h"
#include "promql/statistics.h"

namespace tickscope::promql {
namespace {

// What the steps of all groups found worth telling.
struct AggregateNotes {
  bool mixed_types = false;
  bool reset_conflict = false;
  bool bounds_reconciled = false;
  bool ignored_histogram = false;
};

// Running aggregate of floats or of histograms at one step; the two do not mix.
template <typename FloatAccumulator, typename HistogramAccumulator>
class Total {
 public:
  // False when nothing can come of this step any more.
  [[nodiscard]] bool Add(double v) {
    ++floats_;
    float_.Add(v);
    return true;
  }
  // False when the bucket kinds do not go together.
  [[nodiscard]] bool Add(const Histogram& h) {
    if (histogram_ == nullptr) {
      histogram_ = std::make_unique<HistogramAccumulator>(h);
      return true;
    }
    if (UsesCustomBounds(h) != histogram_->uses_custom_bounds()) {
      broken_ = true;
      return false;
    }
    if (!broken_) histogram_->Add(h);
    return true;
  }
  void StoreIn(StepMatrix& out, std::size_t row, std::size_t step, AggregateNotes& notes) const {
    if (floats_ > 0 && histogram_ != nullptr) {
      notes.mixed_types = true;
    } else if (floats_ > 0) {
      out.SetFloat(row, step, float_.value());
    } else if (histogram_ != nullptr) {
      notes.reset_conflict = notes.reset_conflict || histogram_->notes().reset_conflict;
      notes.bounds_reconciled = notes.bounds_reconciled || histogram_->notes().bounds_reconciled;
      if (!broken_) out.SetHistogram(row, step, std::make_shared<const Histogram>(histogram_->Result()));
    }
  }

 private:
  std::size_t floats_ = 0;
  bool broken_ = false;
  FloatAccumulator float_;
  std::unique_ptr<HistogramAccumulator> histogram_;
};

// Aggregates that know floats only, over the value so far and the next one.
double Lower(double best, double v) {
  return v < best || std::isnan(best) ? v : best;
}
double Higher(double best, double v) {
  return v > best || std::isnan(best) ? v : best;
}

class AggregateEvaluation {
 public:
  AggregateEvaluation(QueryRun& run, const Aggregate& aggregate, const StepMatrix& in, StepMatrix& out)
      : run_(run), pace_(run), aggregate_(aggregate), in_(in), out_(out) {}

  Status Run() {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<AggregateGroup> groups, GroupRows(run_, in_, aggregate_));
    for (const AggregateGroup& group : groups) {
      const std::size_t row = out_.AddRow({group.labels, group.drop_name});
      switch (aggregate_.op) {
        case AggregateOp::kSum:
          TICKSCOPE_RETURN_IF_ERROR((Totals<CompensatedSum, HistogramSum>(group, row)));
          break;
        case AggregateOp::kAvg:
          TICKSCOPE_RETURN_IF_ERROR((Totals<CompensatedMean, HistogramMean>(group, row)));
          break;
        case AggregateOp::kCount:
          TICKSCOPE_RETURN_IF_ERROR(Count(group, row));
          break;
        case AggregateOp::kGroup:
          TICKSCOPE_RETURN_IF_ERROR(Group(group, row));
          break;
        case AggregateOp::kMin:
          TICKSCOPE_RETURN_IF_ERROR(Best(group, row, Lower));
          break;
        case AggregateOp::kMax:
          TICKSCOPE_RETURN_IF_ERROR(Best(group, row, Higher));
          break;
        default:
          TICKSCOPE_RETURN_IF_ERROR(Spread(group, row));
          break;
      }
      TICKSCOPE_RETURN_IF_ERROR(out_.CloseRow());
    }
    return {};
  }

  Status RunQuantile(const std::vector<double>& q) {
    std::vector<double> values;
    TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<AggregateGroup> groups, GroupRows(run_, in_, aggregate_));
    for (const AggregateGroup& group : groups) {
      const std::size_t row = out_.AddRow({group.labels, group.drop_name});
      for (std::size_t step = 0; step < in_.steps(); ++step) {
        TICKSCOPE_RETURN_IF_ERROR(pace_.Did(group.rows.size()));
        values.clear();
        for (const std::size_t in_row : group.rows) {
          if (in_.cell(in_row, step) == Cell::kFloat) values.push_back(in_.value(in_row, step));
          if (in_.cell(in_row, step) == Cell::kHistogram) notes_.ignored_histogram = true;
        }
        if (!values.empty()) out_.SetFloat(row, step, Quantile(q[step], values));
      }
      TICKSCOPE_RETURN_IF_ERROR(out_.CloseRow());
    }
    return {};
  }

  void Annotate() const {
    const PositionRange at = WithoutParens(*aggregate_.expr).position;
    if (notes_.mixed_types) {
      run_.annotations.Warn(at, "encountered a mix of histograms and floats for aggregation");
    }
    if (notes_.reset_conflict) run_.annotations.Warn(at, std::string(kResetConflictText) + "aggregation");
    if (notes_.bounds_reconciled)
      run_.annotations.Inform(at, std::string(kBoundsReconciledText) + "aggregation");
    if (notes_.ignored_histogram) {
      run_.annotations.Inform(
          at, "ignored histogram in " + std::string(AggregateOpText(aggregate_.op)) + " aggregation");
    }
  }

 private:
  // Calls on_float(step, value) and on_histogram(step, histogram) for the group's elements, series by series.
  template <typename OnFloat, typename OnHistogram>
  Status Visit(const AggregateGroup& group, OnFloat on_float, OnHistogram on_histogram) {
    for (const std::size_t row : group.rows) {
      TICKSCOPE_RETURN_IF_ERROR(pace_.Did(in_.steps()));
      const std::span<const Cell> cells = in_.cells(row);
      const std::span<const double> values = in_.values(row);
      for (std::size_t step = 0; step < cells.size(); ++step) {
        if (cells[step] == Cell::kFloat) {
          on_float(step, values[step]);
        } else if (cells[step] == Cell::kHistogram) {
          on_histogram(step, row);
        }
      }
    }
    return {};
  }

  template <typename FloatAccumulator, typename HistogramAccumulator>
  Status Totals(const AggregateGroup& group, std::size_t row) {
    std::vector<Total<FloatAccumulator, HistogramAccumulator>> totals(in_.steps());
    TICKSCOPE_RETURN_IF_ERROR(Visit(
        group, [&](std::size_t step, double v) { static_cast<void>(totals[step].Add(v)); },
        [&](std::size_t step, std::size_t in_row) {
          if (totals[step].Add(*in_.histogram(in_row, step))) return;
          run_.annotations.Warn(WithoutParens(*aggregate_.expr).position,
                                MixedBucketKindsText(in_.head(in_row).labels.metric_name()));
        }));
    for (std::size_t step = 0; step < totals.size(); ++step)
      totals[step].StoreIn(out_, row, step, notes_);
    return {};
  }

  Status Count(const AggregateGroup& group, std::size_t row) {
    std::vector<double> counts(in_.steps(), 0);
    TICKSCOPE_RETURN_IF_ERROR(Visit(
        group, [&](std::size_t step, double) { ++counts[step]; },
        [&](std::size_t step, std::size_t) { ++counts[step]; }));
    for (std::size_t step = 0; step < counts.size(); ++step) {
      if (counts[step] > 0) out_.SetFloat(row, step, counts[step]);
    }
    return {};
  }

  Status Group(const AggregateGroup& group, std::size_t row) {
    return Visit(
        group, [&](std::size_t step, double) { out_.SetFloat(row, step, 1); },
        [&](std::size_t step, std::size_t) { out_.SetFloat(row, step, 1); });
  }

  Status Best(const AggregateGroup& group, std::size_t row, double (*better)(double, double)) {
    return Visit(
        group,
        [&](std::size_t step, double v) {
          const bool first = out_.cell(row, step) == Cell::kNone;
          out_.SetFloat(row, step, first ? v : better(out_.value(row, step), v));
        },
        [&](std::size_t, std::size_t) { notes_.ignored_histogram = true; });
  }

  Status Spread(const AggregateGroup& group, std::size_t row) {
    std::vector<RunningVariance> variances(in_.steps());
    TICKSCOPE_RETURN_IF_ERROR(Visit(
        group, [&](std::size_t step, double v) { variances[step].Add(v); },
        [&](std::size_t, std::size_t) { notes_.ignored_histogram = true; }));
    for (std::size_t step = 0; step < variances.size(); ++step) {
      if (variances[step].empty()) continue;
      const double variance = variances[step].value();
      out_.SetFloat(row, step, aggregate_.op == AggregateOp::kStddev ? std::sqrt(variance) : variance);
    }
    return {};
  }

  QueryRun& run_;
  Pace pace_;
  const Aggregate& aggregate_;
  const StepMatrix& in_;
  StepMatrix& out_;
  AggregateNotes notes_;
};

Status CountValues(QueryRun& run, const Aggregate& aggregate, const StepMatrix& in, StepMatrix& out) {
  const std::string& label = std::get<StringLiteral>(WithoutParens(*aggregate.param).node).value;
  if (label.empty() || !IsValidUtf8(label)) {
    return Fail(ErrorCode::kFailedPrecondition, "invalid label name " + Quoted(label));
  }
  // The label is set before labels are left out, and may be one of those.
  const bool left_out =
      aggregate.without && (IsMetricIdentityLabel(label) ||
                            std::ranges::find(aggregate.grouping, label) != aggregate.grouping.end());
  RowIndex rows(out);
  LabelsBuilder builder;
  std::map<std::string, double> counts;
  Pace pace(run);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<AggregateGroup> groups, GroupRows(run, in, aggregate));
  for (const AggregateGroup& group : groups) {
    for (std::size_t step = 0; step < in.steps(); ++step) {
      counts.clear();
      for (const std::size_t row : group.rows) {
        TICKSCOPE_RETURN_IF_ERROR(pace.Did(0));
        if (in.cell(row, step) == Cell::kFloat) ++counts[FormatNumber(in.value(row, step))];
        if (in.cell(row, step) == Cell::kHistogram) ++counts[HistogramText(*in.histogram(row, step))];
      }
      for (const auto& [value, count] : counts) {
        builder.Reset(group.labels);
        if (!left_out) builder.Set(label, value);
        const std::size_t rows_before = out.rows();
        const std::size_t row = rows.RowFor(builder.Build(), group.drop_name);
        TICKSCOPE_RETURN_IF_ERROR(pace.Did(out.rows() > rows_before ? out.steps() : 0));
        // Groups that differed in this very label fall together.
        out.SetFloat(row, step, out.cell(row, step) == Cell::kNone ? count : out.value(row, step) + count);
      }
    }
  }
  return out.Seal();
}

}  // namespace

Result<std::vector<AggregateGroup>> GroupRows(const QueryRun& run, const StepMatrix& in,
                                              const Aggregate& aggregate) {
  Pace pace(run);
  std::vector<std::string> names = aggregate.grouping;
  std::sort(names.begin(), names.end());
  std::vector<AggregateGroup> groups;
  std::unordered_map<Labels, std::size_t> group_of;
  std::vector<LabelView> kept;
  for (std::size_t row = 0; row < in.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(0));
    const SeriesHead& head = in.head(row);
    kept.clear();
    for (const LabelView& label : head.labels) {
      const bool listed = std::binary_search(names.begin(), names.end(), label.name);
      const bool keep = aggregate.without ? !listed && !IsMetricIdentityLabel(label.name) : listed;
      if (keep) kept.push_back(label);
    }
    Labels labels = Labels::FromSorted(kept);
    const auto [it, added] = group_of.try_emplace(labels, groups.size());
    if (added) groups.push_back({std::move(labels), false, {}});
    AggregateGroup& group = groups[it->second];
    group.rows.push_back(row);
    group.drop_name = group.drop_name || head.drop_name;
  }
  return groups;
}

ParamExtent::ParamExtent(const std::vector<double>& param)
    : min(std::numeric_limits<double>::max()), max(std::numeric_limits<double>::lowest()) {
  for (const double value : param) {
    any_nan = any_nan || std::isnan(value);
    min = std::min(min, value);
    max = std::max(max, value);
  }
  if (any_nan) min = max = std::numeric_limits<double>::quiet_NaN();
}

Result<StepMatrix> EvalAggregate(Evaluator& evaluator, const Expr& expr, const Aggregate& aggregate,
                                 const Scope& outer) {
  QueryRun& run = evaluator.run();
  const Scope scope = aggregate.op == AggregateOp::kCountValues ? outer.Whole() : outer;
  if (aggregate.op == AggregateOp::kTopk || aggregate.op == AggregateOp::kBottomk ||
      aggregate.op == AggregateOp::kLimitk || aggregate.op == AggregateOp::kLimitRatio) {
    return EvalSelectingAggregate(evaluator, expr, aggregate, scope);
  }
  TICKSCOPE_ASSIGN_OR_RETURN(std::optional<StepMatrix> pushed,
                             EvalPushedAggregate(evaluator, aggregate, scope));
  if (pushed) {
    if (run.trace != nullptr) run.trace->RanAs(expr, PlanMethod::kColumns);
    return *std::move(pushed);
  }
  std::vector<double> param;
  if (aggregate.op == AggregateOp::kQuantile) {
    TICKSCOPE_ASSIGN_OR_RETURN(param, evaluator.Scalar(*aggregate.param, scope));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix in, evaluator.Vector(*aggregate.expr, scope));
  StepMatrix out = evaluator.NewMatrix(scope);
  if (aggregate.op == AggregateOp::kCountValues) {
    TICKSCOPE_RETURN_IF_ERROR(CountValues(run, aggregate, in, out));
    return out;
  }
  AggregateEvaluation evaluation(run, aggregate, in, out);
  if (aggregate.op == AggregateOp::kQuantile) {
    const ParamExtent extent(param);
    const PositionRange at = WithoutParens(*aggregate.param).position;
    if (extent.any_nan) run.annotations.Warn(at, QuantileOutOfRangeText(extent.max));
    if (extent.max > 1) run.annotations.Warn(at, QuantileOutOfRangeText(extent.max));
    if (extent.min < 0) run.annotations.Warn(at, QuantileOutOfRangeText(extent.min));
    TICKSCOPE_RETURN_IF_ERROR(evaluation.RunQuantile(param));
  } else {
    TICKSCOPE_RETURN_IF_ERROR(evaluation.Run());
  }
  evaluation.Annotate();
  return out;
}

}  // namespace tickscope::promql
