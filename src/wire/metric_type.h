// MetricType: what a metric family is, as every exposition and remote-write format names it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tickscope::wire {

/// The numbers are those of both remote-write messages, so a cast is the encoding.
enum class MetricType : std::uint8_t {
  kUnknown = 0,
  kCounter = 1,
  kGauge = 2,
  kHistogram = 3,
  kGaugeHistogram = 4,
  kSummary = 5,
  kInfo = 6,
  kStateSet = 7,
};

inline constexpr std::uint32_t kMetricTypeNumberMax = 7;

/// "unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset".
[[nodiscard]] std::string_view MetricTypeName(MetricType type);

/// The reverse of MetricTypeName; nullopt for any other text ("untyped" included: only text 0.0.4 has it).
[[nodiscard]] std::optional<MetricType> MetricTypeFromName(std::string_view name);

}  // namespace tickscope::wire
