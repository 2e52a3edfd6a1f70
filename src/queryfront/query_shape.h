// Query shape: which samples a query reads, told from its text and times alone.
//
// Two things follow from it: what to ask the indexes for an estimate, and whether an answer may be put together from steps
// that were evaluated at different times. That needs every step to depend on its own time only: on samples in
// [t - back, t + ahead] and on those in `fixed`, and on nothing that the query as a whole says.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/matcher.h"
#include "promql/ast.h"
#include "promql/engine.h"
#include "queryfront/query_request.h"

namespace tickscope::queryfront {

/// Times [min, max], both inclusive.
struct TimeSpan {
  TimeMs min_ms = 0;
  TimeMs max_ms = 0;
  friend bool operator==(const TimeSpan&, const TimeSpan&) = default;
};

/// One selector of a query.
struct SelectorUse {
  const std::vector<Matcher>* matchers = nullptr;  ///< The tree's.
  TimeSpan span;                                   ///< Of samples that are read.
  std::uint64_t steps = 1;                         ///< How often it is evaluated.
  SelectHints hints;                               ///< What is made of it; without a resolution.
};

struct QueryShape {
  std::vector<SelectorUse> selectors;
  bool is_splittable = true;
  std::int64_t back_ms = 0;       ///< No less than 0.
  std::int64_t ahead_ms = 0;      ///< No less than 0; more than 0 with negative offsets.
  std::optional<TimeSpan> fixed;  ///< What `@` names.
};

/// The shape of a parsed query at the request's times. Errors: kInvalidArgument for a duration without a legal value.
[[nodiscard]] Result<QueryShape> ShapeOf(const promql::Expr& expr, const QueryRequest& request,
                                         const promql::EngineOptions& options);

}  // namespace tickscope::queryfront
