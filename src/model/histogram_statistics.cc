#include "model/histogram_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tickscope {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

bool SpreadsLinearly(const Histogram& h, const BoundedBucket& bucket) {
  return UsesCustomBounds(h) || bucket.sign == BucketSign::kZero;
}

// The value below which `share` of the bucket's observations lie.
double ValueAt(const Histogram& h, const BoundedBucket& bucket, double share) {
  if (SpreadsLinearly(h, bucket)) return bucket.lower + (bucket.upper - bucket.lower) * share;
  const double log_lower = std::log2(std::abs(bucket.lower));
  const double log_upper = std::log2(std::abs(bucket.upper));
  if (bucket.sign == BucketSign::kPositive) return std::exp2(log_lower + (log_upper - log_lower) * share);
  return -std::exp2(log_upper + (log_lower - log_upper) * (1 - share));
}

double TotalCount(const std::vector<BoundedBucket>& buckets) {
  double total = 0;
  for (const BoundedBucket& bucket : buckets)
    total += bucket.count;
  return total;
}

// A NaN sum with fewer observations in buckets than counted tells of NaN observations; +Inf and -Inf together make
// the sum NaN as well, but they lie in buckets.
bool HasNanObservations(const Histogram& h, double in_buckets) {
  return std::isnan(h.sum) && in_buckets < h.count;
}

}  // namespace

std::vector<BoundedBucket> BucketsForEstimates(const Histogram& h) {
  std::vector<BoundedBucket> buckets = BucketsByValue(h);
  // As the reference has it, a side with empty buckets only is a side with buckets.
  const bool any_negative = !h.negative_buckets.empty();
  const bool any_positive = !h.positive_buckets.empty();
  for (BoundedBucket& bucket : buckets) {
    if (bucket.sign == BucketSign::kZero) {
      if (any_positive && !any_negative) bucket.lower = 0;
      if (any_negative && !any_positive) bucket.upper = 0;
    } else if (UsesCustomBounds(h) && bucket.lower == -kInf && bucket.upper > 0) {
      bucket.lower = 0;
    }
  }
  return buckets;
}

double CountBelow(const Histogram& h, const BoundedBucket& bucket, double value) {
  if (bucket.lower == -kInf)
    return bucket.count;  // Only a first custom bucket: all of it stands at its bound.
  if (SpreadsLinearly(h, bucket))
    return bucket.count * (value - bucket.lower) / (bucket.upper - bucket.lower);
  const double log_lower = std::log2(std::abs(bucket.lower));
  const double log_upper = std::log2(std::abs(bucket.upper));
  const double log_value = std::log2(std::abs(value));
  if (bucket.sign == BucketSign::kPositive) {
    return bucket.count * ((log_value - log_lower) / (log_upper - log_lower));
  }
  return bucket.count * (1 - (log_value - log_upper) / (log_lower - log_upper));
}

double BucketMiddle(const Histogram& h, BucketSign sign, double lower, double upper) {
  if (lower == -kInf) return upper;
  if (upper == kInf) return lower;
  if (UsesCustomBounds(h) || sign == BucketSign::kZero) return (lower + upper) / 2;
  const double middle = std::sqrt(std::abs(lower) * std::abs(upper));
  return sign == BucketSign::kNegative ? -middle : middle;
}

HistogramStatistic HistogramQuantile(double q, const Histogram& h) {
  if (q < 0) return {-kInf};
  if (q > 1) return {kInf};
  if (h.count == 0 || std::isnan(q)) return {kNan};

  const std::vector<BoundedBucket> buckets = BucketsForEstimates(h);
  const double in_buckets = TotalCount(buckets);
  const bool nan_observations = HasNanObservations(h, in_buckets);
  // Counting from the nearer end loses less precision; with NaN observations only the lower end is known.
  const bool from_below = std::isnan(h.sum) || q < 0.5;
  const double rank = (from_below ? q : 1 - q) * h.count;
  double seen = 0;
  const BoundedBucket* found = nullptr;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    found = &buckets[from_below ? i : buckets.size() - 1 - i];
    seen += found->count;
    if (seen >= rank) break;
  }
  seen = std::min(seen, h.count);
  if (found == nullptr) {
    // Nothing is known but the count, as after a division by zero: the reference then says 0.
    if (!std::isnan(h.sum) && rank > 0) return {0};
    return {kNan, nan_observations ? NanObservations::kDecided : NanObservations::kNone};
  }
  if (nan_observations && seen < rank) return {kNan, NanObservations::kDecided};
  const NanObservations note = nan_observations ? NanObservations::kSkewed : NanObservations::kNone;
  if (UsesCustomBounds(h)) {
    if (found->lower == -kInf) return {found->upper, note};
    if (found->upper == kInf && found->index > 0) return {found->lower, note};
  }
  // Possible when differences count down, or by rounding.
  if (seen < rank) return {found->upper, note};
  const double into = from_below ? rank - (seen - found->count) : seen - rank;
  return {ValueAt(h, *found, into / found->count), note};
}

HistogramStatistic HistogramFraction(double lower, double upper, const Histogram& h) {
  if (h.count == 0 || std::isnan(lower) || std::isnan(upper)) return {kNan};
  if (lower >= upper) return {0};
  const std::vector<BoundedBucket> buckets = BucketsForEstimates(h);
  const double in_buckets = TotalCount(buckets);
  const NanObservations note =
      HasNanObservations(h, in_buckets) ? NanObservations::kSkewed : NanObservations::kNone;
  // No rank is above the whole, which buckets of differences, some of them negative, may add up past.
  const double whole = std::isnan(h.sum) ? in_buckets : h.count;
  const auto rank_of = [&](double value) {
    double rank = 0;
    for (const BoundedBucket& bucket : buckets) {
      if (bucket.lower >= value) return std::min(rank, whole);
      if (bucket.upper > value) return std::min(rank + CountBelow(h, bucket, value), whole);
      rank += bucket.count;
    }
    return whole;
  };
  return {(rank_of(upper) - rank_of(lower)) / h.count, note};
}

double HistogramVariance(const Histogram& h) {
  const double mean = h.sum / h.count;
  double total = 0;
  double compensation = 0;
  for (const BoundedBucket& bucket : BucketsByValue(h)) {
    // An endless custom bucket has no middle, and its variance no bound.
    const double middle = bucket.sign == BucketSign::kZero ? 0
                          : UsesCustomBounds(h)            ? (bucket.lower + bucket.upper) / 2
                                                : BucketMiddle(h, bucket.sign, bucket.lower, bucket.upper);
    const double part = bucket.count * (middle - mean) * (middle - mean);
    const double next = total + part;
    compensation += std::abs(total) >= std::abs(part) ? (total - next) + part : (part - next) + total;
    total = next;
  }
  return (std::isfinite(total) ? total + compensation : total) / h.count;
}

}  // namespace tickscope
