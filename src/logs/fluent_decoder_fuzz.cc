// Fuzzes the Forward protocol: no input may crash, hang, recurse without end or allocate for what it declares; and the same bytes in
// pieces are taken as they are at once.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/metrics.h"
#include "logs/fluent_decoder.h"

namespace {

using namespace tickscope;  // NOLINT(google-build-using-namespace): one small program.

std::string MessageOf(std::string_view text, std::size_t step) {
  static const auto kScanner = guard::PiiScanner::Make({}).value();
  const ManualClock clock(1'000);
  MetricRegistry registry;
  logs::LogMetrics metrics(registry);
  logs::LogIntake intake(*kScanner, nullptr, {.tenant = TenantId("t")}, clock, metrics);
  const logs::Inflate inflate = [](std::string_view bytes, std::size_t) -> Result<std::string> {
    return std::string(bytes);
  };
  logs::FluentDecoder decoder(intake.AddSource(logs::LogInput::kFluent, Labels()),
                              {.message_bytes_max = 10'000}, inflate, intake);
  std::string waiting;
  for (std::size_t at = 0; at < text.size(); at += step) {
    waiting += text.substr(at, step);
    const auto taken = decoder.Take(waiting);
    if (!taken) break;
    TICKSCOPE_CHECK(*taken <= waiting.size());
    waiting.erase(0, *taken);
  }
  std::string message;
  intake.others().Encode(message);
  return message + decoder.TakeAnswers();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string at_once = MessageOf(text, size + 1);
  if (size < 5'000) TICKSCOPE_CHECK(MessageOf(text, 7) == at_once);
  return 0;
}
