// Fixed time: an expression rewritten so that its result does not depend on when it is evaluated.
#pragma once

#include "base/clock.h"
#include "promql/ast.h"

namespace tickscope::promqltest {

/// Puts `@ time` on every selector and subquery that has no @ of its own and is not inside a subquery; start() and
/// end() become that time too.
void FixTime(promql::Expr& expr, TimeMs time_ms);

/// True when some call in the tree is of a function that reads the evaluation time.
[[nodiscard]] bool ReadsEvaluationTime(const promql::Expr& expr);
/// True when start(), end(), step() or range() occurs, as a function or in a duration: they tell an instant query from
/// a range query.
[[nodiscard]] bool ReadsQueryRange(const promql::Expr& expr);

}  // namespace tickscope::promqltest
