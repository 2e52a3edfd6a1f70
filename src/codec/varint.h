// Base-128 varints and zigzag: the integers of every format of ours.
//
// Low group first, high bit set on all bytes but the last; at most ten bytes. Zigzag maps small negatives to
// small numbers: 0 -1 1 -2 -> 0 1 2 3.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/fixed.h"

namespace tickscope::codec {

inline constexpr std::size_t kVarintBytesMax = 10;

[[nodiscard]] constexpr std::uint64_t ZigZag(std::int64_t v) {
  return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
[[nodiscard]] constexpr std::int64_t UnZigZag(std::uint64_t v) {
  return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}

/// Appends `v`.
inline void PutVarint(std::uint64_t v, Bytes& out) {
  while (v >= 0x80) {
    out.push_back(static_cast<std::byte>(v | 0x80));
    v >>= 7;
  }
  out.push_back(static_cast<std::byte>(v));
}
inline void PutZigZag(std::int64_t v, Bytes& out) {
  PutVarint(ZigZag(v), out);
}
/// Appends a length and the text.
inline void PutText(std::string_view text, Bytes& out) {
  PutVarint(text.size(), out);
  AppendBytes(AsBytes(text), out);
}

/// Reads fields off the front of a byte view. After a failure every further read fails too, so a decoder may
/// read a whole header and ask ok() once; a failed read returns 0 or an empty view.
class FieldReader {
 public:
  explicit FieldReader(ByteView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] std::uint64_t Varint() {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 70 && at_ != end_; shift += 7) {
      const auto byte = static_cast<std::uint64_t>(*at_++);
      // The tenth byte has room for one bit.
      if (shift == 63 && byte > 1) break;
      v |= (byte & 0x7f) << shift;
      if (byte < 0x80) return v;
    }
    Break();
    return 0;
  }
  [[nodiscard]] std::int64_t ZigZag() { return UnZigZag(Varint()); }
  [[nodiscard]] ByteView Take(std::uint64_t size) {
    if (size > static_cast<std::uint64_t>(end_ - at_)) {
      Break();
      return {};
    }
    const ByteView taken(at_, static_cast<std::size_t>(size));
    at_ += size;
    return taken;
  }
  [[nodiscard]] std::string_view Text() { return AsText(Take(Varint())); }
  [[nodiscard]] std::uint64_t Fixed64() {
    const ByteView taken = Take(sizeof(std::uint64_t));
    return taken.empty() ? 0 : LoadFixed<std::uint64_t>(taken.data());
  }
  [[nodiscard]] std::uint8_t Byte() {
    const ByteView taken = Take(1);
    return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken[0]);
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  /// Everything not yet read.
  [[nodiscard]] ByteView rest() const { return {at_, remaining()}; }

 private:
  void Break() {
    ok_ = false;
    at_ = end_;
  }

  const std::byte* at_;
  const std::byte* end_;
  bool ok_ = true;
};

}  // namespace tickscope::codec
