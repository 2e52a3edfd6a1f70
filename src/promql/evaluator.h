// Evaluator: walks a checked expression and computes it at every step of a grid at once.
//
// Each expression becomes a StepMatrix (instant vectors) or one number a step (scalars). Selectors read storage once
// for all the steps they serve; expressions that are the same at every step are computed for one and copied. What a
// kind of expression does lies in a file of its own (selector_eval, range_eval, binary_eval, aggregate_eval, the
// functions_* files); this class only sends each node to its place.
//
// Threads    One evaluation, one thread.
#pragma once

#include <memory>
#include <vector>

#include "base/error.h"
#include "promql/ast.h"
#include "promql/query_run.h"
#include "promql/step_matrix.h"

namespace tickscope::promql {

/// Where an expression is evaluated.
struct Scope {
  Grid grid;
  /// Only counts and sums of histograms will be looked at, so that hints of counter resets are derived from the
  /// stored order of samples.
  bool histogram_totals_only = false;
  /// Something further out looks at whole histograms, whatever is asked further in.
  bool whole_histograms = false;
  /// Times a range query asks for past its last step; sorting is told by it.
  bool ends_later = false;

  /// For an argument of which only counts and sums are looked at.
  [[nodiscard]] Scope TotalsOnly() const {
    Scope scope = *this;
    scope.histogram_totals_only = !whole_histograms;
    return scope;
  }
  /// For an argument whose buckets matter.
  [[nodiscard]] Scope Whole() const {
    Scope scope = *this;
    scope.histogram_totals_only = false;
    scope.whole_histograms = true;
    return scope;
  }
};

class SharedResults;

class Evaluator {
 public:
  /// `root` is what will be evaluated, as a whole or in parts; it and the run outlive this.
  Evaluator(QueryRun& run, const Expr& root);
  ~Evaluator();

  /// An instant-vector expression. Errors: kFailedPrecondition when the data does not allow the operation.
  [[nodiscard]] Result<StepMatrix> Vector(const Expr& expr, const Scope& scope);
  /// A scalar expression, one value a step.
  [[nodiscard]] Result<std::vector<double>> Scalar(const Expr& expr, const Scope& scope);

  [[nodiscard]] QueryRun& run() { return run_; }
  [[nodiscard]] StepMatrix NewMatrix(const Scope& scope) { return {scope.grid.count, run_.budget}; }

 private:
  [[nodiscard]] Result<StepMatrix> SharedVector(const Expr& expr, const Scope& scope);
  [[nodiscard]] Result<StepMatrix> VectorAtSteps(const Expr& expr, const Scope& scope);
  [[nodiscard]] Result<StepMatrix> VectorNode(const Expr& expr, const Scope& scope);
  [[nodiscard]] Result<std::vector<double>> ScalarAtSteps(const Expr& expr, const Scope& scope);
  [[nodiscard]] Result<std::vector<double>> ScalarNode(const Expr& expr, const Scope& scope);
  [[nodiscard]] Result<std::vector<double>> ScalarCall(const Call& call, const Scope& scope);

  QueryRun& run_;
  std::unique_ptr<SharedResults> shared_;  // Null when no parts are equal.
};

/// Takes the metric name away from every row: at once, or at the end of evaluation where EngineOptions say so.
[[nodiscard]] Result<StepMatrix> DropMetricNames(const QueryRun& run, StepMatrix matrix);

/// One row without labels, a value a step.
[[nodiscard]] Result<StepMatrix> VectorOfScalars(Evaluator& evaluator, const std::vector<double>& values);

}  // namespace tickscope::promql
