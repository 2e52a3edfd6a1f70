#include "model/histogram_buckets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>

namespace tickscope {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// Bounds between two powers of two at the finest schema, as fractions in [0.5, 1). A bound is bucketed, compared and shown
// to its last bit, so these are Prometheus' bits: a product of roots, coarse ones first, the first of which is a bit low.
constexpr std::int32_t kFinestSchema = 8;
constexpr auto kFractions = [] {
  constexpr std::array<double, kFinestSchema> kRoots = {
      0x1.6a09e667f3bccp0, 0x1.306fe0a31b715p0, 0x1.172b83c7d517bp0, 0x1.0b5586cf9890fp0,  // 2^1/2 .. 2^1/16
      0x1.059b0d3158574p0, 0x1.02c9a3e778061p0, 0x1.0163da9fb3335p0, 0x1.00b1afa5abcbfp0};
  std::array<double, 1U << kFinestSchema> fractions{};
  for (std::size_t i = 0; i < fractions.size(); ++i) {
    fractions[i] = 0.5;
    for (std::size_t bit = 0; bit < kRoots.size(); ++bit) {
      if ((i >> (kRoots.size() - 1 - bit) & 1U) != 0) fractions[i] *= kRoots[bit];
    }
  }
  return fractions;
}();

double ExponentialUpperBound(std::int32_t schema, std::int32_t index) {
  constexpr int kExponentMax =
      std::numeric_limits<double>::max_exponent;  // 2^1024 is the first power past all values.
  if (schema <= 0) {
    const std::int64_t exponent = static_cast<std::int64_t>(index) << -schema;
    if (exponent == kExponentMax) return std::numeric_limits<double>::max();
    return std::ldexp(1.0, static_cast<int>(std::clamp<std::int64_t>(exponent, -4096, 4096)));
  }
  const std::int32_t per_power = std::int32_t{1} << schema;
  const std::int32_t within = index & (per_power - 1);
  const std::int32_t exponent = index >> schema;
  if (within == 0 && exponent == kExponentMax) return std::numeric_limits<double>::max();
  // Finer ones than are stored come from test scripts only.
  if (schema > kFinestSchema) return std::ldexp(std::exp2(static_cast<double>(within) / per_power), exponent);
  return std::ldexp(kFractions[static_cast<std::size_t>(within << (kFinestSchema - schema))], exponent + 1);
}

void Accumulate(std::int32_t index, double count, IndexedBuckets& out) {
  if (!out.empty() && out.back().index == index) {
    out.back().count += count;
  } else {
    out.push_back({index, count});
  }
}

}  // namespace

double BucketUpperBound(std::int32_t schema, std::int32_t index, std::span<const double> custom_bounds) {
  if (schema != kCustomBoundsSchema) return ExponentialUpperBound(schema, index);
  if (index < 0) return -kInf;
  return static_cast<std::size_t>(index) < custom_bounds.size()
             ? custom_bounds[static_cast<std::size_t>(index)]
             : kInf;
}

IndexedBuckets PopulatedBuckets(std::span<const BucketSpan> spans, std::span<const double> counts) {
  IndexedBuckets out;
  out.reserve(counts.size());
  std::int64_t index = 0;
  std::size_t next = 0;
  for (const BucketSpan& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && next < counts.size(); ++i, ++index, ++next) {
      if (counts[next] != 0) out.push_back({static_cast<std::int32_t>(index), counts[next]});
    }
  }
  return out;
}

void StoreBuckets(const IndexedBuckets& buckets, std::vector<BucketSpan>& spans,
                  std::vector<double>& counts) {
  spans.clear();
  counts.clear();
  std::int64_t next_index = 0;
  for (const IndexedBucket& bucket : buckets) {
    if (bucket.count == 0) continue;
    if (spans.empty() || bucket.index != next_index) {
      spans.push_back({static_cast<std::int32_t>(bucket.index - next_index), 0});
    }
    ++spans.back().length;
    counts.push_back(bucket.count);
    next_index = static_cast<std::int64_t>(bucket.index) + 1;
  }
}

std::vector<BoundedBucket> BucketsByValue(const Histogram& h, ZeroOverlap overlap) {
  const IndexedBuckets negative = PopulatedBuckets(h.negative_spans, h.negative_buckets);
  const IndexedBuckets positive = PopulatedBuckets(h.positive_spans, h.positive_buckets);
  std::vector<BoundedBucket> out;
  out.reserve(negative.size() + positive.size() + 1);
  const bool cut = !UsesCustomBounds(h) && overlap == ZeroOverlap::kCut;
  const auto bounds_of = [&](const IndexedBucket& b) {
    BoundedBucket bucket{BucketUpperBound(h.schema, b.index - 1, h.custom_bounds),
                         BucketUpperBound(h.schema, b.index, h.custom_bounds), b.count, b.index,
                         BucketSign::kPositive};
    if (cut && bucket.lower < h.zero_threshold) bucket.lower = std::min(h.zero_threshold, bucket.upper);
    return bucket;
  };
  for (auto it = negative.rbegin(); it != negative.rend(); ++it) {
    const BoundedBucket mirrored = bounds_of(*it);
    out.push_back({-mirrored.upper, -mirrored.lower, it->count, it->index, BucketSign::kNegative});
  }
  // As text every bucket is told; elsewhere a zero bucket that counts down, as differences have it, is left out, as the
  // reference leaves it out.
  if (overlap == ZeroOverlap::kKeep ? h.zero_count != 0 : h.zero_count > 0)
    out.push_back({-h.zero_threshold, h.zero_threshold, h.zero_count, 0, BucketSign::kZero});
  for (const IndexedBucket& bucket : positive)
    out.push_back(bounds_of(bucket));
  return out;
}

IndexedBuckets ReduceSchema(const IndexedBuckets& buckets, std::int32_t from_schema, std::int32_t to_schema) {
  if (from_schema == to_schema) return buckets;
  IndexedBuckets out;
  out.reserve(buckets.size());
  const std::int32_t shift = from_schema - to_schema;
  // Bucket i ends at its bound, so i = 2^shift * k belongs to k, and the one after it to k + 1.
  for (const IndexedBucket& bucket : buckets)
    Accumulate(((bucket.index - 1) >> shift) + 1, bucket.count, out);
  return out;
}

IndexedBuckets ReduceBounds(const IndexedBuckets& buckets, std::span<const double> from_bounds,
                            std::span<const double> to_bounds) {
  IndexedBuckets out;
  out.reserve(buckets.size());
  for (const IndexedBucket& bucket : buckets) {
    const double upper = BucketUpperBound(kCustomBoundsSchema, bucket.index, from_bounds);
    const auto at = std::lower_bound(to_bounds.begin(), to_bounds.end(), upper);
    Accumulate(static_cast<std::int32_t>(at - to_bounds.begin()), bucket.count, out);
  }
  return out;
}

std::vector<double> CommonBounds(std::span<const double> a, std::span<const double> b) {
  std::vector<double> out;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

}  // namespace tickscope
