// Functions that read numbers off histograms, native or classic.
#pragma once

#include "promql/function_table.h"

namespace tickscope::promql {

/// histogram_count, histogram_sum, histogram_avg, histogram_stddev, histogram_stdvar: by name.
[[nodiscard]] Result<StepMatrix> EvalHistogramNumber(const CallSite& site);
[[nodiscard]] Result<StepMatrix> EvalHistogramQuantile(const CallSite& site);
[[nodiscard]] Result<StepMatrix> EvalHistogramQuantiles(const CallSite& site);
[[nodiscard]] Result<StepMatrix> EvalHistogramFraction(const CallSite& site);

}  // namespace tickscope::promql
