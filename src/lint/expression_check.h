// ExpressionCheck: what is wrong with one PromQL expression: it does not parse; it asks for what the schema does not have; it
// treats a metric as what it is not.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lint/finding.h"
#include "lint/known_metrics.h"
#include "promql/ast.h"

namespace tickscope::lint {

/// A word that stands for a dashboard variable whose value is not known: what it is part of is not held to the schema.
inline constexpr std::string_view kAnyWord = "tickscope_any";

/// One thing wrong at byte `offset` of the expression.
struct ExpressionProblem {
  std::size_t offset = 0;
  Severity severity = Severity::kError;
  std::string rule;
  std::string message;
};

struct ExpressionCheck {
  std::vector<ExpressionProblem> problems;
  promql::ExprPtr expr;  ///< Null when it does not parse.
};

[[nodiscard]] ExpressionCheck CheckExpression(std::string_view text, const KnownMetrics& known);

/// The labels that the result of an expression can have, the name not counted; nullopt when that cannot be told.
[[nodiscard]] std::optional<std::set<std::string>> ResultLabels(const promql::Expr& expr,
                                                                const KnownMetrics& known);

}  // namespace tickscope::lint
