// Deliveries: which push of which sender a batch is, so that one that comes again is known.
//
// A sender counts its pushes within an epoch, which it draws anew when it may have lost count. A batch carries what it is (section 9), and the
// first batch of each epoch of the stream what was delivered before it (section 10): so who reads a stretch of the stream that is kept
// knows all of it.
//
// Layout
//
//   9 delivery    | sender: text | epoch: 8 bytes | number: varint |
//   10 delivered  | varint n | n * (tenant: text, sender: text, epoch: 8 bytes, varint k, k * (gap: varint, length - 1: varint)) |
//                   a gap counts from the number after the previous range, the first from 0
//
// Worked example, delivery: sender "a", epoch 5, number 300.   01 61 05 00 00 00 00 00 00 00 ac 02
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace tickscope::codec {

class FieldReader;

struct Delivery {
  std::string sender;
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  friend bool operator==(const Delivery&, const Delivery&) = default;
};

/// Numbers `first` to `last`, both included.
struct NumberRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

/// What was delivered of a sender's epoch.
struct Delivered {
  std::string tenant;
  std::string sender;
  std::uint64_t epoch = 0;
  std::vector<NumberRange> ranges;  ///< Ascending, with gaps between them.
  friend bool operator==(const Delivered&, const Delivered&) = default;
};

void PutDelivery(const Delivery& delivery, Bytes& out);
void PutDelivered(const std::vector<Delivered>& delivered, Bytes& out);
/// Errors: kCorruption.
[[nodiscard]] Status TakeDelivery(FieldReader& reader, std::optional<Delivery>& delivery);
[[nodiscard]] Status TakeDelivered(FieldReader& reader, std::vector<Delivered>& delivered);

}  // namespace tickscope::codec
