// Text of a native histogram and of a float, as label values made by queries and error messages carry them.
#pragma once

#include <string>

#include "model/histogram.h"

namespace tickscope {

/// Shortest text that reads back exactly; exponent form below 1e-4 and from 1e+06. "NaN", "+Inf", "-Inf".
[[nodiscard]] std::string FormatFloatCompact(double v);

/// "{count:4, sum:10, [-2,-1):1, [-0.001,0.001]:1, (1,2]:2}": populated buckets in ascending order.
[[nodiscard]] std::string HistogramText(const Histogram& h);

}  // namespace tickscope
