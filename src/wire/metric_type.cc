#include "wire/metric_type.h"

#include <array>
#include <cstddef>

namespace tickscope::wire {
namespace {

constexpr std::array<std::string_view, kMetricTypeNumberMax + 1> kNames = {
    "unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"};

}  // namespace

std::string_view MetricTypeName(MetricType type) {
  return kNames.at(static_cast<std::size_t>(type));
}

std::optional<MetricType> MetricTypeFromName(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<MetricType>(i);
  }
  return std::nullopt;
}

}  // namespace tickscope::wire
