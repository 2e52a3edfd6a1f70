// RangeSource: a range-vector expression with everything resolved that does not depend on the series.
#pragma once

#include "model/labels.h"
#include "promql/ast.h"
#include "promql/query_run.h"
#include "promql/selector_eval.h"

namespace tickscope::promql {

struct RangeSource {
  const MatrixSelector* selector = nullptr;  ///< One of the two.
  const Subquery* subquery = nullptr;
  std::int64_t range_ms = 0;
  TimeShift shift;
  RangeMode mode = RangeMode::kPlain;
};

/// Requires: an expression that is a range vector. Errors: kInvalidArgument for a duration without a legal value.
[[nodiscard]] Result<RangeSource> ResolveSource(const QueryRun& run, const Expr& expr);

/// Tells who asks for the rate of what is not named or typed like a counter that it is likely a mistake.
void AnnotateCounterName(QueryRun& run, PositionRange at, const Labels& labels);

}  // namespace tickscope::promql
