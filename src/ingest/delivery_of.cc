#include "ingest/delivery_of.h"

#include <string>
#include <string_view>

#include "wire/delivery_headers.h"

namespace tickscope::ingest {

Result<std::optional<codec::Delivery>> DeliveryOf(const http::Request& request) {
  const std::string_view text = request.headers.Get(wire::kDeliveryHeader);
  if (text.empty()) return std::nullopt;
  TICKSCOPE_ASSIGN_OR_RETURN(const wire::DeliveryNumber number, wire::ParseDelivery(text));
  const std::string_view said = request.headers.Get(wire::kSenderHeader);
  const std::string_view sender = request.sender.empty() ? said : std::string_view(request.sender);
  if (!wire::IsSenderName(sender))
    return Fail(ErrorCode::kInvalidArgument, "X-Tickscope-Delivery without a good X-Tickscope-Sender");
  return codec::Delivery{std::string(sender), number.epoch, number.number};
}

}  // namespace tickscope::ingest
