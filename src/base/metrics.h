// Own metrics: what Tickscope says about itself on /metrics.
//
// A component asks the registry once for its instruments and keeps the pointers; updating one is an atomic
// add.
//
//   Counter* appended = metrics.AddCounter("tickscope_stream_appended_bytes_total", "Bytes made durable.",
//   {}); appended->Add(n);
//
// Invariants   M1 (name, labels) is unique: asking twice gives the same instrument.
//              M2 label sets are closed: they come from code, never from input.
// Threads      Everything is thread-safe. Instruments live as long as the registry.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace tickscope {

class Counter {
 public:
  void Add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void Set(double v) { value_.store(v, std::memory_order_relaxed); }
  void Add(double v) { value_.fetch_add(v, std::memory_order_relaxed); }
  [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// Classic histogram with fixed upper bounds; +Inf is implied.
class HistogramMetric {
 public:
  explicit HistogramMetric(std::span<const double> upper_bounds);
  void Observe(double v);
  [[nodiscard]] std::span<const double> upper_bounds() const { return bounds_; }
  /// Observations per bucket, not cumulative; one more than there are bounds.
  [[nodiscard]] std::vector<std::uint64_t> bucket_counts() const;
  [[nodiscard]] double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

/// Bounds that suit latencies in seconds: 0.5 ms to 30 s.
inline constexpr std::array<double, 16> kLatencyBucketsSeconds = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30};

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

class MetricRegistry {
 public:
  MetricRegistry() = default;
  MetricRegistry(const MetricRegistry&) = delete;
  MetricRegistry& operator=(const MetricRegistry&) = delete;

  [[nodiscard]] Counter* AddCounter(std::string_view name, std::string_view help, MetricLabels labels);
  [[nodiscard]] Gauge* AddGauge(std::string_view name, std::string_view help, MetricLabels labels);
  [[nodiscard]] HistogramMetric* AddHistogram(std::string_view name, std::string_view help,
                                              MetricLabels labels, std::span<const double> upper_bounds);
  /// A gauge read when scraped. `read` must stay callable as long as the registry lives.
  void AddCallbackGauge(std::string_view name, std::string_view help, MetricLabels labels,
                        std::function<double()> read);

  /// Everything in text format 0.0.4, families sorted by name.
  [[nodiscard]] std::string RenderText() const;

 private:
  enum class Kind : std::uint8_t { kCounter, kGauge, kHistogram };
  struct Series {
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<HistogramMetric> histogram;
    std::function<double()> read;
  };
  struct Family {
    Kind kind = Kind::kCounter;
    std::string help;
    std::map<MetricLabels, Series> series;
  };
  Series& SeriesFor(Kind kind, std::string_view name, std::string_view help, MetricLabels labels)
      TICKSCOPE_REQUIRES(mu_);

  mutable Mutex mu_;
  std::map<std::string, Family, std::less<>> families_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope
