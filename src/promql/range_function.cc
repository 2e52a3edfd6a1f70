#include "promql/range_function.h"

#include <algorithm>
#include <array>

#include "promql/functions_over_time.h"
#include "promql/functions_rate.h"
#include "promql/functions_trend.h"

namespace tickscope::promql {
namespace {

constexpr auto kRangeFunctions = std::to_array<RangeFunction>({
    {.name = "avg_over_time", .kernel = AvgOverTimeKernel},
    {.name = "changes", .kernel = ChangesKernel},
    {.name = "count_over_time", .kernel = CountOverTimeKernel},
    {.name = "delta", .kernel = DeltaKernel, .looks_at_start = true},
    {.name = "deriv", .kernel = DerivKernel},
    {.name = "double_exponential_smoothing",
     .kernel = DoubleExponentialSmoothingKernel,
     .check_params = CheckSmoothingFactors},
    {.name = "first_over_time", .kernel = FirstOverTimeKernel, .keeps_name = true},
    {.name = "idelta", .kernel = IdeltaKernel},
    {.name = "increase", .kernel = IncreaseKernel, .counter = true, .looks_at_start = true},
    {.name = "integral", .kernel = IntegralKernel},
    {.name = "irate", .kernel = IrateKernel},
    {.name = "last_over_time", .kernel = LastOverTimeKernel, .keeps_name = true},
    {.name = "mad_over_time", .kernel = MadOverTimeKernel},
    {.name = "max_over_time", .kernel = MaxOverTimeKernel},
    {.name = "min_over_time", .kernel = MinOverTimeKernel},
    {.name = "predict_linear", .kernel = PredictLinearKernel},
    {.name = "present_over_time", .kernel = PresentOverTimeKernel},
    {.name = "quantile_over_time", .kernel = QuantileOverTimeKernel},
    {.name = "rate", .kernel = RateKernel, .counter = true, .looks_at_start = true},
    {.name = "resets", .kernel = ResetsKernel},
    {.name = "stddev_over_time", .kernel = StddevOverTimeKernel},
    {.name = "stdvar_over_time", .kernel = StdvarOverTimeKernel},
    {.name = "sum_over_time", .kernel = SumOverTimeKernel},
    {.name = "ts_of_first_over_time", .kernel = TsOfFirstOverTimeKernel},
    {.name = "ts_of_last_over_time", .kernel = TsOfLastOverTimeKernel},
    {.name = "ts_of_max_over_time", .kernel = TsOfMaxOverTimeKernel},
    {.name = "ts_of_min_over_time", .kernel = TsOfMinOverTimeKernel},
});

static_assert(std::ranges::is_sorted(kRangeFunctions, {}, &RangeFunction::name));

}  // namespace

const RangeFunction* FindRangeFunction(std::string_view name) {
  const auto it = std::ranges::lower_bound(kRangeFunctions, name, {}, &RangeFunction::name);
  return it != kRangeFunctions.end() && it->name == name ? &*it : nullptr;
}

}  // namespace tickscope::promql
