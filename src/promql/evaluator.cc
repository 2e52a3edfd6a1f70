#include "promql/evaluator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/check.h"
#include "model/histogram_arithmetic.h"
#include "promql/aggregate_eval.h"
#include "promql/binary_eval.h"
#include "promql/binary_op.h"
#include "promql/function_signature.h"
#include "promql/function_table.h"
#include "promql/selector_eval.h"
#include "promql/shared_results.h"

namespace tickscope::promql {
namespace {

double Seconds(std::int64_t ms) {
  return static_cast<double>(ms) / 1000;
}

double Extreme(bool smallest, double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  return smallest ? std::min(a, b) : std::max(a, b);
}

// The value of scalar(): of the only float element, else NaN.
Result<std::vector<double>> OnlyElements(const QueryRun& run, const StepMatrix& in) {
  Pace pace(run);
  std::vector<double> out(in.steps(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t step = 0; step < in.steps(); ++step) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(in.rows()));
    std::size_t floats = 0;
    for (std::size_t row = 0; row < in.rows(); ++row) {
      if (in.cell(row, step) != Cell::kFloat) continue;
      ++floats;
      out[step] = in.value(row, step);
    }
    if (floats > 1) out[step] = std::numeric_limits<double>::quiet_NaN();
  }
  return out;
}

Result<StepMatrix> Negate(const QueryRun& run, StepMatrix in) {
  Pace pace(run);
  for (std::size_t row = 0; row < in.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(in.steps()));
    for (std::size_t step = 0; step < in.steps(); ++step) {
      if (in.cell(row, step) == Cell::kFloat) in.SetFloat(row, step, -in.value(row, step));
      if (in.cell(row, step) == Cell::kHistogram) {
        in.SetHistogram(row, step,
                        std::make_shared<const Histogram>(ScaleHistogram(*in.histogram(row, step), -1)));
      }
    }
  }
  return DropMetricNames(run, std::move(in));
}

}  // namespace

Evaluator::Evaluator(QueryRun& run, const Expr& root) : run_(run) {
  auto shared = std::make_unique<SharedResults>(run, root);
  if (!shared->empty()) shared_ = std::move(shared);
}
Evaluator::~Evaluator() = default;

Result<StepMatrix> Evaluator::Vector(const Expr& expr, const Scope& scope) {
  TICKSCOPE_RETURN_IF_ERROR(run_.Check());
  if (run_.trace == nullptr) [[likely]]
    return SharedVector(expr, scope);
  const auto began = run_.trace->Now();
  auto value = SharedVector(expr, scope);
  run_.trace->Ran(expr, began, value ? value->rows() : 0);
  return value;
}

Result<StepMatrix> Evaluator::SharedVector(const Expr& expr, const Scope& scope) {
  if (shared_ == nullptr) [[likely]]
    return VectorAtSteps(expr, scope);
  return shared_->Get(expr, scope, [&] { return VectorAtSteps(expr, scope); });
}

Result<StepMatrix> Evaluator::VectorAtSteps(const Expr& expr, const Scope& scope) {
  const bool one_anyway = scope.grid.count == 1 && !scope.ends_later;
  if (one_anyway || !expr.is_step_invariant) return VectorNode(expr, scope);
  Scope one_step = scope;
  one_step.grid.count = 1;
  one_step.ends_later = false;
  TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix at_one_step, VectorNode(expr, one_step));
  return Broadcast(run_, at_one_step, scope.grid.count);
}

Result<StepMatrix> Evaluator::VectorNode(const Expr& expr, const Scope& scope) {
  if (const auto* selector = std::get_if<VectorSelector>(&expr.node)) {
    return EvalInstantSelector(*this, *selector, scope, SampleAspect::kValue, expr.position);
  }
  if (const auto* call = std::get_if<Call>(&expr.node)) {
    // Any bucket may be what changed.
    const Scope inner = call->function->name == "changes" ? scope.Whole() : scope;
    return FindVectorFunction(call->function->name)({*this, expr, *call, inner});
  }
  if (const auto* aggregate = std::get_if<Aggregate>(&expr.node)) {
    return EvalAggregate(*this, expr, *aggregate, scope);
  }
  if (const auto* binary = std::get_if<Binary>(&expr.node)) return EvalBinary(*this, expr, *binary, scope);
  if (const auto* paren = std::get_if<Paren>(&expr.node)) return Vector(*paren->expr, scope);
  if (const auto* unary = std::get_if<Unary>(&expr.node)) {
    TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, Vector(*unary->expr, scope));
    if (!unary->negate) return in;
    return Negate(run_, std::move(in));
  }
  return Fail(ErrorCode::kInternal, "expression is not an instant vector");
}

Result<std::vector<double>> Evaluator::Scalar(const Expr& expr, const Scope& scope) {
  if (run_.trace == nullptr) [[likely]]
    return ScalarAtSteps(expr, scope);
  const auto began = run_.trace->Now();
  auto value = ScalarAtSteps(expr, scope);
  run_.trace->Ran(expr, began, value ? 1 : 0);
  return value;
}

Result<std::vector<double>> Evaluator::ScalarAtSteps(const Expr& expr, const Scope& scope) {
  if (scope.grid.count == 1 || !expr.is_step_invariant) return ScalarNode(expr, scope);
  Scope one_step = scope;
  one_step.grid.count = 1;
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> at_one_step, ScalarNode(expr, one_step));
  return std::vector<double>(scope.grid.count, at_one_step[0]);
}

Result<std::vector<double>> Evaluator::ScalarNode(const Expr& expr, const Scope& scope) {
  if (const auto* number = std::get_if<NumberLiteral>(&expr.node)) {
    return std::vector<double>(scope.grid.count, number->value);
  }
  if (const auto* paren = std::get_if<Paren>(&expr.node)) return Scalar(*paren->expr, scope);
  if (const auto* call = std::get_if<Call>(&expr.node)) return ScalarCall(*call, scope);
  if (const auto* unary = std::get_if<Unary>(&expr.node)) {
    TICKSCOPE_ASSIGN_OR_RETURN(std::vector<double> values, Scalar(*unary->expr, scope));
    if (unary->negate) std::transform(values.begin(), values.end(), values.begin(), std::negate<>());
    return values;
  }
  if (const auto* binary = std::get_if<Binary>(&expr.node)) {
    TICKSCOPE_ASSIGN_OR_RETURN(std::vector<double> left, Scalar(*binary->left, scope));
    TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> right, Scalar(*binary->right, scope));
    if (binary->op == BinaryOp::kTrimUpper || binary->op == BinaryOp::kTrimLower) {
      return Fail(ErrorCode::kFailedPrecondition, "operator \"" + std::string(BinaryOpText(binary->op)) +
                                                      "\" not allowed for Scalar operations");
    }
    for (std::size_t i = 0; i < left.size(); ++i)
      left[i] = ApplyToFloats(binary->op, left[i], right[i]);
    return left;
  }
  return Fail(ErrorCode::kInternal, "expression is not a scalar");
}

Result<std::vector<double>> Evaluator::ScalarCall(const Call& call, const Scope& scope) {
  const std::string_view name = call.function->name;
  const auto same = [&](double v) { return std::vector<double>(scope.grid.count, v); };
  if (name == "pi") return same(std::numbers::pi);
  if (name == "start") return same(Seconds(run_.start_ms));
  if (name == "end") return same(Seconds(run_.end_ms));
  if (name == "step") return same(Seconds(run_.step_ms));
  if (name == "range") return same(Seconds(run_.end_ms - run_.start_ms));
  if (name == "time") {
    std::vector<double> out;
    out.reserve(scope.grid.count);
    for (std::size_t step = 0; step < scope.grid.count; ++step)
      out.push_back(Seconds(scope.grid.At(step)));
    return out;
  }
  if (name == "scalar") {
    TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix in, Vector(*call.args[0], scope));
    return OnlyElements(run_, in);
  }
  TICKSCOPE_CHECK(name == "min_of" || name == "max_of");
  TICKSCOPE_ASSIGN_OR_RETURN(std::vector<double> out, Scalar(*call.args[0], scope));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> other, Scalar(*call.args[1], scope));
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = Extreme(name == "min_of", out[i], other[i]);
  return out;
}

Result<StepMatrix> DropMetricNames(const QueryRun& run, StepMatrix matrix) {
  for (std::size_t row = 0; row < matrix.rows(); ++row)
    matrix.head(row).drop_name = true;
  if (run.options.delayed_name_removal) return matrix;
  return RemoveMarkedNames(run, std::move(matrix));
}

Result<StepMatrix> VectorOfScalars(Evaluator& evaluator, const std::vector<double>& values) {
  StepMatrix out(values.size(), evaluator.run().budget);
  out.AddRow({});
  for (std::size_t step = 0; step < values.size(); ++step)
    out.SetFloat(0, step, values[step]);
  TICKSCOPE_RETURN_IF_ERROR(out.CloseRow());
  return out;
}

}  // namespace tickscope::promql
