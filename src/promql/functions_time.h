// Functions that look at the times of samples, and vector().
#pragma once

#include "promql/function_table.h"

namespace tickscope::promql {

/// Time of each element in seconds: of its sample where the argument is a selector, else of the evaluation.
[[nodiscard]] Result<StepMatrix> EvalTimestamp(const CallSite& site);
/// Start time of each sample of a selector in seconds, 0 where unknown. Computed elements have none and are left out.
[[nodiscard]] Result<StepMatrix> EvalStartTimestamp(const CallSite& site);
[[nodiscard]] Result<StepMatrix> EvalVectorOfScalar(const CallSite& site);

}  // namespace tickscope::promql
