// RangeDependence: whether an expression's value at a step depends on where the query begins and ends. Such a query cannot
// be answered step by step.
#pragma once

#include <string_view>

#include "promql/ast.h"

namespace tickscope::live {

/// "@ start()", "@ end()" or "range()", whichever is found first; empty when there is none.
[[nodiscard]] std::string_view FindRangeDependence(const promql::Expr& expr);

}  // namespace tickscope::live
