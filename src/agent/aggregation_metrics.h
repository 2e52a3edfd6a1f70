// AggregationMetrics: what an agent's aggregation says about itself on /metrics.
#pragma once

#include <array>

#include "aggregate/input_series.h"
#include "base/metrics.h"

namespace tickscope::agent {

struct AggregationMetrics {
  explicit AggregationMetrics(MetricRegistry& registry) {
    samples =
        registry.AddCounter("tickscope_agent_aggregate_samples_total", "Samples that were added up.", {});
    emitted = registry.AddCounter("tickscope_agent_aggregate_emitted_samples_total",
                                  "Samples that were made of what was added up.", {});
    constexpr std::array<std::string_view, aggregate::kRefusalCount> kReasons = {
        "late", "out_of_order", "duplicate", "too_many", "not_finite", "kind", "future", "series_limit"};
    for (std::size_t i = 0; i < kReasons.size(); ++i)
      refused_[i] = registry.AddCounter("tickscope_agent_aggregate_refused_samples_total",
                                        "Samples that are in no window, by reason.",
                                        {{"reason", std::string(kReasons[i])}});
    series = registry.AddGauge("tickscope_agent_aggregate_series", "Series that are added up.", {});
    groups = registry.AddGauge("tickscope_agent_aggregate_groups",
                               "Sets of labels that they are added up to.", {});
    watermark_seconds = registry.AddGauge("tickscope_agent_aggregate_watermark_seconds",
                                          "Up to when windows are closed, in seconds since the epoch.", {});
    state_bytes =
        registry.AddGauge("tickscope_agent_aggregate_state_bytes", "Size of the state's files.", {});
    state_errors =
        registry.AddGauge("tickscope_agent_aggregate_state_errors",
                          "Times that the state could not be written or read, since the start.", {});
  }

  [[nodiscard]] Counter& refused(aggregate::Refusal refusal) {
    return *refused_[static_cast<std::size_t>(refusal)];
  }

  Counter* samples;
  Counter* emitted;
  Gauge* series;
  Gauge* groups;
  Gauge* watermark_seconds;
  Gauge* state_bytes;
  Gauge* state_errors;

 private:
  std::array<Counter*, aggregate::kRefusalCount> refused_{};
};

}  // namespace tickscope::agent
