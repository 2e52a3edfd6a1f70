// Translation: how what OTLP calls a metric becomes what Prometheus calls a series.
//
// Source   "OpenTelemetry to Prometheus" (opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics);
//          where that leaves a choice, what Prometheus 3.16 was measured to do.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tickscope::otlp {

/// How names are written. The names of the values are those Prometheus gives them.
enum class NameStrategy : std::uint8_t {
  kUnderscoreEscapingWithSuffixes,  ///< http.server.duration, ms -> http_server_duration_milliseconds.
  kUnderscoreEscapingWithoutSuffixes,
  kNoUTF8EscapingWithSuffixes,  ///< http.server.duration_milliseconds.
  kNoTranslation,
};

/// Their names, by value.
inline constexpr std::array<std::string_view, 4> kNameStrategies = {
    "UnderscoreEscapingWithSuffixes", "UnderscoreEscapingWithoutSuffixes", "NoUTF8EscapingWithSuffixes",
    "NoTranslation"};

struct Translation {
  NameStrategy names = NameStrategy::kUnderscoreEscapingWithSuffixes;
  /// Resource attributes that are labels of every series, as job and instance are; the others are in target_info only.
  std::vector<std::string> promoted_attributes = {"service.name"};
  bool keeps_identifying_attributes = false;  ///< target_info also has what job and instance are made of.
  bool promotes_scope = false;                ///< otel_scope_name and its like are labels of every series.

  friend bool operator==(const Translation&, const Translation&) = default;
};

/// What a metric is, as far as its name depends on it.
enum class NameKind : std::uint8_t { kCounter, kGauge, kOther };

/// The metric's name, empty when nothing of it can be written in that strategy.
[[nodiscard]] std::string MetricName(NameStrategy strategy, std::string_view name, std::string_view unit,
                                     NameKind kind);
/// The label's name, empty when nothing but underscores would be left.
[[nodiscard]] std::string LabelName(NameStrategy strategy, std::string_view attribute);
/// The unit in words, as metadata has it: "ms" is "milliseconds", "By/s" "bytes_per_second".
[[nodiscard]] std::string UnitName(std::string_view unit);

}  // namespace tickscope::otlp
