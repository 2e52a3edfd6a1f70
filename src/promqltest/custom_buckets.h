// Custom buckets: classic histograms (x_bucket with le, x_count, x_sum) collated into native histograms with custom
// bounds, as `load_with_nhcb` does.
#pragma once

#include <vector>

#include "base/error.h"
#include "promqltest/script.h"

namespace tickscope::promqltest {

/// One series `x` for each family and label set without le. A slot has a histogram where at least one bucket, count
/// or sum has a sample. Buckets whose le is not a number are left out.
/// Errors: kInvalidArgument when cumulative counts fall, naming the series.
[[nodiscard]] Result<std::vector<LoadedSeries>> CollateCustomBuckets(const std::vector<LoadedSeries>& series);

}  // namespace tickscope::promqltest
