#include "codec/delivery.h"

#include <limits>
#include <utility>

#include "codec/fixed.h"
#include "codec/varint.h"

namespace tickscope::codec {
namespace {

std::unexpected<Error> Corrupt(const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("deliveries: ") + what);
}

}  // namespace

void PutDelivery(const Delivery& delivery, Bytes& out) {
  PutText(delivery.sender, out);
  PutFixed(delivery.epoch, out);
  PutVarint(delivery.number, out);
}

void PutDelivered(const std::vector<Delivered>& delivered, Bytes& out) {
  PutVarint(delivered.size(), out);
  for (const Delivered& one : delivered) {
    PutText(one.tenant, out);
    PutText(one.sender, out);
    PutFixed(one.epoch, out);
    PutVarint(one.ranges.size(), out);
    std::uint64_t next = 0;
    for (const NumberRange& range : one.ranges) {
      PutVarint(range.first - next, out);
      PutVarint(range.last - range.first, out);
      next = range.last + 1;
    }
  }
}

Status TakeDelivery(FieldReader& reader, std::optional<Delivery>& delivery) {
  if (delivery) return Corrupt("two of one batch");
  Delivery taken;
  taken.sender = reader.Text();
  taken.epoch = reader.Fixed64();
  taken.number = reader.Varint();
  if (!reader.ok()) return Corrupt("cut");
  delivery = std::move(taken);
  return {};
}

Status TakeDelivered(FieldReader& reader, std::vector<Delivered>& delivered) {
  const std::uint64_t count = reader.Varint();
  // Counts are not believed: what is there ends the loops.
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    Delivered one;
    one.tenant = reader.Text();
    one.sender = reader.Text();
    one.epoch = reader.Fixed64();
    const std::uint64_t range_count = reader.Varint();
    std::uint64_t next = 0;
    bool is_at_end = false;
    for (std::uint64_t r = 0; r < range_count && reader.ok(); ++r) {
      const std::uint64_t gap = reader.Varint();
      const std::uint64_t length = reader.Varint();
      constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
      if (is_at_end || gap > kMost - next || length > kMost - next - gap || (r > 0 && gap == 0))
        return Corrupt("ranges that do not ascend");
      one.ranges.push_back({next + gap, next + gap + length});
      is_at_end = one.ranges.back().last == kMost;
      next = one.ranges.back().last + 1;
    }
    if (reader.ok()) delivered.push_back(std::move(one));
  }
  if (!reader.ok()) return Corrupt("cut");
  return {};
}

}  // namespace tickscope::codec
