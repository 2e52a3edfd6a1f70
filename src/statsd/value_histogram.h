// ValueHistogram: counts values into buckets: of fixed bounds, or exponential ones that become coarser as they become many.
//
// Threads   Externally locked.
// Memory    8 bytes a bound; of a native one about 48 bytes a bucket that has something, at most HistogramForm::buckets_max.
// Source    Prometheus native histograms specification, for the buckets' bounds.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "model/histogram.h"
#include "statsd/histogram_form.h"

namespace tickscope::statsd {

class ValueHistogram {
 public:
  explicit ValueHistogram(const HistogramForm& form);

  /// `value` is finite; it came `times` times.
  void Add(double value, std::uint64_t times);

  [[nodiscard]] bool is_native() const { return bounds_.empty(); }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double sum() const { return sum_; }
  /// Of a classic one: ascending, and how many were at most each; the last has no bound.
  [[nodiscard]] std::span<const double> bounds() const { return bounds_; }
  [[nodiscard]] std::span<const std::uint64_t> counts() const { return counts_; }
  /// A native one.
  [[nodiscard]] Histogram ToNative() const;

 private:
  using Buckets = std::map<std::int32_t, std::uint64_t>;
  void Coarsen();

  std::vector<double> bounds_;
  std::vector<std::uint64_t> counts_;  // Not cumulative; one more than bounds.
  std::int32_t scale_;
  std::size_t buckets_max_;
  Buckets positive_;
  Buckets negative_;
  std::uint64_t zero_count_ = 0;
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

/// The bucket of `value`, above 0 and finite: of the indexes whose upper bound is at least the value, the least.
[[nodiscard]] std::int32_t BucketIndex(double value, std::int32_t scale);

}  // namespace tickscope::statsd
