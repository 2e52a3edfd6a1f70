// Aggregations: sum, avg, count, min, max, group, stddev, stdvar, quantile and count_values.
#pragma once

#include <vector>

#include "base/error.h"
#include "promql/ast.h"
#include "promql/evaluator.h"

namespace tickscope::promql {

[[nodiscard]] Result<StepMatrix> EvalAggregate(Evaluator& evaluator, const Expr& expr,
                                               const Aggregate& aggregate, const Scope& scope);

/// The extent of a parameter over all steps. Notes and errors name its ends, however many steps there are.
struct ParamExtent {
  explicit ParamExtent(const std::vector<double>& param);

  double min;  ///< NaN when any is, as `max`.
  double max;
  bool any_nan = false;
};

/// The rows that one result stands for.
struct AggregateGroup {
  Labels labels;
  bool drop_name = false;
  std::vector<std::size_t> rows;
};

/// Groups by the labels of by() or without(), in the order of first appearance.
[[nodiscard]] Result<std::vector<AggregateGroup>> GroupRows(const QueryRun& run, const StepMatrix& in,
                                                            const Aggregate& aggregate);

}  // namespace tickscope::promql
