// Histogram: a native histogram sample, exponential or with custom bounds.
//
// Counts are doubles, which hold integer histograms exactly up to 2^53 and the results of arithmetic alike.
// Buckets are absolute (not cumulative, not deltas), laid out densely span by span.
//
//   schema -4..8     bucket i covers (2^((i-1) * 2^-schema), 2^(i * 2^-schema)]
//   schema -53       bucket i covers (custom_bounds[i-1], custom_bounds[i]]; the last one ends at +Inf
//
// Source    Prometheus native histograms specification (prometheus.io/docs/specs/native_histograms).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace tickscope {

inline constexpr std::int32_t kCustomBoundsSchema = -53;
inline constexpr std::int32_t kExponentialSchemaMin = -4;
inline constexpr std::int32_t kExponentialSchemaMax = 8;

/// A run of consecutive buckets: `offset` is the gap to the previous run (for the first: the index of its
/// bucket).
struct BucketSpan {
  std::int32_t offset = 0;
  std::uint32_t length = 0;
  friend bool operator==(const BucketSpan&, const BucketSpan&) = default;
};

/// What is known about a reset between the previous sample and this one.
enum class ResetHint : std::uint8_t { kUnknown, kReset, kNotReset, kGauge };

struct Histogram {
  ResetHint reset_hint = ResetHint::kUnknown;
  std::int32_t schema = 0;
  double zero_threshold = 0;  ///< Width of the zero bucket to either side; 0 for custom bounds.
  double zero_count = 0;
  double count = 0;
  double sum = 0;  ///< A stale NaN here marks the end of the series.
  std::vector<BucketSpan> positive_spans;
  std::vector<BucketSpan> negative_spans;
  std::vector<double> positive_buckets;  ///< As many as positive_spans cover.
  std::vector<double> negative_buckets;
  std::vector<double> custom_bounds;  ///< Ascending upper bounds, schema -53 only.

  friend bool operator==(const Histogram&, const Histogram&) = default;
};

/// Histograms are shared, not copied, on their way from store to query.
using HistogramPtr = std::shared_ptr<const Histogram>;

}  // namespace tickscope
