// Statistics read off a native histogram: quantiles, fractions, spread.
//
// Inside a bucket observations are assumed spread evenly: in the logarithm for exponential buckets, linearly for
// custom buckets and the zero bucket. A zero bucket beside positive buckets only is taken to start at 0 (beside
// negative ones only, to end there). The first custom bucket starts at 0 when its bound is positive.
//
// NaN observations raise the count but lie in no bucket.
#pragma once

#include <vector>

#include "model/histogram.h"
#include "model/histogram_buckets.h"

namespace tickscope {

/// How NaN observations touched a result.
enum class NanObservations : std::uint8_t {
  kNone,
  kSkewed,   ///< The result counts them, so it is higher than without, or leaves them out of a fraction.
  kDecided,  ///< The rank lies among them: the result is NaN.
};

struct HistogramStatistic {
  double value = 0;
  NanObservations nan_observations = NanObservations::kNone;
};

/// The q-quantile; -Inf for q < 0, +Inf for q > 1, NaN for a NaN q or an empty histogram.
[[nodiscard]] HistogramStatistic HistogramQuantile(double q, const Histogram& h);

/// Share of observations in (lower, upper]; NaN for NaN bounds or an empty histogram, 0 when lower >= upper.
[[nodiscard]] HistogramStatistic HistogramFraction(double lower, double upper, const Histogram& h);

/// Estimated population variance, each bucket standing at its middle; NaN for an empty histogram.
[[nodiscard]] double HistogramVariance(const Histogram& h);

/// The buckets with the ends an estimate may use: zero bucket and first custom bucket narrowed as said above.
[[nodiscard]] std::vector<BoundedBucket> BucketsForEstimates(const Histogram& h);

/// Observations of `bucket` at or below `value`, which lies inside it.
[[nodiscard]] double CountBelow(const Histogram& h, const BoundedBucket& bucket, double value);

/// Where the observations of [lower, upper] are taken to stand: geometric mean for exponential buckets, middle for
/// others, the finite end of a bucket that has only one.
[[nodiscard]] double BucketMiddle(const Histogram& h, BucketSign sign, double lower, double upper);

}  // namespace tickscope
