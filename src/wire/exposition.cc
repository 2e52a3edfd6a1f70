#include "wire/exposition.h"

#include <fmt/format.h>

#include "base/check.h"
#include "wire/exposition_openmetrics.h"
#include "wire/exposition_protobuf.h"
#include "wire/exposition_text.h"

namespace tickscope::wire {
namespace {

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
    if (c != b[i]) return false;
  }
  return true;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

}  // namespace

std::unique_ptr<ExpositionParser> MakeExpositionParser(ExpositionFormat format, std::string_view body,
                                                       const ExpositionOptions& options) {
  switch (format) {
    case ExpositionFormat::kText:
      return std::make_unique<TextExpositionParser>(body, options);
    case ExpositionFormat::kOpenMetrics:
      return std::make_unique<OpenMetricsParser>(body, options);
    case ExpositionFormat::kProtobuf:
      return std::make_unique<ProtobufExpositionParser>(body, options);
  }
  CheckFailed("exposition format", __FILE__, __LINE__);
}

Result<ExpositionFormat> ExpositionFormatOf(std::string_view content_type,
                                            std::optional<ExpositionFormat> fallback) {
  const std::string_view media_type = Trimmed(content_type.substr(0, content_type.find(';')));
  if (EqualsIgnoringCase(media_type, "text/plain")) return ExpositionFormat::kText;
  if (EqualsIgnoringCase(media_type, "application/openmetrics-text")) return ExpositionFormat::kOpenMetrics;
  if (EqualsIgnoringCase(media_type, "application/vnd.google.protobuf")) return ExpositionFormat::kProtobuf;
  if (fallback) return *fallback;
  return Fail(ErrorCode::kUnsupported,
              media_type.empty()
                  ? "no Content-Type in the answer and no fallback_scrape_protocol"
                  : fmt::format("unknown Content-Type in the answer: {:?}, expected text/plain, "
                                "application/openmetrics-text or application/vnd.google.protobuf",
                                content_type));
}

}  // namespace tickscope::wire
