// Fuzzes syslog: no input may crash or hang, whatever pieces it comes in.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/metrics.h"
#include "logs/syslog_decoder.h"
#include "logs/syslog_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.
  static const auto kScanner = guard::PiiScanner::Make({}).value();
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  static_cast<void>(logs::ParseSyslog(text));
  const ManualClock clock;
  MetricRegistry registry;
  logs::LogMetrics metrics(registry);
  logs::LogIntake intake(*kScanner, nullptr, {.tenant = TenantId("t")}, clock, metrics);
  logs::SyslogDecoder decoder(intake.AddSource(logs::LogInput::kSyslog, Labels()), 1'000, intake);
  const std::size_t step = 1U + data[0];
  std::string waiting;
  for (std::size_t at = 0; at < text.size(); at += step) {
    waiting += text.substr(at, step);
    const auto taken = decoder.Take(waiting);
    if (!taken) break;
    TICKSCOPE_CHECK(*taken <= waiting.size());
    waiting.erase(0, *taken);
    TICKSCOPE_CHECK(waiting.size() <= 1'000 + 16);
  }
  return 0;
}
