#include "wire/delivery_headers.h"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>

namespace tickscope::wire {
namespace {

std::optional<std::uint64_t> ParseWhole(std::string_view text, int base) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number, base);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

std::string DeliveryText(const DeliveryNumber& delivery) {
  return fmt::format("{:016x}.{}", delivery.epoch, delivery.number);
}

Result<DeliveryNumber> ParseDelivery(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot != std::string_view::npos) {
    const auto epoch = ParseWhole(text.substr(0, dot), 16);
    const auto number = ParseWhole(text.substr(dot + 1), 10);
    if (epoch && number && *epoch != 0) return DeliveryNumber{*epoch, *number};
  }
  return Fail(ErrorCode::kInvalidArgument, "bad X-Tickscope-Delivery: want EPOCH.NUMBER, in hex and decimal");
}

bool IsSenderName(std::string_view name) {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-:@/").contains(c);
  };
  return !name.empty() && name.size() <= kSenderBytesMax && std::ranges::all_of(name, is_fine);
}

}  // namespace tickscope::wire
