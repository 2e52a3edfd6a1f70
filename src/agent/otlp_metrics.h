// OtlpMetrics: what the agent says about the OTLP it takes. Registered only when it takes any.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/metrics.h"
#include "otlp/metrics_request.h"
#include "otlp/signal.h"

namespace tickscope::agent {

/// What became of a request.
enum class OtlpResult : std::uint8_t {
  kTaken,
  kPartly,   ///< Some of it was refused.
  kRefused,  ///< It will be no better when it is sent again.
  kRetry,    ///< It may be sent again.
};
inline constexpr std::size_t kOtlpResults = 4;

/// Why a data point that decoded was refused, besides otlp::Refusal.
enum class OtlpRefusal : std::uint8_t { kBadLabels, kGuard, kSeriesLimit, kInFuture, kInPast, kBadHistogram };
inline constexpr std::size_t kOtlpRefusals = 6;

class OtlpMetrics {
 public:
  explicit OtlpMetrics(MetricRegistry& registry);

  [[nodiscard]] Counter& requests(otlp::Signal signal, OtlpResult result) {
    return *requests_[static_cast<std::size_t>(signal)][static_cast<std::size_t>(result)];
  }
  [[nodiscard]] std::uint64_t requests() const;
  /// Unpacked.
  [[nodiscard]] Counter& bytes(otlp::Signal signal) { return *bytes_[static_cast<std::size_t>(signal)]; }
  [[nodiscard]] Counter& refused_points(otlp::Refusal reason) {
    return *undecoded_[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] Counter& refused_points(OtlpRefusal reason) {
    return *refused_[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint64_t refused_points() const;

  Counter* points;  ///< Data points of requests that decoded.
  Gauge* series;

 private:
  template <std::size_t N>
  using Counters = std::array<Counter*, N>;
  std::array<Counters<kOtlpResults>, otlp::kSignals> requests_{};
  Counters<otlp::kSignals> bytes_{};
  Counters<otlp::kRefusals> undecoded_{};
  Counters<kOtlpRefusals> refused_{};
};

}  // namespace tickscope::agent
