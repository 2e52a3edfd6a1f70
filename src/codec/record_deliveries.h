// What a record of the stream says of pushes, whatever else is in it (codec/delivery.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codec/delivery.h"

namespace tickscope::codec {

struct RecordDeliveries {
  std::string tenant;                ///< Of `delivery`.
  std::optional<Delivery> delivery;  ///< Which push the record is; nothing when its sender does not count.
  std::vector<Delivered> delivered;  ///< Pushes before the epoch.

  [[nodiscard]] bool empty() const { return !delivery && delivered.empty(); }
};

}  // namespace tickscope::codec
