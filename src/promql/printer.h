// Printer: a syntax tree back to PromQL.
#pragma once

#include <cstddef>
#include <string>

#include "promql/ast.h"

namespace tickscope::promql {

/// One line in canonical form: matchers sorted, one blank around operators, `by (a, b)` before the operand.
/// Parsing it with every syntax option on gives an equal tree.
[[nodiscard]] std::string ToString(const Expr& expr);

/// The same, cut at `bytes_max` between characters with "..." behind; takes no longer however long the expression is.
[[nodiscard]] std::string ToShortString(const Expr& expr, std::size_t bytes_max);

/// A text cut like that.
[[nodiscard]] std::string Shortened(std::string text, std::size_t bytes_max);

/// Split over lines and indented by two blanks a level wherever an expression exceeds 100 characters.
[[nodiscard]] std::string ToPrettyString(const Expr& expr);

}  // namespace tickscope::promql
