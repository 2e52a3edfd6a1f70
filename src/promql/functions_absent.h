// absent and absent_over_time: a series that exists where another does not.
#pragma once

#include <vector>

#include "promql/function_table.h"

namespace tickscope::promql {

[[nodiscard]] Result<StepMatrix> EvalAbsent(const CallSite& site);

/// 1 at the steps where `present` is false, labelled by what the argument's selector says of the missing series: its
/// equality matchers on labels it mentions once.
[[nodiscard]] Result<StepMatrix> AbsentRow(const CallSite& site, const std::vector<bool>& present);

}  // namespace tickscope::promql
