// info(): adds the labels of info metrics (target_info and its like) to the series they describe.
//
// A base series and an info series belong together when their `job` and `instance` agree. Of several info series of
// one metric the one with the newest sample counts.
#pragma once

#include "promql/function_table.h"

namespace tickscope::promql {

/// Errors: kFailedPrecondition when info series contradict each other or hold histograms.
[[nodiscard]] Result<StepMatrix> EvalInfo(const CallSite& site);

}  // namespace tickscope::promql
