// Aggregations that choose among their elements and leave them as they are: topk, bottomk, limitk, limit_ratio.
#pragma once

#include "base/error.h"
#include "promql/ast.h"
#include "promql/evaluator.h"

namespace tickscope::promql {

/// Errors: kFailedPrecondition for a parameter that is NaN or does not fit an integer.
[[nodiscard]] Result<StepMatrix> EvalSelectingAggregate(Evaluator& evaluator, const Expr& expr,
                                                        const Aggregate& aggregate, const Scope& scope);

}  // namespace tickscope::promql
