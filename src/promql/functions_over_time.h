// The *_over_time functions: statistics over the samples of one window.
#pragma once

#include <vector>

#include "promql/range_function.h"

namespace tickscope::promql {

[[nodiscard]] Sample SumOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample AvgOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample CountOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample MinOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample MaxOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample StddevOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample StdvarOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample MadOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample QuantileOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample FirstOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample LastOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample PresentOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample TsOfFirstOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample TsOfLastOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample TsOfMinOverTimeKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample TsOfMaxOverTimeKernel(const RangeWindow& window, RangeCall& call);

}  // namespace tickscope::promql
