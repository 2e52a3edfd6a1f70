#include "promqltest/fixed_time.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "promql/duration_expr.h"
#include "promql/function_signature.h"

namespace tickscope::promqltest {
namespace {

using namespace promql;

struct Fixer {
  TimeMs time_ms;

  void Fix(AtModifier& at) const {
    if (at.kind != AtKind::kTimestamp) at = {AtKind::kTimestamp, time_ms};
  }
  void operator()(NumberLiteral&) const {}
  void operator()(StringLiteral&) const {}
  void operator()(VectorSelector& selector) const { Fix(selector.at); }
  void operator()(MatrixSelector& matrix) const { Fix(matrix.selector.at); }
  void operator()(Subquery& subquery) const { Fix(subquery.at); }
  void operator()(Call& call) const {
    for (ExprPtr& arg : call.args)
      FixTime(*arg, time_ms);
  }
  void operator()(Aggregate& aggregate) const {
    FixTime(*aggregate.expr, time_ms);
    if (aggregate.param) FixTime(*aggregate.param, time_ms);
  }
  void operator()(Binary& binary) const {
    FixTime(*binary.left, time_ms);
    FixTime(*binary.right, time_ms);
  }
  void operator()(Unary& unary) const { FixTime(*unary.expr, time_ms); }
  void operator()(Paren& paren) const { FixTime(*paren.expr, time_ms); }
};

// Looks for calls of the named functions, and for durations that are not known before the query is.
struct Finder {
  std::span<const std::string_view> functions;
  bool durations = false;

  bool In(const Expr& expr) const { return std::visit(*this, expr.node); }
  bool In(const Duration& duration) const {
    return durations && duration.expr && ReadsQueryTimes(*duration.expr);
  }

  bool operator()(const NumberLiteral&) const { return false; }
  bool operator()(const StringLiteral&) const { return false; }
  bool operator()(const VectorSelector& selector) const { return In(selector.offset); }
  bool operator()(const MatrixSelector& matrix) const {
    return In(matrix.selector.offset) || In(matrix.range);
  }
  bool operator()(const Subquery& subquery) const {
    return In(*subquery.expr) || In(subquery.range) || In(subquery.step) || In(subquery.offset);
  }
  bool operator()(const Call& call) const {
    return std::ranges::find(functions, call.function->name) != functions.end() ||
           std::ranges::any_of(call.args, [&](const ExprPtr& arg) { return In(*arg); });
  }
  bool operator()(const Aggregate& aggregate) const {
    return In(*aggregate.expr) || (aggregate.param && In(*aggregate.param));
  }
  bool operator()(const Binary& binary) const { return In(*binary.left) || In(*binary.right); }
  bool operator()(const Unary& unary) const { return In(*unary.expr); }
  bool operator()(const Paren& paren) const { return In(*paren.expr); }
};

}  // namespace

void FixTime(Expr& expr, TimeMs time_ms) {
  std::visit(Fixer{time_ms}, expr.node);
}

bool ReadsEvaluationTime(const Expr& expr) {
  constexpr auto kFunctions = std::to_array<std::string_view>(
      {"day_of_month", "day_of_week", "day_of_year", "days_in_month", "end", "hour", "minute", "month",
       "predict_linear", "range", "start", "step", "time", "timestamp", "year"});
  return Finder{kFunctions, false}.In(expr);
}

bool ReadsQueryRange(const Expr& expr) {
  constexpr auto kFunctions = std::to_array<std::string_view>({"end", "range", "start", "step"});
  return Finder{kFunctions, true}.In(expr);
}

}  // namespace tickscope::promqltest
