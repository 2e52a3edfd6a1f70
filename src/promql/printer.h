// Printer: a syntax tree back to PromQL.
#pragma once

#include <string>

#include "promql/ast.h"

namespace tickscope::promql {

/// One line in canonical form: matchers sorted, one blank around operators, `by (a, b)` before the operand.
/// Parsing it with every syntax option on gives an equal tree.
[[nodiscard]] std::string ToString(const Expr& expr);

/// Split over lines and indented by two blanks a level wherever an expression exceeds 100 characters.
[[nodiscard]] std::string ToPrettyString(const Expr& expr);

}  // namespace tickscope::promql
