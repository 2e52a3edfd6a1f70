// Any bytes as a server's answer: refused, or read and printed in every format.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apiclient/answer_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope::apiclient;  // NOLINT(google-build-using-namespace): one small program.
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto query = ReadQueryAnswer(body);
  const auto series = ReadSeriesAnswer(body);
  const auto texts = ReadTextsAnswer(body);
  for (const AnswerFormat format : {AnswerFormat::kTable, AnswerFormat::kJson, AnswerFormat::kCsv}) {
    if (query) static_cast<void>(AnswerText(*query, format));
    if (series) static_cast<void>(AnswerText(*series, format));
    if (texts) static_cast<void>(AnswerText(*texts, "label", format));
  }
  return 0;
}
