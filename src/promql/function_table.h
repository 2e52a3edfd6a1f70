// The table of functions that return instant vectors: name to what evaluates a call.
#pragma once

#include <string_view>

#include "base/error.h"
#include "promql/ast.h"
#include "promql/evaluator.h"
#include "promql/function_signature.h"

namespace tickscope::promql {

/// A call being evaluated.
struct CallSite {
  Evaluator& evaluator;
  const Expr& expr;  ///< The call as an expression, for its position.
  const Call& call;
  const Scope& scope;

  [[nodiscard]] QueryRun& run() const { return evaluator.run(); }
  [[nodiscard]] const Expr& arg(std::size_t i) const { return *call.args[i]; }
  [[nodiscard]] std::size_t arg_count() const { return call.args.size(); }
  /// Where annotations about an argument point: inside its parentheses.
  [[nodiscard]] PositionRange position(std::size_t i) const { return WithoutParens(arg(i)).position; }
  /// Text of a string argument.
  [[nodiscard]] const std::string& text(std::size_t i) const {
    return std::get<StringLiteral>(WithoutParens(arg(i)).node).value;
  }
  /// A vector argument, in the call's scope.
  [[nodiscard]] Result<StepMatrix> Vector(std::size_t i) const { return evaluator.Vector(arg(i), scope); }
  [[nodiscard]] Result<std::vector<double>> Scalar(std::size_t i) const {
    return evaluator.Scalar(arg(i), scope);
  }
};

using VectorFunction = Result<StepMatrix> (*)(const CallSite&);

/// Null for functions that return scalars.
[[nodiscard]] VectorFunction FindVectorFunction(std::string_view name);

}  // namespace tickscope::promql
