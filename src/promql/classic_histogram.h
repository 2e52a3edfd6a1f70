// Classic histograms: quantiles and fractions from cumulative `le` buckets.
#pragma once

#include <vector>

#include "promql/annotations.h"

namespace tickscope::promql {

struct ClassicBucket {
  double upper_bound = 0;
  double count = 0;  ///< Cumulative.
};

struct ClassicQuantile {
  double value = 0;
  bool fixed = false;  ///< Counts had to be lifted to be monotonic; `fix` tells which.
  MonotonicityFix fix;
};

/// The q-quantile, -Inf for q < 0, +Inf for q > 1. NaN for a NaN q, without a +Inf bucket, with fewer than two
/// buckets or without observations. `buckets` are in ascending order; equal bounds are merged in place.
[[nodiscard]] ClassicQuantile QuantileOfBuckets(double q, std::vector<ClassicBucket>& buckets);

/// Share of observations in (lower, upper]; NaN for a NaN bound, without a +Inf bucket or without observations.
[[nodiscard]] double FractionOfBuckets(double lower, double upper, std::vector<ClassicBucket>& buckets);

}  // namespace tickscope::promql
