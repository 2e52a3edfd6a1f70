// Functions that fit or smooth: deriv, predict_linear, double_exponential_smoothing, integral.
#pragma once

#include "promql/range_function.h"

namespace tickscope::promql {

[[nodiscard]] Sample DerivKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample PredictLinearKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample DoubleExponentialSmoothingKernel(const RangeWindow& window, RangeCall& call);
/// Errors: kFailedPrecondition when a factor is not between 0 and 1.
[[nodiscard]] Status CheckSmoothingFactors(const RangeCall& call);
[[nodiscard]] Sample IntegralKernel(const RangeWindow& window, RangeCall& call);

}  // namespace tickscope::promql
