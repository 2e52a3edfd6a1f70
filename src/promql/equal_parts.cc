#include "promql/equal_parts.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

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

// Seconds that print alike are the same milliseconds.
std::size_t HashSeconds(double seconds) {
  return std::isfinite(seconds) ? std::hash<double>()(std::round(seconds * 1000)) : 0;
}

std::size_t Hash(const DurationExpr& expr) {
  std::size_t hash = Mix(static_cast<std::size_t>(expr.op), HashSeconds(expr.seconds));
  if (expr.left != nullptr) hash = Mix(hash, Hash(*expr.left));
  if (expr.right != nullptr) hash = Mix(hash, Hash(*expr.right));
  return hash;
}

std::size_t Hash(const Duration& duration) {
  if (duration.expr != nullptr) return Hash(*duration.expr);
  return std::hash<std::int64_t>()(duration.constant_ms.value_or(0));
}

std::size_t Hash(const AtModifier& at) {
  return Mix(static_cast<std::size_t>(at.kind), std::hash<TimeMs>()(at.time_ms));
}

std::size_t Hash(const VectorSelector& selector) {
  std::size_t matchers = 0;  // In any order.
  for (const Matcher& matcher : selector.matchers)
    matchers += Mix(Mix(static_cast<std::size_t>(matcher.type()), HashText(matcher.name())),
                    HashText(matcher.value()));
  const std::size_t hash = Mix(matchers, Hash(selector.offset));
  return Mix(Mix(hash, Hash(selector.at)), static_cast<std::size_t>(selector.mode));
}

// Of a node without what is below it. Nodes that differ may hash alike, those that print alike do.
struct NodeHash {
  std::size_t operator()(const NumberLiteral& number) const { return HashSeconds(number.value); }
  std::size_t operator()(const StringLiteral& string) const { return HashText(string.value); }
  std::size_t operator()(const VectorSelector& selector) const { return Hash(selector); }
  std::size_t operator()(const MatrixSelector& matrix) const {
    return Mix(Hash(matrix.selector), Hash(matrix.range));
  }
  std::size_t operator()(const Subquery& subquery) const {
    const std::size_t hash = Mix(Hash(subquery.range), Hash(subquery.step));
    return Mix(Mix(hash, Hash(subquery.offset)), Hash(subquery.at));
  }
  std::size_t operator()(const Call& call) const { return HashText(call.function->name); }
  std::size_t operator()(const Aggregate& aggregate) const {
    std::size_t hash = static_cast<std::size_t>(aggregate.op) * 2 + (aggregate.without ? 1 : 0);
    for (const std::string& name : aggregate.grouping)
      hash = Mix(hash, HashText(name));
    return hash;
  }
  std::size_t operator()(const Binary& binary) const { return static_cast<std::size_t>(binary.op); }
  std::size_t operator()(const Unary& unary) const { return unary.negate ? 1 : 0; }
  std::size_t operator()(const Paren&) const { return 0; }
};

// Different expressions of one hash that are told apart; further ones are not looked at, so that a query made to collide
// costs no more than others.
constexpr std::size_t kSameHashMax = 4;

class Finder {
 public:
  explicit Finder(const std::function<bool(const Aggregate&)>& is_leaf) : is_leaf_(is_leaf) {}

  // Goes over the tree twice at most, and only once where nothing is written twice.
  void FindIn(const Expr& root) {
    NoteHashes(root);
    std::ranges::sort(noted_, {}, &Noted::hash);
    for (auto at = noted_.begin(); at != noted_.end();) {
      const auto end =
          std::find_if(at, noted_.end(), [at](const Noted& other) { return other.hash != at->hash; });
      if (end - at > 1) {
        for (; at != end; ++at)
          repeated_.emplace(at->expr, at->hash);
      }
      at = end;
    }
    if (!repeated_.empty()) Find(root);
  }

  [[nodiscard]] std::unordered_map<const Expr*, std::shared_ptr<const EqualParts::Part>> Take() {
    std::unordered_map<const Expr*, std::shared_ptr<const EqualParts::Part>> taken;
    for (auto& [expr, part] : part_of_) {
      if (part->uses > 1) taken.emplace(expr, part);
    }
    return taken;
  }

 private:
  using PartPtr = std::shared_ptr<EqualParts::Part>;

  struct Noted {
    std::size_t hash = 0;
    const Expr* expr = nullptr;
  };

  struct Seen {
    std::size_t hash = 0;
    bool selects = false;
  };

  // Notes what may be shared; tells the hash of the expression and whether it selects anything.
  Seen NoteHashes(const Expr& expr) {
    Seen seen;
    seen.hash = Mix(expr.node.index(), std::visit(NodeHash{}, expr.node));
    seen.selects = std::holds_alternative<VectorSelector>(expr.node) ||
                   std::holds_alternative<MatrixSelector>(expr.node);
    ForEachChild(expr, [&](const Expr& child) {
      const Seen below = NoteHashes(child);
      seen.hash = Mix(seen.hash, below.hash);
      seen.selects = seen.selects || below.selects;
    });
    if (seen.selects && !std::holds_alternative<Paren>(expr.node) && expr.type == ValueType::kVector)
      noted_.push_back({seen.hash, &expr});
    return seen;
  }

  void Find(const Expr& expr) {
    if (const auto repeated = repeated_.find(&expr); repeated != repeated_.end()) {
      if (const PartPtr part = PartOf(expr, repeated->second); part != nullptr) {
        ++part->uses;
        part_of_[&expr] = part;
        if (part->uses > 1) return;
      }
    }
    const auto* aggregate = std::get_if<Aggregate>(&expr.node);
    if (aggregate != nullptr && is_leaf_(*aggregate)) return;
    ForEachChild(expr, [this](const Expr& child) { Find(child); });
  }

  // The part that prints like the expression, which is new when there is none; null when there are too many.
  PartPtr PartOf(const Expr& expr, std::size_t hash) {
    std::vector<PartPtr>& parts = parts_[hash];
    if (!parts.empty()) {
      const std::string text = ToString(expr);
      const auto same = std::ranges::find_if(
          parts, [&text](const PartPtr& part) { return ToString(*part->first) == text; });
      if (same != parts.end()) return *same;
      if (parts.size() == kSameHashMax) return nullptr;
    }
    parts.push_back(std::make_shared<EqualParts::Part>(EqualParts::Part{&expr, 0}));
    return parts.back();
  }

  const std::function<bool(const Aggregate&)>& is_leaf_;
  std::vector<Noted> noted_;
  std::unordered_map<const Expr*, std::size_t> repeated_;  // To its hash, which others have too.
  std::unordered_map<std::size_t, std::vector<PartPtr>> parts_;
  std::unordered_map<const Expr*, PartPtr> part_of_;
};

}  // namespace

EqualParts::EqualParts(const Expr& root, const std::function<bool(const Aggregate&)>& is_leaf) {
  Finder finder(is_leaf);
  finder.FindIn(root);
  part_of_ = finder.Take();
}

const EqualParts::Part* EqualParts::Of(const Expr& expr) const {
  const auto found = part_of_.find(&expr);
  return found == part_of_.end() ? nullptr : found->second.get();
}

}  // namespace tickscope::promql
