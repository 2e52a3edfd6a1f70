// Type checker: argument counts and types, operands, modifiers; the rules a grammar alone does not hold.
#pragma once

#include <string_view>

#include "base/error.h"
#include "promql/ast.h"

namespace tickscope::promql {

/// Checks the whole tree and settles the vector matching of operators, which stays on those between instant vectors, and
/// what is the same at every step. Errors: kInvalidArgument "line:col: parse error: what", `text` being what the tree was parsed
/// from.
[[nodiscard]] Status CheckTypes(Expr& expr, std::string_view text);

}  // namespace tickscope::promql
