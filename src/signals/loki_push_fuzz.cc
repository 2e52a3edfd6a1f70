// Fuzzes Loki's push: no request may crash, hang or get past a bound, and what is written reads back. The first byte picks
// JSON or protobuf, and what the guard does.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "signals/loki_push.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;
  if (size == 0) return 0;
  static const std::shared_ptr<const guard::PiiScanner> scanner = guard::PiiScanner::Make({}).value();
  const auto rules = std::make_shared<signals::PrivacyRules>();
  rules->scanner = scanner;
  rules->mode = (data[0] & 2U) != 0 ? guard::GuardMode::kEnforce : guard::GuardMode::kObserve;
  // Times of inputs are mostly small numbers.
  signals::SignalOptions options;
  options.past_max_ms = 1'700'000'000'001;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  signals::Intake intake(options, rules, codec::RecordKind::kLogs, "t", 1'700'000'000'000);
  signals::JsonPushReader json;
  const Status decoded =
      (data[0] & 1U) != 0 ? json.Decode(text, options, intake) : signals::DecodePush(text, options, intake);
  if (!decoded) return 0;
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
      TICKSCOPE_CHECK(reader.origin().attributes.size() <= options.stream_labels_max);
      TICKSCOPE_CHECK(reader.log().attributes.size() <= signals::kMetadataMax);
    }
  }
  TICKSCOPE_CHECK(read == accepted);
  return 0;
}
