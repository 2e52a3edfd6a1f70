// Fuzzes the headers by which a push says which one it is, and the answer of an OTLP receiver: none may crash, and a number that is taken
// reads back.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/delivery_headers.h"
#include "wire/otlp_encode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto delivery = wire::ParseDelivery(text); delivery) {
    TICKSCOPE_CHECK(delivery->epoch != 0);
    const auto again = wire::ParseDelivery(wire::DeliveryText(*delivery));
    TICKSCOPE_CHECK(again.has_value() && *again == *delivery);
  }
  if (wire::IsSenderName(text)) TICKSCOPE_CHECK(!text.empty() && text.size() <= wire::kSenderBytesMax);
  (void)wire::RejectedOtlpPoints(text);
  return 0;
}
