#include "queryfront/query_shape.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "promql/duration_expr.h"
#include "promql/function_signature.h"

namespace tickscope::queryfront {
namespace {

using promql::AtKind;
using promql::AtModifier;
using promql::Duration;
using promql::DurationRole;
using promql::Expr;

// Far enough for every time a query can name, and sums of a few of them do not overflow.
constexpr std::int64_t kFarMs = INT64_MAX / 8;

std::int64_t Bounded(std::int64_t ms) {
  return std::clamp(ms, -kFarMs, kFarMs);
}
std::int64_t Sum(std::int64_t a, std::int64_t b) {
  return Bounded(Bounded(a) + Bounded(b));
}

// info() looks for its series over all of a query; sorting tells a query of one step from others; start(), end() and
// range() are the query's own.
constexpr std::array<std::string_view, 8> kAboutTheWholeQuery = {
    "end", "info", "range", "sort", "sort_by_label", "sort_by_label_desc", "sort_desc", "start"};

// Where a part of the expression is evaluated.
struct Place {
  TimeSpan times;
  std::uint64_t steps = 1;
  bool is_fixed = false;  // By an @ further out.
  std::int64_t step_ms = 0;
  TimeMs phase_ms = 0;        // One of the times.
  std::string_view function;  // That takes it, if it is a range.
};

class Walk {
 public:
  Walk(const QueryRequest& request, const promql::EngineOptions& options)
      : request_(request),
        options_(options),
        root_{request.start_ms, request.is_range() ? request.end_ms : request.start_ms},
        durations_{request.step_ms, Sum(root_.max_ms, -root_.min_ms)},
        lookback_ms_(request.lookback_ms > 0 ? request.lookback_ms : options.lookback_ms) {}

  [[nodiscard]] Result<QueryShape> Shape(const Expr& expr) {
    Place place{.times = root_, .step_ms = request_.step_ms, .phase_ms = root_.min_ms, .function = {}};
    if (request_.is_range()) place.steps = StepsOf(root_, request_.step_ms);
    TICKSCOPE_RETURN_IF_ERROR(Visit(expr, place));
    return std::move(shape_);
  }

 private:
  static std::uint64_t StepsOf(const TimeSpan& span, std::int64_t step_ms) {
    if (span.max_ms < span.min_ms) return 0;
    return static_cast<std::uint64_t>(Sum(span.max_ms, -span.min_ms)) / static_cast<std::uint64_t>(step_ms) +
           1;
  }

  [[nodiscard]] Status Visit(const Expr& expr, const Place& place) {
    if (const auto* selector = std::get_if<promql::VectorSelector>(&expr.node)) {
      const bool looks_ahead = selector->mode == promql::RangeMode::kSmoothed;
      Place newest = place;
      newest.function = {};
      return Use(*selector, lookback_ms_, lookback_ms_, looks_ahead ? lookback_ms_ : 0, newest);
    }
    if (const auto* range = std::get_if<promql::MatrixSelector>(&expr.node)) {
      TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t range_ms, Resolve(range->range, DurationRole::kRange));
      const promql::RangeMode mode = range->selector.mode;
      return Use(range->selector, range_ms,
                 Sum(range_ms, mode == promql::RangeMode::kPlain ? 0 : lookback_ms_),
                 mode == promql::RangeMode::kSmoothed ? lookback_ms_ : 0, place);
    }
    if (const auto* subquery = std::get_if<promql::Subquery>(&expr.node))
      return VisitSubquery(*subquery, place);
    if (const auto* call = std::get_if<promql::Call>(&expr.node)) {
      if (std::ranges::find(kAboutTheWholeQuery, call->function->name) != kAboutTheWholeQuery.end())
        shape_.is_splittable = false;
      Place inner = place;
      inner.function = call->function->name;
      for (const promql::ExprPtr& arg : call->args)
        TICKSCOPE_RETURN_IF_ERROR(Visit(*arg, inner));
      return {};
    }
    if (const auto* aggregate = std::get_if<promql::Aggregate>(&expr.node)) {
      if (aggregate->param != nullptr) TICKSCOPE_RETURN_IF_ERROR(Visit(*aggregate->param, place));
      return Visit(*aggregate->expr, place);
    }
    if (const auto* binary = std::get_if<promql::Binary>(&expr.node)) {
      TICKSCOPE_RETURN_IF_ERROR(Visit(*binary->left, place));
      return Visit(*binary->right, place);
    }
    if (const auto* unary = std::get_if<promql::Unary>(&expr.node)) return Visit(*unary->expr, place);
    if (const auto* paren = std::get_if<promql::Paren>(&expr.node)) return Visit(*paren->expr, place);
    return {};
  }

  [[nodiscard]] Status VisitSubquery(const promql::Subquery& subquery, const Place& place) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t range_ms, Resolve(subquery.range, DurationRole::kRange));
    TICKSCOPE_ASSIGN_OR_RETURN(std::int64_t step_ms, Resolve(subquery.step, DurationRole::kStep));
    if (step_ms == 0) step_ms = options_.default_subquery_step_ms;
    TICKSCOPE_ASSIGN_OR_RETURN(Place inner, Shifted(subquery.offset, subquery.at, place));
    inner.times.min_ms = Sum(inner.times.min_ms, -range_ms);
    // Its steps are multiples of its step.
    inner.step_ms = step_ms;
    inner.phase_ms = 0;
    inner.steps = StepsOf(inner.times, std::max<std::int64_t>(step_ms, 1));
    return Visit(*subquery.expr, inner);
  }

  // Samples are read from before to after; what is looked at is the range.
  [[nodiscard]] Status Use(const promql::VectorSelector& selector, std::int64_t range_ms,
                           std::int64_t before_ms, std::int64_t after_ms, const Place& place) {
    // Their answers depend on how far back the samples reach that happen to be read.
    if (selector.mode != promql::RangeMode::kPlain) shape_.is_splittable = false;
    TICKSCOPE_ASSIGN_OR_RETURN(const Place at, Shifted(selector.offset, selector.at, place));
    const TimeSpan span{Sum(at.times.min_ms, -before_ms), Sum(at.times.max_ms, after_ms)};
    const SelectHints hints{.function = place.function,
                            .range_ms = range_ms,
                            .step_ms = at.is_fixed ? 0 : at.step_ms,
                            .end_ms = at.phase_ms};
    shape_.selectors.push_back({&selector.matchers, span, at.steps, hints});
    if (at.is_fixed) {
      const TimeSpan known = shape_.fixed.value_or(span);
      shape_.fixed = TimeSpan{std::min(known.min_ms, span.min_ms), std::max(known.max_ms, span.max_ms)};
    } else {
      shape_.back_ms = std::max(shape_.back_ms, Sum(root_.min_ms, -span.min_ms));
      shape_.ahead_ms = std::max(shape_.ahead_ms, Sum(span.max_ms, -root_.max_ms));
    }
    return {};
  }

  static Place Fixed(TimeMs time_ms) {
    return {.times = {time_ms, time_ms}, .is_fixed = true, .phase_ms = time_ms, .function = {}};
  }

  [[nodiscard]] Result<Place> Shifted(const Duration& offset, const AtModifier& at, const Place& place) {
    TICKSCOPE_ASSIGN_OR_RETURN(const std::int64_t offset_ms, Resolve(offset, DurationRole::kOffset));
    Place shifted = place;
    switch (at.kind) {
      case AtKind::kNone:
        break;
      case AtKind::kTimestamp:
        shifted = Fixed(at.time_ms);
        break;
      case AtKind::kStart:
        shape_.is_splittable = false;
        shifted = Fixed(root_.min_ms);
        break;
      case AtKind::kEnd:
        shape_.is_splittable = false;
        shifted = Fixed(root_.max_ms);
        break;
    }
    shifted.times = {Sum(shifted.times.min_ms, -offset_ms), Sum(shifted.times.max_ms, -offset_ms)};
    shifted.phase_ms = Sum(shifted.phase_ms, -offset_ms);
    return shifted;
  }

  [[nodiscard]] Result<std::int64_t> Resolve(const Duration& duration, DurationRole role) {
    if (duration.expr != nullptr && ReadsRange(*duration.expr)) shape_.is_splittable = false;
    return promql::ResolveDuration(duration, role, durations_);
  }

  static bool ReadsRange(const promql::DurationExpr& expr) {
    return expr.op == promql::DurationOp::kRange || (expr.left != nullptr && ReadsRange(*expr.left)) ||
           (expr.right != nullptr && ReadsRange(*expr.right));
  }

  const QueryRequest& request_;
  const promql::EngineOptions& options_;
  const TimeSpan root_;
  const promql::DurationContext durations_;
  const std::int64_t lookback_ms_;
  QueryShape shape_;
};

}  // namespace

Result<QueryShape> ShapeOf(const Expr& expr, const QueryRequest& request,
                           const promql::EngineOptions& options) {
  return Walk(request, options).Shape(expr);
}

}  // namespace tickscope::queryfront
