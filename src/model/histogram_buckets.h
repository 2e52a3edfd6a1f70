// Buckets of a native histogram as lists: by index for arithmetic, by bounds for reading off values.
//
// A Histogram stores spans and counts, which is compact but awkward to walk. Everything that computes with
// histograms goes through one of the two views made here.
//
//   IndexedBucket   (index, count), ascending, for adding, subtracting and comparing side by side
//   BoundedBucket   (lower, upper, count), ascending from -Inf to +Inf, zero bucket in between
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/histogram.h"

namespace tickscope {

struct IndexedBucket {
  std::int32_t index = 0;
  double count = 0;
  friend bool operator==(const IndexedBucket&, const IndexedBucket&) = default;
};
using IndexedBuckets = std::vector<IndexedBucket>;

enum class BucketSign : std::uint8_t { kNegative, kZero, kPositive };

struct BoundedBucket {
  double lower = 0;
  double upper = 0;
  double count = 0;
  std::int32_t index = 0;  ///< Meaningless for the zero bucket.
  BucketSign sign = BucketSign::kPositive;
};

[[nodiscard]] inline bool UsesCustomBounds(const Histogram& h) {
  return h.schema == kCustomBoundsSchema;
}

/// Upper bound of positive bucket `index`: of an exponential schema, or of the custom bounds (+Inf past the last,
/// -Inf before the first). The bucket that holds the largest finite value ends there.
[[nodiscard]] double BucketUpperBound(std::int32_t schema, std::int32_t index,
                                      std::span<const double> custom_bounds);

/// The buckets of one side that hold something (a NaN count is something), ascending by index.
[[nodiscard]] IndexedBuckets PopulatedBuckets(std::span<const BucketSpan> spans,
                                              std::span<const double> counts);

/// Writes buckets, ascending by index, back as spans and counts; empty ones are left out.
void StoreBuckets(const IndexedBuckets& buckets, std::vector<BucketSpan>& spans, std::vector<double>& counts);

/// What to do with exponential buckets that reach into the zero bucket.
enum class ZeroOverlap : std::uint8_t { kCut, kKeep };

/// All populated buckets in ascending order of value: negative, zero, positive.
[[nodiscard]] std::vector<BoundedBucket> BucketsByValue(const Histogram& h,
                                                        ZeroOverlap overlap = ZeroOverlap::kCut);

/// Merges exponential buckets into those of a coarser schema. Requires to_schema <= from_schema.
[[nodiscard]] IndexedBuckets ReduceSchema(const IndexedBuckets& buckets, std::int32_t from_schema,
                                          std::int32_t to_schema);

/// Moves custom buckets onto fewer bounds. Requires to_bounds to be a subset of from_bounds.
[[nodiscard]] IndexedBuckets ReduceBounds(const IndexedBuckets& buckets, std::span<const double> from_bounds,
                                          std::span<const double> to_bounds);

/// The bounds both lists have, ascending.
[[nodiscard]] std::vector<double> CommonBounds(std::span<const double> a, std::span<const double> b);

}  // namespace tickscope
