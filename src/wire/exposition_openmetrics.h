// OpenMetrics 1.0 text.
//
//   # TYPE acme_http_seconds histogram
//   # UNIT acme_http_seconds seconds
//   acme_http_seconds_bucket{le="0.1"} 8 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.067
//   # EOF
//
// Tokens are parted by exactly one space, times are seconds, the body ends with "# EOF" and nothing after it.
// In scrape mode families are not checked against each other; in strict mode OpenMetricsRules judges every
// line as well. A _created line is an ordinary sample, as in Prometheus.
// Source    OpenMetrics 1.0 specification.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "wire/exposition.h"
#include "wire/exposition_line.h"
#include "wire/openmetrics_rules.h"

namespace tickscope::wire {

class OpenMetricsParser final : public ExpositionParser {
 public:
  OpenMetricsParser(std::string_view body, const ExpositionOptions& options);
  [[nodiscard]] Result<ExpositionEntry> Next() override;
  [[nodiscard]] Result<Labels> labels() const override { return LabelsFromSpans(spans_, type_); }

 private:
  [[nodiscard]] Result<ExpositionEntry> ParseLine();
  [[nodiscard]] Result<ExpositionEntry> ParseComment();
  [[nodiscard]] Status ParseSample();
  [[nodiscard]] Status ParseExemplar();
  /// " NUMBER" at the cursor.
  [[nodiscard]] Result<double> TakeNumber(std::string_view what);
  /// " SECONDS" at the cursor.
  [[nodiscard]] Result<TimeMs> TakeTime();
  [[nodiscard]] bool strict() const { return rules_ != nullptr; }

  ExpositionLine line_;
  ExpositionOptions options_;
  std::unique_ptr<OpenMetricsRules> rules_;  // Strict mode only.
  SeriesSpans spans_;
  SeriesSpans exemplar_spans_;
  MetricType type_ = MetricType::kUnknown;
  std::size_t sample_count_ = 0;
  std::string scratch_;
};

}  // namespace tickscope::wire
