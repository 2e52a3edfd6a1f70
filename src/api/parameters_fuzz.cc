// Any bytes as a query string: parameters, times, durations, limits and escaped label names are read or refused, and
// every refusal is JSON that is valid UTF-8.
#include <cstddef>
#include <cstdint>
#include <string>

#include "api/answer.h"
#include "api/label_name_escape.h"
#include "api/parameters.h"
#include "api/time_text.h"
#include "base/check.h"
#include "model/labels.h"

namespace {

void CheckAnswer(const tickscope::Error& error) {
  TICKSCOPE_CHECK(tickscope::IsValidUtf8(tickscope::api::ErrorAnswer(error).body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  http::Request request;
  request.target = "/x?" + std::string(reinterpret_cast<const char*>(data), size);
  const auto parameters = api::Parameters::Parse(request);
  if (!parameters) return 0;
  const auto time_ms = parameters->TimeOr("time", 0);
  if (!time_ms) CheckAnswer(time_ms.error());
  if (time_ms) TICKSCOPE_CHECK(*time_ms >= api::kEarliestTimeMs && *time_ms <= api::kLatestTimeMs);
  const auto step_ms = api::ParseDuration(parameters->Get("step"));
  if (!step_ms) CheckAnswer(step_ms.error());
  const auto limit = parameters->Limit();
  if (!limit) CheckAnswer(limit.error());
  static_cast<void>(api::UnescapeLabelName(parameters->Get("name")));
  return 0;
}
