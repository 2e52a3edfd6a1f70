// Which push of which sender an HTTP request is, by what it says and what was proven of it.
#pragma once

#include <optional>

#include "base/error.h"
#include "codec/delivery.h"
#include "http/message.h"

namespace tickscope::ingest {

/// Nothing when the sender does not count. What was proven of its sender counts before what it says of itself.
/// Errors: kInvalidArgument.
[[nodiscard]] Result<std::optional<codec::Delivery>> DeliveryOf(const http::Request& request);

}  // namespace tickscope::ingest
