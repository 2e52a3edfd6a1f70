#include "promql/classic_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tickscope::promql {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

// Buckets whose bounds are written differently ("1", "1.0") but are equal hold parts of one count.
void MergeEqualBounds(std::vector<ClassicBucket>& buckets) {
  std::size_t kept = 0;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper_bound == buckets[kept].upper_bound) {
      buckets[kept].count += buckets[i].count;
    } else {
      buckets[++kept] = buckets[i];
    }
  }
  if (!buckets.empty()) buckets.resize(kept + 1);
}

// Differences that come from rounding in earlier operations, not from the data.
bool NearlyEqual(double a, double b) {
  constexpr double kTolerance = 1e-12;
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  const double sum = std::abs(a) + std::abs(b);
  if (a == 0 || b == 0 || sum < std::numeric_limits<double>::min()) {
    return std::abs(a - b) < kTolerance * std::numeric_limits<double>::min();
  }
  return std::abs(a - b) / std::min(sum, std::numeric_limits<double>::max()) < kTolerance;
}

// Lifts counts that are lower than the one before.
void MakeMonotonic(std::vector<ClassicBucket>& buckets, ClassicQuantile& result) {
  double previous = buckets[0].count;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    double& count = buckets[i].count;
    if (NearlyEqual(previous, count)) {
      count = previous;
    } else if (count < previous) {
      const double difference = previous - count;
      if (!result.fixed) result.fix = {buckets[i].upper_bound, buckets[i].upper_bound, difference};
      result.fixed = true;
      result.fix.bucket_min = std::min(result.fix.bucket_min, buckets[i].upper_bound);
      result.fix.bucket_max = std::max(result.fix.bucket_max, buckets[i].upper_bound);
      result.fix.difference_max = std::max(result.fix.difference_max, difference);
      count = previous;
    }
    previous = count;
  }
}

}  // namespace

ClassicQuantile QuantileOfBuckets(double q, std::vector<ClassicBucket>& buckets) {
  if (std::isnan(q)) return {kNan};
  if (q < 0) return {-kInf};
  if (q > 1) return {kInf};
  if (buckets.empty() || buckets.back().upper_bound != kInf) return {kNan};
  MergeEqualBounds(buckets);
  ClassicQuantile result{kNan};
  MakeMonotonic(buckets, result);
  const double observations = buckets.back().count;
  if (buckets.size() < 2 || observations == 0 || std::isnan(observations)) return result;

  const double rank = q * observations;
  const auto found = std::find_if(buckets.begin(), buckets.end() - 1,
                                  [rank](const ClassicBucket& bucket) { return bucket.count >= rank; });
  const auto i = static_cast<std::size_t>(found - buckets.begin());
  if (i == buckets.size() - 1) {
    result.value = buckets[i - 1].upper_bound;
  } else if (i == 0 && buckets[0].upper_bound <= 0) {
    result.value = buckets[0].upper_bound;
  } else {
    const double lower = i == 0 ? 0 : buckets[i - 1].upper_bound;
    const double below = i == 0 ? 0 : buckets[i - 1].count;
    result.value = lower + (buckets[i].upper_bound - lower) * ((rank - below) / (buckets[i].count - below));
  }
  return result;
}

double FractionOfBuckets(double lower, double upper, std::vector<ClassicBucket>& buckets) {
  if (buckets.empty() || buckets.back().upper_bound != kInf) return kNan;
  MergeEqualBounds(buckets);
  const double observations = buckets.back().count;
  if (observations == 0 || std::isnan(observations) || std::isnan(lower) || std::isnan(upper)) {
    return kNan;
  }
  if (lower >= upper) return 0;
  // Counts that fall on the way may be above the last one, but no rank is.
  const auto rank_of = [&](double value) -> double {
    double below = 0;
    // Observations of the first bucket are taken to be positive if its bound is.
    double bucket_lower = buckets[0].upper_bound > 0 ? 0 : -kInf;
    for (const ClassicBucket& bucket : buckets) {
      if (bucket_lower >= value) return std::min(below, observations);
      if (bucket.upper_bound > value) {
        const double inside = bucket.count - below;
        if (bucket_lower == -kInf) return std::min(below + inside, observations);
        return std::min(below + inside * (value - bucket_lower) / (bucket.upper_bound - bucket_lower),
                        observations);
      }
      below = bucket.count;
      bucket_lower = bucket.upper_bound;
    }
    return observations;
  };
  return (rank_of(upper) - rank_of(lower)) / observations;
}

}  // namespace tickscope::promql
