// Functions of one element at a time: mathematics, rounding, clamping and calendar parts. They know floats only;
// histograms drop out of their result.
#pragma once

#include "promql/function_table.h"

namespace tickscope::promql {

/// abs, ceil, ..., tanh, deg, rad, sgn: by name.
[[nodiscard]] Result<StepMatrix> EvalFloatFunction(const CallSite& site);
/// year, month, hour and so on, of the argument or else of the evaluation time.
[[nodiscard]] Result<StepMatrix> EvalDateFunction(const CallSite& site);
[[nodiscard]] Result<StepMatrix> EvalRound(const CallSite& site);
[[nodiscard]] Result<StepMatrix> EvalClamp(const CallSite& site);
[[nodiscard]] Result<StepMatrix> EvalClampMin(const CallSite& site);
[[nodiscard]] Result<StepMatrix> EvalClampMax(const CallSite& site);

/// Calendar part `name` ("year", "day_of_week", ...) of a Unix time in seconds, UTC.
[[nodiscard]] double DatePart(std::string_view name, double unix_seconds);

}  // namespace tickscope::promql
