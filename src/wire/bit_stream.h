// Bits, most significant first: the form of Prometheus chunks.
//
// Threads   Not thread-safe.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace tickscope::wire {

/// Appends bits to bytes; the last byte is filled up with zeros.
class BitWriter {
 public:
  /// Appends to `out`, which outlives the writer and holds whole bytes so far.
  explicit BitWriter(Bytes& out) : out_(out) {}

  /// The lowest `count` bits of `bits`, 64 at most.
  void Put(std::uint64_t bits, unsigned count) {
    while (count > 0) {
      if (free_ == 0) {
        out_.push_back(std::byte{0});
        free_ = 8;
      }
      const unsigned taken = count < free_ ? count : free_;
      const auto part = static_cast<std::uint8_t>((bits >> (count - taken)) & ((1U << taken) - 1));
      out_.back() |= static_cast<std::byte>(part << (free_ - taken));
      free_ -= taken;
      count -= taken;
    }
  }

 private:
  Bytes& out_;
  unsigned free_ = 0;  // Bits of the last byte not yet used.
};

/// Reads bits off the front of bytes. After a read past the end every further read gives 0 and ok() is false.
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint64_t Take(unsigned count) {
    if (count > remaining()) {
      ok_ = false;
      at_ = bytes_.size() * 8;
      return 0;
    }
    std::uint64_t bits = 0;
    while (count > 0) {
      const auto used = static_cast<unsigned>(at_ % 8);
      const unsigned taken = count < 8 - used ? count : 8 - used;
      const auto byte = static_cast<unsigned>(bytes_[at_ / 8]);
      bits = bits << taken | ((byte >> (8 - used - taken)) & ((1U << taken) - 1));
      at_ += taken;
      count -= taken;
    }
    return bits;
  }
  [[nodiscard]] bool TakeBit() { return Take(1) != 0; }

  [[nodiscard]] bool ok() const { return ok_; }
  /// Bits left.
  [[nodiscard]] std::uint64_t remaining() const { return bytes_.size() * 8 - at_; }

 private:
  ByteView bytes_;
  std::uint64_t at_ = 0;
  bool ok_ = true;
};

}  // namespace tickscope::wire
