#include "promql/functions_time.h"

#include "promql/selector_eval.h"

namespace tickscope::promql {

Result<StepMatrix> EvalTimestamp(const CallSite& site) {
  if (const auto* selector = std::get_if<VectorSelector>(&WithoutParens(site.arg(0)).node)) {
    TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix times, EvalInstantSelector(site.evaluator, *selector, site.scope,
                                                                     SampleAspect::kTimestamp));
    return DropMetricNames(site.run(), std::move(times));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix in, site.evaluator.Vector(site.arg(0), site.scope.TotalsOnly()));
  Pace pace(site.run());
  for (std::size_t row = 0; row < in.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(in.steps()));
    for (std::size_t step = 0; step < in.steps(); ++step) {
      if (in.cell(row, step) == Cell::kNone) continue;
      in.Erase(row, step);
      in.SetFloat(row, step, static_cast<double>(site.scope.grid.At(step)) / 1000);
    }
  }
  return DropMetricNames(site.run(), std::move(in));
}

Result<StepMatrix> EvalStartTimestamp(const CallSite& site) {
  const auto* selector = std::get_if<VectorSelector>(&WithoutParens(site.arg(0)).node);
  // Without the switch no sample has one.
  if (selector == nullptr || !site.run().options.use_start_timestamps) {
    TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix ignored,
                               site.evaluator.Vector(site.arg(0), site.scope.TotalsOnly()));
    return site.evaluator.NewMatrix(site.scope);  // Nor have computed elements.
  }
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix times, EvalInstantSelector(site.evaluator, *selector, site.scope,
                                                                   SampleAspect::kStartTimestamp));
  return DropMetricNames(site.run(), std::move(times));
}

Result<StepMatrix> EvalVectorOfScalar(const CallSite& site) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<double> values, site.Scalar(0));
  return VectorOfScalars(site.evaluator, values);
}

}  // namespace tickscope::promql
