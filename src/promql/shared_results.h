// SharedResults: values of the equal parts of a query (equal_parts.h), from the first evaluation to the last use.
//
// Notes that the first evaluation left are left again at each use, at the places where the using part has what they are about,
// so that nobody can tell a shared query from one that was evaluated part by part.
//
// Memory    Values are copies, counted against the query's budget, and kept only while they take at most an eighth of what is left
//           of it; else the part is evaluated again, so that no query is refused for what it shares.
// Threads   Belongs to one evaluation.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "promql/annotations.h"
#include "promql/equal_parts.h"
#include "promql/evaluator.h"

namespace tickscope::promql {

class SharedResults {
 public:
  /// The run and the tree outlive this.
  SharedResults(QueryRun& run, const Expr& root);

  [[nodiscard]] bool empty() const { return parts_.empty(); }

  /// The value of `expr` in a scope: what was kept of it, else what `evaluate` gives. Errors: those of evaluate.
  template <typename Evaluate>
  [[nodiscard]] Result<StepMatrix> Get(const Expr& expr, const Scope& scope, Evaluate evaluate) {
    const EqualParts::Part* const part = parts_.Of(expr);
    if (part == nullptr) return evaluate();
    Use& use = uses_.try_emplace(part, Use{part->uses, {}}).first->second;
    if (use.left > 0) --use.left;
    if (auto kept = Take(use, expr, scope)) return *std::move(kept);
    Annotations before = std::exchange(run_.annotations, Annotations(run_.text));
    auto value = evaluate();
    Annotations noted = std::exchange(run_.annotations, std::move(before));
    run_.annotations.Merge(noted, {});
    if (value && use.left > 0) Keep(use, expr, scope, *value, std::move(noted));
    return value;
  }

 private:
  struct Kept {
    const Expr* expr = nullptr;  // That was evaluated.
    Scope scope;
    StepMatrix value;
    Annotations notes;
  };
  struct Use {
    std::uint32_t left = 0;
    std::vector<Kept> kept;
  };

  [[nodiscard]] std::optional<Result<StepMatrix>> Take(Use& use, const Expr& expr, const Scope& scope);
  void Keep(Use& use, const Expr& expr, const Scope& scope, const StepMatrix& value, Annotations notes);

  QueryRun& run_;
  EqualParts parts_;
  std::unordered_map<const EqualParts::Part*, Use> uses_;
};

}  // namespace tickscope::promql
