// Children of a node, for who walks a tree without caring what each node is.
#pragma once

#include "promql/ast.h"

namespace tickscope::promql {

/// Calls `visit` with each expression right below `expr`, about in the order they are evaluated in.
template <typename Visit>
void ForEachChild(const Expr& expr, Visit visit) {
  if (const auto* subquery = std::get_if<Subquery>(&expr.node)) {
    visit(*subquery->expr);
  } else if (const auto* call = std::get_if<Call>(&expr.node)) {
    for (const ExprPtr& arg : call->args)
      visit(*arg);
  } else if (const auto* aggregate = std::get_if<Aggregate>(&expr.node)) {
    if (aggregate->param != nullptr) visit(*aggregate->param);
    visit(*aggregate->expr);
  } else if (const auto* binary = std::get_if<Binary>(&expr.node)) {
    visit(*binary->left);
    visit(*binary->right);
  } else if (const auto* unary = std::get_if<Unary>(&expr.node)) {
    visit(*unary->expr);
  } else if (const auto* paren = std::get_if<Paren>(&expr.node)) {
    visit(*paren->expr);
  }
}

}  // namespace tickscope::promql
