#include "promql/equal_parts.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>

#include "promql/expr_children.h"
#include "promql/function_signature.h"
#include "promql/printer.h"

namespace tickscope::promql {
namespace {

std::size_t Mix(std::size_t hash, std::size_t more) {
  return (hash ^ more) * 0x9e3779b97f4a7c15 + (hash >> 29);
}

std::size_t HashText(std::string_view text) {
  return std::hash<std::string_view>()(text);
}

// Of the node without what is below it. Nodes that differ may hash alike; they print differently.
std::size_t HashNode(const Expr& expr) {
  const std::size_t kind = expr.node.index();
  if (const auto* call = std::get_if<Call>(&expr.node)) return Mix(kind, HashText(call->function->name));
  if (const auto* aggregate = std::get_if<Aggregate>(&expr.node)) {
    std::size_t hash = Mix(kind, static_cast<std::size_t>(aggregate->op) * 2 + (aggregate->without ? 1 : 0));
    for (const std::string& name : aggregate->grouping)
      hash = Mix(hash, HashText(name));
    return hash;
  }
  if (const auto* binary = std::get_if<Binary>(&expr.node))
    return Mix(kind, static_cast<std::size_t>(binary->op));
  if (std::holds_alternative<Unary>(expr.node) || std::holds_alternative<Paren>(expr.node)) return kind;
  return Mix(kind, HashText(ToString(expr)));
}

class Finder {
 public:
  explicit Finder(const std::function<bool(const Aggregate&)>& is_leaf) : is_leaf_(is_leaf) {}

  // Hash of the expression, noted when it may be shared; and whether it selects anything.
  std::pair<std::size_t, bool> Hash(const Expr& expr) {
    std::size_t hash = HashNode(expr);
    bool selects = std::holds_alternative<VectorSelector>(expr.node) ||
                   std::holds_alternative<MatrixSelector>(expr.node);
    ForEachChild(expr, [&](const Expr& child) {
      const auto [child_hash, child_selects] = Hash(child);
      hash = Mix(hash, child_hash);
      selects = selects || child_selects;
    });
    if (selects && !std::holds_alternative<Paren>(expr.node) && TypeOf(expr) == ValueType::kVector) {
      hash_of_[&expr] = hash;
      ++counts_[hash];
    }
    return {hash, selects};
  }

  void Find(const Expr& expr) {
    const auto hashed = hash_of_.find(&expr);
    if (hashed != hash_of_.end() && counts_[hashed->second] > 1) {
      std::shared_ptr<EqualParts::Part>& part = parts_[ToString(expr)];
      if (part == nullptr) part = std::make_shared<EqualParts::Part>(EqualParts::Part{&expr, 0});
      ++part->uses;
      part_of_[&expr] = part;
      if (part->uses > 1) return;
    }
    const auto* aggregate = std::get_if<Aggregate>(&expr.node);
    if (aggregate != nullptr && is_leaf_(*aggregate)) return;
    ForEachChild(expr, [this](const Expr& child) { Find(child); });
  }

  [[nodiscard]] std::unordered_map<const Expr*, std::shared_ptr<const EqualParts::Part>> Take() {
    std::unordered_map<const Expr*, std::shared_ptr<const EqualParts::Part>> taken;
    for (auto& [expr, part] : part_of_) {
      if (part->uses > 1) taken.emplace(expr, part);
    }
    return taken;
  }

 private:
  const std::function<bool(const Aggregate&)>& is_leaf_;
  std::unordered_map<const Expr*, std::size_t> hash_of_;
  std::unordered_map<std::size_t, std::size_t> counts_;
  std::map<std::string, std::shared_ptr<EqualParts::Part>> parts_;
  std::unordered_map<const Expr*, std::shared_ptr<EqualParts::Part>> part_of_;
};

}  // namespace

EqualParts::EqualParts(const Expr& root, const std::function<bool(const Aggregate&)>& is_leaf) {
  Finder finder(is_leaf);
  finder.Hash(root);
  finder.Find(root);
  part_of_ = finder.Take();
}

const EqualParts::Part* EqualParts::Of(const Expr& expr) const {
  const auto found = part_of_.find(&expr);
  return found == part_of_.end() ? nullptr : found->second.get();
}

}  // namespace tickscope::promql
