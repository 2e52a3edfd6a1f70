// Any bytes as a request for live queries, in each of its forms: read within the limits, or refused with a reason.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "live/live_query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  const std::string text(reinterpret_cast<const char*>(data), size);
  const live::LiveQueryLimits limits{.queries_max = 4, .step_min_ms = 1000};
  for (const char* type : {"application/json", "application/x-www-form-urlencoded"}) {
    http::Request request{.method = "POST", .target = "/api/v1/stream", .body = text};
    request.headers.Set("Content-Type", type);
    const auto queries = live::ReadLiveQueries(request, {}, limits);
    if (!queries) {
      TICKSCOPE_CHECK(!queries.error().message.empty());
      continue;
    }
    TICKSCOPE_CHECK(!queries->empty() && queries->size() <= limits.queries_max);
    for (const live::LiveQuery& query : *queries) {
      TICKSCOPE_CHECK(query.step_ms >= limits.step_min_ms && query.range_ms > 0);
      TICKSCOPE_CHECK(query.range_ms / query.step_ms <= live::kWindowStepsMax);
    }
  }
  return 0;
}
