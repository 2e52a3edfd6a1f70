// Equal parts: which expressions within a query are the same, so that one evaluation does for all.
//
// Two are equal when they print alike: matchers in any order, durations in any unit, blanks and quotes as they may be. Only
// instant vectors that select something count, and of nested ones the outermost: what is inside a part that is taken from
// another is not evaluated at all. Nor is what an aggregate adds up where the columns are (pushed_aggregate.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "promql/ast.h"

namespace tickscope::promql {

class EqualParts {
 public:
  /// Nothing is equal.
  EqualParts() = default;
  /// `is_leaf` says of an aggregate that what is inside is not evaluated by itself. The tree outlives this.
  EqualParts(const Expr& root, const std::function<bool(const Aggregate&)>& is_leaf);

  struct Part {
    const Expr* first = nullptr;  ///< In order of evaluation.
    std::uint32_t uses = 0;       ///< Two or more.
  };
  /// What `expr` is one of, null when nothing equals it. Parts are told apart by address.
  [[nodiscard]] const Part* Of(const Expr& expr) const;
  [[nodiscard]] bool empty() const { return part_of_.empty(); }

 private:
  std::unordered_map<const Expr*, std::shared_ptr<const Part>> part_of_;
};

}  // namespace tickscope::promql
