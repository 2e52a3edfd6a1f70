#include "fleet/latency_recorder.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tickscope::fleet {
namespace {

// Values below 32 have a bucket each; above, the five bits after the leading one choose among 32.
std::size_t BucketOf(std::uint64_t ns) {
  if (ns < 32) return static_cast<std::size_t>(ns);
  const auto shift = static_cast<std::size_t>(std::bit_width(ns)) - 6;
  return (shift + 1) * 32 + static_cast<std::size_t>((ns >> shift) & 31);
}

std::int64_t UpperBoundOf(std::size_t bucket) {
  if (bucket < 32) return static_cast<std::int64_t>(bucket);
  const std::size_t shift = bucket / 32 - 1;
  return static_cast<std::int64_t>(((bucket % 32 + 33) << shift) - 1);
}

}  // namespace

void LatencyRecorder::Record(std::chrono::nanoseconds latency) {
  const std::int64_t ns = std::max<std::int64_t>(0, latency.count());
  counts_[BucketOf(static_cast<std::uint64_t>(ns))].fetch_add(1, std::memory_order_relaxed);
  std::int64_t max = max_ns_.load(std::memory_order_relaxed);
  while (ns > max && !max_ns_.compare_exchange_weak(max, ns, std::memory_order_relaxed)) {
  }
}

std::uint64_t LatencyRecorder::count() const {
  std::uint64_t count = 0;
  for (const auto& bucket : counts_)
    count += bucket.load(std::memory_order_relaxed);
  return count;
}

std::chrono::nanoseconds LatencyRecorder::Quantile(double q) const {
  const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count())));
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    passed += counts_[i].load(std::memory_order_relaxed);
    if (passed >= rank && passed > 0) return std::min(std::chrono::nanoseconds(UpperBoundOf(i)), max());
  }
  return std::chrono::nanoseconds(0);
}

}  // namespace tickscope::fleet
