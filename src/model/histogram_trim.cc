#include "model/histogram_trim.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "model/histogram_arithmetic.h"
#include "model/histogram_buckets.h"
#include "model/histogram_statistics.h"

namespace tickscope {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// What stays of one bucket: how many observations and where they are taken to stand.
struct Kept {
  double count = 0;
  double middle = 0;
};

// Buckets without a lower or an upper end cannot be divided; each operator keeps or drops them as a whole.
Kept KeepEndless(const BoundedBucket& bucket, TrimSide side, double value) {
  const bool last = bucket.upper == kInf;
  if (side == TrimSide::kKeepBelow) {
    if (value == -kInf) return {0, 0};
    if (last) return {value == kInf ? bucket.count : 0, bucket.lower};
    return {bucket.count, std::min(bucket.upper, value)};
  }
  if (bucket.index == 0) return {value == -kInf ? bucket.count : 0, bucket.upper};
  return {value == kInf ? 0 : bucket.count, std::max(bucket.lower, value)};
}

Kept KeepPart(const Histogram& h, const BoundedBucket& bucket, TrimSide side, double value) {
  if (std::isnan(value)) {
    // Of the zero bucket a share is computed, of the others only those on the right side stay.
    return bucket.sign == BucketSign::kZero ? Kept{value, value} : Kept{};
  }
  const bool below = side == TrimSide::kKeepBelow;
  if (UsesCustomBounds(h)) {
    // A first bucket with a positive bound is taken to start at 0, but only values from there on may divide it.
    const bool before_first = bucket.index == 0 && !below && value < 0;
    if (bucket.lower == -kInf || bucket.upper == kInf || before_first)
      return KeepEndless(bucket, side, value);
  }
  if (below ? value >= bucket.upper : value <= bucket.lower) {
    return {bucket.count, BucketMiddle(h, bucket.sign, bucket.lower, bucket.upper)};
  }
  if (below ? value <= bucket.lower : value >= bucket.upper) return {0, 0};
  if (bucket.sign == BucketSign::kZero && !below) {
    // By its own share, not as the rest: of infinitely many observations nothing can be taken away.
    const double share = (bucket.upper - value) / (bucket.upper - bucket.lower);
    return {bucket.count * share, BucketMiddle(h, bucket.sign, value, bucket.upper)};
  }
  const double count_below = CountBelow(h, bucket, value);
  if (below) return {count_below, BucketMiddle(h, bucket.sign, bucket.lower, value)};
  return {bucket.count - count_below, BucketMiddle(h, bucket.sign, value, bucket.upper)};
}

}  // namespace

Histogram TrimHistogram(const Histogram& h, TrimSide side, double value) {
  Histogram out = CompactHistogram(h);
  bool cut = false;
  double count = 0;
  double sum = 0;
  IndexedBuckets positive;
  IndexedBuckets negative;
  for (const BoundedBucket& bucket : BucketsForEstimates(out)) {
    const Kept kept = KeepPart(h, bucket, side, value);
    cut = cut || kept.count != bucket.count;
    count += kept.count;
    if (kept.count != 0) sum += kept.count * kept.middle;
    switch (bucket.sign) {
      case BucketSign::kNegative:
        negative.push_back({bucket.index, kept.count});
        break;
      case BucketSign::kZero:
        out.zero_count = kept.count;
        break;
      case BucketSign::kPositive:
        positive.push_back({bucket.index, kept.count});
        break;
    }
  }
  if (!cut) return out;
  std::reverse(negative.begin(), negative.end());
  StoreBuckets(positive, out.positive_spans, out.positive_buckets);
  StoreBuckets(negative, out.negative_spans, out.negative_buckets);
  out.count = count;
  out.sum = sum;
  return out;
}

}  // namespace tickscope
