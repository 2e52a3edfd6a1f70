#include "promql/aggregate_select.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>

#include "model/histogram_text.h"
#include "promql/aggregate_eval.h"

namespace tickscope::promql {
namespace {

// The largest double below 2^63, and -2^63: from here on counts are refused.
constexpr double kCountMax = 9223372036854774784.0;
constexpr double kCountMin = -9223372036854775808.0;

Status CheckCounts(const ParamExtent& counts) {
  if (counts.max < 1) return {};
  if (counts.any_nan) return Fail(ErrorCode::kFailedPrecondition, "Parameter value is NaN");
  const auto refused = [](double k, std::string_view why) {
    return Fail(ErrorCode::kFailedPrecondition,
                fmt::format("Scalar value {} {} int64", FormatFloatCompact(k), why));
  };
  if (counts.min <= kCountMin) return refused(counts.min, "underflows");
  if (counts.max >= kCountMax) return refused(counts.max, "overflows");
  return {};
}

// Whole number of elements to choose, at most `available`.
std::size_t ChosenCount(double k, std::size_t available) {
  if (k < 1) return 0;
  return k >= static_cast<double>(available) ? available : static_cast<std::size_t>(k);
}

// Puts the rows of a group with a float at `step` in order of preference, of which the first `count` matter.
void RankRows(const StepMatrix& in, std::size_t step, bool largest, std::size_t count,
              std::vector<std::size_t>& rows) {
  const auto better = [&](std::size_t a, std::size_t b) {
    const double x = in.value(a, step);
    const double y = in.value(b, step);
    if (std::isnan(x) || std::isnan(y)) return std::isnan(x) == std::isnan(y) ? a < b : !std::isnan(x);
    if (x == y) return a < b;
    return largest ? x > y : x < y;
  };
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(), better);
}

class Selection {
 public:
  Selection(Evaluator& evaluator, const Aggregate& aggregate, const StepMatrix& in)
      : run_(evaluator.run()),
        pace_(run_),
        aggregate_(aggregate),
        in_(in),
        chosen_(in.rows() * in.steps(), false) {}

  Status Best(const std::vector<double>& k) {
    std::vector<std::size_t> candidates;
    TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<AggregateGroup> groups, GroupRows(run_, in_, aggregate_));
    for (const AggregateGroup& group : groups) {
      for (std::size_t step = 0; step < in_.steps(); ++step) {
        if (k[step] < 1) continue;
        TICKSCOPE_RETURN_IF_ERROR(pace_.Did(group.rows.size()));
        candidates.clear();
        for (const std::size_t row : group.rows) {
          if (in_.cell(row, step) == Cell::kFloat) candidates.push_back(row);
          if (in_.cell(row, step) == Cell::kHistogram) ignored_histogram_ = true;
        }
        const std::size_t count = ChosenCount(k[step], candidates.size());
        RankRows(in_, step, aggregate_.op == AggregateOp::kTopk, count, candidates);
        for (std::size_t i = 0; i < count; ++i)
          Choose(candidates[i], step);
      }
    }
    return {};
  }

  Status First(const std::vector<double>& k) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<AggregateGroup> groups, GroupRows(run_, in_, aggregate_));
    for (const AggregateGroup& group : groups) {
      for (std::size_t step = 0; step < in_.steps(); ++step) {
        TICKSCOPE_RETURN_IF_ERROR(pace_.Did(group.rows.size()));
        std::size_t left = ChosenCount(k[step], group.rows.size());
        for (std::size_t i = 0; i < group.rows.size() && left > 0; ++i) {
          if (in_.cell(group.rows[i], step) == Cell::kNone) continue;
          Choose(group.rows[i], step);
          --left;
        }
      }
    }
    return {};
  }

  // A series' hash decides, so that the same series is chosen each time and r and r - 1 split the series in two. It
  // is XXH64 of the packed labels, which makes Prometheus choose the same ones (labels shorter than 128 bytes).
  Status Share(const std::vector<double>& ratios) {
    for (std::size_t row = 0; row < in_.rows(); ++row) {
      TICKSCOPE_RETURN_IF_ERROR(pace_.Did(in_.steps()));
      const std::string_view packed = in_.head(row).labels.packed();
      const double place =
          std::ldexp(static_cast<double>(XXH64(packed.data(), packed.size(), 0) >> 11), -53);  // [0, 1)
      for (std::size_t step = 0; step < in_.steps(); ++step) {
        const double r = ratios[step];
        // Beyond 1 and -1 these hold for every place.
        if (in_.cell(row, step) != Cell::kNone && (r >= 0 ? place < r : place >= 1 + r)) Choose(row, step);
      }
    }
    return {};
  }

  // The chosen elements: in order of preference for an instant query, else in the order of the input.
  Result<StepMatrix> Take(StepMatrix in) {
    for (std::size_t row = 0; row < in.rows(); ++row) {
      TICKSCOPE_RETURN_IF_ERROR(pace_.Did(in.steps()));
      for (std::size_t step = 0; step < in.steps(); ++step) {
        if (!chosen_[row * in.steps() + step]) in.Erase(row, step);
      }
    }
    if (in.steps() == 1) {
      in.Reorder(order_);
    } else {
      in.DropEmptyRows();
    }
    return in;
  }

  [[nodiscard]] bool ignored_histogram() const { return ignored_histogram_; }

 private:
  void Choose(std::size_t row, std::size_t step) {
    chosen_[row * in_.steps() + step] = true;
    if (in_.steps() == 1) order_.push_back(row);
  }

  QueryRun& run_;
  Pace pace_;
  const Aggregate& aggregate_;
  const StepMatrix& in_;
  std::vector<bool> chosen_;
  std::vector<std::size_t> order_;
  bool ignored_histogram_ = false;
};

// Warns of ratios beyond [-1, 1], which choose as the end they are beyond.
Status CheckRatios(QueryRun& run, const Aggregate& aggregate, const ParamExtent& ratios) {
  if (ratios.any_nan) return Fail(ErrorCode::kFailedPrecondition, "Ratio value is NaN");
  const auto warn = [&](double r, std::string_view cut) {
    run.annotations.Warn(WithoutParens(*aggregate.param).position,
                         fmt::format("ratio value should be between -1 and 1, got {}, capping to {}",
                                     FormatFloatCompact(r), cut));
  };
  if (ratios.max > 1) warn(ratios.max, "1");
  if (ratios.min < -1) warn(ratios.min, "-1");
  return {};
}

}  // namespace

Result<StepMatrix> EvalSelectingAggregate(Evaluator& evaluator, const Expr& expr, const Aggregate& aggregate,
                                          const Scope& scope) {
  QueryRun& run = evaluator.run();
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> param, evaluator.Scalar(*aggregate.param, scope));
  const ParamExtent extent(param);
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, evaluator.Vector(*aggregate.expr, scope));
  Selection selection(evaluator, aggregate, in);
  if (aggregate.op == AggregateOp::kLimitRatio) {
    TICKSCOPE_RETURN_IF_ERROR(CheckRatios(run, aggregate, extent));
    TICKSCOPE_RETURN_IF_ERROR(selection.Share(param));
  } else {
    TICKSCOPE_RETURN_IF_ERROR(CheckCounts(extent));
    TICKSCOPE_RETURN_IF_ERROR(aggregate.op == AggregateOp::kLimitk ? selection.First(param)
                                                                   : selection.Best(param));
  }
  if (selection.ignored_histogram()) {
    run.annotations.Inform(
        expr.position, "ignored histogram in " + std::string(AggregateOpText(aggregate.op)) + " aggregation");
  }
  return selection.Take(std::move(in));
}

}  // namespace tickscope::promql
