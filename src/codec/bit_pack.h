// Bit packing: n integers of one width, low bits first, no padding between them.
//
// Worked example: width 3, values 1 2 7  ->  bits 001 010 111 low first  ->  0xd1 0x01.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace tickscope::codec {

/// Bytes that `count` values of `width` bits take.
[[nodiscard]] constexpr std::size_t PackedBytes(std::size_t count, unsigned width) {
  return (count * width + 7) / 8;
}

/// Appends `values` with `width` (0..64) bits each. Requires: every value fits.
void PackBits(std::span<const std::uint64_t> values, unsigned width, Bytes& out);

/// Reads `out.size()` values. Requires: packed.size() >= PackedBytes(out.size(), width), width <= 64.
void UnpackBits(ByteView packed, unsigned width, std::span<std::uint64_t> out);

/// Adds values, from the one numbered `from`, to `sums`, modulo 2^32. Requires: packed.size() >=
/// PackedBytes(from + sums.size(), width), width <= 64, at most kAddedMax sums.
inline constexpr std::size_t kAddedMax = 128;
void AddBits(ByteView packed, unsigned width, std::size_t from, std::span<std::uint32_t> sums);

}  // namespace tickscope::codec
