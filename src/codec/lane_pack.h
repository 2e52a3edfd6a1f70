// Lane packing: 128 unsigned integers of one bit width, laid out so that four are unpacked by one instruction.
//
// Value i is in lane i % 4, and in its lane the (i / 4)th; a lane is a string of 32-bit words, low bits first, and the
// words of the four lanes take turns. So width w takes w rows of four words, 16 * w bytes, and a row of unpacked values
// is four consecutive ones. Widths over 32 are packed twice: the low halves, then the rest.
//
//   words    lane 0 word 0 | lane 1 word 0 | lane 2 word 0 | lane 3 word 0 | lane 0 word 1 | ...
//
// Worked example: the values 0..127 & 1 at width 1: lanes 0 and 2 hold zeros, 1 and 3 ones:
// 00000000 ffffffff 00000000 ffffffff.
//
// One loop is compiled three times, for plain x86-64, AVX2 and AVX-512, and chosen once by what the CPU has; all give the
// same bits (lane_pack_test).
// Source   Lemire, Boytsov: "Decoding billions of integers per second through vectorization", 2015 (vertical layout).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace tickscope::codec {

inline constexpr std::size_t kLaneBlock = 128;

/// Bytes of a packed block.
[[nodiscard]] constexpr std::size_t LaneBlockBytes(unsigned width) {
  return std::size_t{16} * width;
}

/// Appends the values. Requires: width at most 64, every value below 2^width.
void PackLanes(std::span<const std::uint64_t, kLaneBlock> values, unsigned width, Bytes& out);

/// Unpacks a block of width at most 32; `packed` has LaneBlockBytes(width) bytes.
void UnpackLanes(const std::byte* packed, unsigned width, std::span<std::uint32_t, kLaneBlock> out);
/// Unpacks a block of any width.
void UnpackLanes64(const std::byte* packed, unsigned width, std::span<std::uint64_t, kLaneBlock> out);
/// Adds the values of a block of width at most 32 to `sums`, which may wrap.
void AddLanes(const std::byte* packed, unsigned width, std::span<std::uint32_t, kLaneBlock> sums);

/// What the CPU's instructions were chosen from; for tests.
enum class LaneCode : std::uint8_t { kPlain, kAvx2, kAvx512 };
[[nodiscard]] bool LaneCodeRuns(LaneCode code);
void UnpackLanesWith(LaneCode code, const std::byte* packed, unsigned width,
                     std::span<std::uint32_t, kLaneBlock> out);

}  // namespace tickscope::codec
