// Binary operators between instant vectors, and between an instant vector and scalars.
#pragma once

#include "base/error.h"
#include "promql/ast.h"
#include "promql/evaluator.h"

namespace tickscope::promql {

/// A binary expression with at least one instant vector.
/// Errors: kFailedPrecondition when series match that must not (many-to-many and the like).
[[nodiscard]] Result<StepMatrix> EvalBinary(Evaluator& evaluator, const Expr& expr, const Binary& binary,
                                            const Scope& scope);

}  // namespace tickscope::promql
