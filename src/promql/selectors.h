// What an expression selects, without evaluating it.
#pragma once

#include <vector>

#include "model/matcher.h"
#include "promql/ast.h"

namespace tickscope::promql {

/// The matchers of every selector in the expression, in the order written. Empty when it selects nothing.
[[nodiscard]] std::vector<std::vector<Matcher>> SelectorsOf(const Expr& expr);

}  // namespace tickscope::promql
