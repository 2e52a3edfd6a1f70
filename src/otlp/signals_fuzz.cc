// Fuzzes OTLP logs and traces: no request may crash, hang or get past a bound, and what is written reads back. The first byte
// picks JSON or protobuf, logs or traces, and what the guard does.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/check.h"
#include "otlp/json_request.h"
#include "otlp/signal_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;
  if (size == 0) return 0;
  static const std::shared_ptr<const guard::PiiScanner> scanner = guard::PiiScanner::Make({}).value();
  const auto rules = std::make_shared<signals::PrivacyRules>();
  rules->scanner = scanner;
  rules->mode = (data[0] & 4U) != 0 ? guard::GuardMode::kEnforce : guard::GuardMode::kObserve;
  const bool is_logs = (data[0] & 2U) != 0;
  std::string message(reinterpret_cast<const char*>(data + 1), size - 1);
  if ((data[0] & 1U) != 0) {
    otlp::JsonRequests json;
    auto written = json.ToProtobuf(is_logs ? otlp::Signal::kLogs : otlp::Signal::kTraces, message);
    if (!written) return 0;
    message = *std::move(written);
  }
  signals::SignalOptions options;
  options.past_max_ms = 1'800'000'000'001;
  signals::Intake intake(options, rules, is_logs ? codec::RecordKind::kLogs : codec::RecordKind::kSpans, "t",
                         1'800'000'000'000);
  if (!otlp::DecodeSignals(message, intake)) return 0;
  const std::uint64_t accepted = intake.accepted();
  std::uint64_t read = 0;
  for (const Bytes& payload : intake.TakePayloads()) {
    codec::SignalBatchReader reader;
    TICKSCOPE_CHECK(reader.Open(payload).has_value());
    while (true) {
      const auto more = reader.Next();
      TICKSCOPE_CHECK(more.has_value());
      if (!*more) break;
      ++read;
    }
  }
  TICKSCOPE_CHECK(read == accepted);
  return 0;
}
