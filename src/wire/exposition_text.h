// Prometheus text format, versions 0.0.4 and 1.0.0 (which adds quoted UTF-8 names).
//
//   # HELP http_requests_total Requests served.
//   # TYPE http_requests_total counter
//   http_requests_total{code="200"} 1027 1395066363000
//
// Times are whole milliseconds. Strict mode also wants: a line feed at the end, HELP and TYPE once a family
// and before its samples, no escapes but \\ \" \n in label values and no __name__ label. A HELP line without a
// name or a text is then a plain comment.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "wire/exposition.h"
#include "wire/exposition_line.h"

namespace tickscope::wire {

class TextExpositionParser final : public ExpositionParser {
 public:
  TextExpositionParser(std::string_view body, const ExpositionOptions& options);
  [[nodiscard]] Result<ExpositionEntry> Next() override;
  [[nodiscard]] Result<Labels> labels() const override { return LabelsFromSpans(spans_, type_); }

 private:
  /// The entry of a HELP or TYPE line, kEnd for a comment that is neither.
  [[nodiscard]] Result<ExpositionEntry> ParseComment();
  [[nodiscard]] Status ParseSample();
  [[nodiscard]] Status CheckStrictSample();

  ExpositionLine line_;
  ExpositionOptions options_;
  SeriesSpans spans_;
  MetricType type_ = MetricType::kUnknown;
  std::size_t sample_count_ = 0;
  std::string scratch_;
  // Strict mode: what was seen of each family, by name.
  std::unordered_set<std::string_view> helped_;
  std::unordered_set<std::string_view> typed_;
  std::unordered_set<std::string_view> sampled_;
};

}  // namespace tickscope::wire
