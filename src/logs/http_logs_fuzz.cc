// Fuzzes bodies of log records, in each form.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/metrics.h"
#include "logs/http_logs.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  static const auto kScanner = guard::PiiScanner::Make({}).value();
  if (size == 0) return 0;
  const ManualClock clock;
  MetricRegistry registry;
  logs::LogMetrics metrics(registry);
  logs::LogIntake intake(*kScanner, nullptr, {.tenant = TenantId("t")}, clock, metrics);
  logs::HttpLogDecoder decoder(intake.AddSource(logs::LogInput::kHttp, Labels()), {.line_bytes_max = 100},
                               intake);
  const auto form = static_cast<logs::HttpLogForm>(data[0] % 4);
  static_cast<void>(
      decoder.Take(form, "tag", std::string_view(reinterpret_cast<const char*>(data + 1), size - 1)));
  return 0;
}
