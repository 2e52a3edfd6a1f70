// How a push says which one it is: headers that senders of Tickscope add, and gateways of others pass over.
//
//   X-Tickscope-Sender: host-17
//   X-Tickscope-Delivery: 9f3a00c1d2e4b567.4711        epoch in hex, number in decimal
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope::wire {

inline constexpr std::string_view kSenderHeader = "X-Tickscope-Sender";
inline constexpr std::string_view kDeliveryHeader = "X-Tickscope-Delivery";
/// In an answer: this push was here before, and is counted once.
inline constexpr std::string_view kDuplicateHeader = "X-Tickscope-Duplicate";

inline constexpr std::size_t kSenderBytesMax = 200;

struct DeliveryNumber {
  std::uint64_t epoch = 0;  ///< Never 0.
  std::uint64_t number = 0;
  friend bool operator==(const DeliveryNumber&, const DeliveryNumber&) = default;
};

[[nodiscard]] std::string DeliveryText(const DeliveryNumber& delivery);
/// Errors: kInvalidArgument.
[[nodiscard]] Result<DeliveryNumber> ParseDelivery(std::string_view text);

/// Whether a text can name a sender: 1 to kSenderBytesMax bytes of letters, digits and . _ - : @ /
[[nodiscard]] bool IsSenderName(std::string_view name);

}  // namespace tickscope::wire
