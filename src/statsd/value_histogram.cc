#include "statsd/value_histogram.h"

#include <algorithm>
#include <cmath>

namespace tickscope::statsd {
namespace {

// 2^-128, as Prometheus' own clients have it: what is nearer to zero is zero.
constexpr double kZeroThreshold = 0x1p-128;

std::map<std::int32_t, std::uint64_t> Halved(const std::map<std::int32_t, std::uint64_t>& buckets) {
  std::map<std::int32_t, std::uint64_t> halved;
  // Bucket i is of (b^(i-1), b^i]; with b squared, i becomes half of it, rounded up.
  for (const auto& [index, count] : buckets)
    halved[(index + 1) >> 1] += count;
  return halved;
}

void WriteBuckets(const std::map<std::int32_t, std::uint64_t>& buckets, std::vector<BucketSpan>& spans,
                  std::vector<double>& counts) {
  std::int32_t next = 0;
  for (const auto& [index, count] : buckets) {
    if (spans.empty() || index != next) spans.push_back({.offset = index - next, .length = 0});
    ++spans.back().length;
    counts.push_back(static_cast<double>(count));
    next = index + 1;
  }
}

}  // namespace

std::int32_t BucketIndex(double value, std::int32_t scale) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // In [0.5, 1).
  // A power of two is a bound, and belongs to the bucket below it.
  const bool is_power = fraction == 0.5;
  if (scale <= 0) {
    const std::int32_t octave = is_power ? exponent - 1 : exponent;
    const std::int32_t width = 1 << -scale;
    return (octave + width - 1) >> -scale;
  }
  const std::int32_t per_octave = 1 << scale;
  if (is_power) return (exponent - 1) * per_octave;
  const auto within =
      static_cast<std::int32_t>(std::ceil((std::log2(fraction) + 1) * static_cast<double>(per_octave)));
  return (exponent - 1) * per_octave + std::clamp(within, 1, per_octave);
}

ValueHistogram::ValueHistogram(const HistogramForm& form)
    : bounds_(form.bounds),
      counts_(form.is_native() ? 0 : form.bounds.size() + 1),
      scale_(form.scale),
      buckets_max_(std::max<std::size_t>(form.buckets_max, 2)) {}

void ValueHistogram::Add(double value, std::uint64_t times) {
  count_ += times;
  sum_ += value * static_cast<double>(times);
  if (!is_native()) {
    const auto bound = std::ranges::lower_bound(bounds_, value);
    counts_[static_cast<std::size_t>(bound - bounds_.begin())] += times;
  } else if (std::abs(value) <= kZeroThreshold) {
    zero_count_ += times;
  } else {
    (value > 0 ? positive_ : negative_)[BucketIndex(std::abs(value), scale_)] += times;
    while (positive_.size() + negative_.size() > buckets_max_ && scale_ > kExponentialSchemaMin)
      Coarsen();
  }
}

void ValueHistogram::Coarsen() {
  --scale_;
  positive_ = Halved(positive_);
  negative_ = Halved(negative_);
}

Histogram ValueHistogram::ToNative() const {
  Histogram histogram{.schema = scale_,
                      .zero_threshold = kZeroThreshold,
                      .zero_count = static_cast<double>(zero_count_),
                      .count = static_cast<double>(count_),
                      .sum = sum_};
  WriteBuckets(positive_, histogram.positive_spans, histogram.positive_buckets);
  WriteBuckets(negative_, histogram.negative_spans, histogram.negative_buckets);
  return histogram;
}

}  // namespace tickscope::statsd
