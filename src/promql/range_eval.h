// Range vectors: windows over stored series or over a subquery's result, fed to range functions.
#pragma once

#include <functional>

#include "base/error.h"
#include "promql/engine.h"
#include "promql/evaluator.h"
#include "promql/function_table.h"
#include "promql/range_function.h"
#include "promql/range_source.h"

namespace tickscope::promql {

/// Steps of a subquery are absolute multiples of its step, in (start - range, end]; there may be none.
/// Errors: kInvalidArgument for a step without a legal value; kResourceExhausted for too many steps.
[[nodiscard]] Result<Grid> SubqueryGrid(const QueryRun& run, const RangeSource& source, const Grid& outer);

/// Evaluates a call of a function in the table of range functions.
[[nodiscard]] Result<StepMatrix> EvalRangeCall(const CallSite& site);

/// absent_over_time: 1 at the steps where no series has a sample in the range.
[[nodiscard]] Result<StepMatrix> EvalAbsentOverTime(const CallSite& site);

/// A range-vector expression at one time, as an instant query may return it. Rows carry drop marks still.
struct RangeVectorRow {
  SeriesHead head;
  std::vector<Point> points;
};
[[nodiscard]] Result<std::vector<RangeVectorRow>> EvalRangeVector(Evaluator& evaluator, const Expr& expr,
                                                                  const Scope& scope);

}  // namespace tickscope::promql
