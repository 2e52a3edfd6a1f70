#include "promql/selectors.h"

namespace tickscope::promql {
namespace {

using Selectors = std::vector<std::vector<Matcher>>;

void Collect(const Expr& expr, Selectors& out);

// Overloads for each kind of node; the parser bounds how deep they nest.
struct Collector {
  Selectors& out;

  void operator()(const NumberLiteral&) const {}
  void operator()(const StringLiteral&) const {}
  void operator()(const VectorSelector& node) const { out.push_back(node.matchers); }
  void operator()(const MatrixSelector& node) const { out.push_back(node.selector.matchers); }
  void operator()(const Subquery& node) const { Collect(*node.expr, out); }
  void operator()(const Call& node) const {
    for (const ExprPtr& arg : node.args)
      Collect(*arg, out);
  }
  void operator()(const Aggregate& node) const {
    if (node.param != nullptr) Collect(*node.param, out);
    Collect(*node.expr, out);
  }
  void operator()(const Binary& node) const {
    Collect(*node.left, out);
    Collect(*node.right, out);
  }
  void operator()(const Unary& node) const { Collect(*node.expr, out); }
  void operator()(const Paren& node) const { Collect(*node.expr, out); }
};

void Collect(const Expr& expr, Selectors& out) {
  std::visit(Collector{out}, expr.node);
}

}  // namespace

std::vector<std::vector<Matcher>> SelectorsOf(const Expr& expr) {
  Selectors out;
  Collect(expr, out);
  return out;
}

}  // namespace tickscope::promql
