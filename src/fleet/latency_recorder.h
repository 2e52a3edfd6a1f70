// LatencyRecorder: quantiles of latencies from a fixed 16 KB, whatever the number recorded.
//
// Log-linear buckets: 32 to each power of two of nanoseconds, so a quantile is at most 3.2 % too high.
// Threads   Thread-safe; recording is two relaxed atomic operations.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace tickscope::fleet {

class LatencyRecorder {
 public:
  /// Negative latencies count as zero.
  void Record(std::chrono::nanoseconds latency);
  /// Smallest bound that at least the share `q` (0..1) of the latencies do not exceed; 0 when there are none.
  [[nodiscard]] std::chrono::nanoseconds Quantile(double q) const;
  [[nodiscard]] std::chrono::nanoseconds max() const { return std::chrono::nanoseconds(max_ns_.load()); }
  [[nodiscard]] std::uint64_t count() const;

 private:
  static constexpr std::size_t kSubBuckets = 32;
  static constexpr std::size_t kBuckets = 60 * kSubBuckets;

  std::array<std::atomic<std::uint64_t>, kBuckets> counts_{};
  std::atomic<std::int64_t> max_ns_{0};
};

}  // namespace tickscope::fleet
