#include "agent/otlp_metrics.h"

#include <string>

namespace tickscope::agent {
namespace {

constexpr std::array<const char*, otlp::kSignals> kSignalNames = {"metrics", "logs", "traces"};
constexpr std::array<const char*, kOtlpResults> kResultNames = {"taken", "partly", "refused", "retry"};
constexpr std::array<const char*, kOtlpRefusals> kRefusalNames = {
    "bad_labels", "guard", "series_limit", "in_future", "in_past", "bad_native_histogram"};

}  // namespace

OtlpMetrics::OtlpMetrics(MetricRegistry& registry)
    : points(registry.AddCounter("tickscope_agent_otlp_points_total", "Data points of requests that decoded.",
                                 {})),
      series(registry.AddGauge("tickscope_agent_otlp_series", "Series that are known by OTLP.", {})) {
  for (std::size_t signal = 0; signal < otlp::kSignals; ++signal) {
    const MetricLabels of_signal = {{"signal", kSignalNames[signal]}};
    bytes_[signal] =
        registry.AddCounter("tickscope_agent_otlp_bytes_total", "Bytes of requests, unpacked.", of_signal);
    for (std::size_t result = 0; result < kOtlpResults; ++result) {
      MetricLabels labels = of_signal;
      labels.emplace_back("result", kResultNames[result]);
      requests_[signal][result] = registry.AddCounter("tickscope_agent_otlp_requests_total",
                                                      "OTLP requests answered.", std::move(labels));
    }
  }
  const auto refused = [&](std::string_view reason) {
    return registry.AddCounter("tickscope_agent_otlp_refused_points_total",
                               "Data points that were not taken, or not whole, by reason.",
                               {{"reason", std::string(reason)}});
  };
  for (std::size_t i = 0; i < otlp::kRefusals; ++i)
    undecoded_[i] = refused(otlp::RefusalName(static_cast<otlp::Refusal>(i)));
  for (std::size_t i = 0; i < kOtlpRefusals; ++i)
    refused_[i] = refused(kRefusalNames[i]);
}

std::uint64_t OtlpMetrics::requests() const {
  std::uint64_t total = 0;
  for (const auto& of_signal : requests_) {
    for (const Counter* const one : of_signal)
      total += one->value();
  }
  return total;
}

std::uint64_t OtlpMetrics::refused_points() const {
  std::uint64_t total = 0;
  for (const Counter* const one : undecoded_)
    total += one->value();
  for (const Counter* const one : refused_)
    total += one->value();
  return total;
}

}  // namespace tickscope::agent
