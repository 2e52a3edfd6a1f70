#include "live/range_dependence.h"

namespace tickscope::live {
namespace {

using namespace promql;

std::string_view Find(const DurationExpr* expr) {
  if (expr == nullptr) return {};
  if (expr->op == DurationOp::kRange) return "range()";
  const std::string_view left = Find(expr->left.get());
  return left.empty() ? Find(expr->right.get()) : left;
}

std::string_view Find(const Duration& duration) {
  return Find(duration.expr.get());
}

std::string_view Find(const AtModifier& at) {
  if (at.kind == AtKind::kStart) return "@ start()";
  if (at.kind == AtKind::kEnd) return "@ end()";
  return {};
}

std::string_view Find(const ExprPtr& expr) {
  return expr == nullptr ? std::string_view() : FindRangeDependence(*expr);
}

template <typename... Parts>
std::string_view FirstOf(const Parts&... parts) {
  std::string_view found;
  ((found = found.empty() ? Find(parts) : found), ...);
  return found;
}

struct Visitor {
  std::string_view operator()(const NumberLiteral&) const { return {}; }
  std::string_view operator()(const StringLiteral&) const { return {}; }
  std::string_view operator()(const VectorSelector& node) const { return FirstOf(node.at, node.offset); }
  std::string_view operator()(const MatrixSelector& node) const {
    return FirstOf(node.selector.at, node.selector.offset, node.range);
  }
  std::string_view operator()(const Subquery& node) const {
    return FirstOf(node.at, node.offset, node.range, node.step, node.expr);
  }
  std::string_view operator()(const Call& node) const {
    for (const ExprPtr& argument : node.args) {
      if (const std::string_view found = Find(argument); !found.empty()) return found;
    }
    return {};
  }
  std::string_view operator()(const Aggregate& node) const { return FirstOf(node.expr, node.param); }
  std::string_view operator()(const Binary& node) const { return FirstOf(node.left, node.right); }
  std::string_view operator()(const Unary& node) const { return FirstOf(node.expr); }
  std::string_view operator()(const Paren& node) const { return FirstOf(node.expr); }
};

}  // namespace

std::string_view FindRangeDependence(const Expr& expr) {
  return std::visit(Visitor{}, expr.node);
}

}  // namespace tickscope::live
