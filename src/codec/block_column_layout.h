// The layout of a block column, shared by who decodes it and who adds it up as it lies.
//
//   | flags: u8 | count: varint | gaps: ceil(count / 8) bytes, with kGapsColumn | raws, with kRawsColumn |
//   | first: zz, with kStepsColumn | base: zz | sub-blocks, but with kConstantColumn |
//
//   flags      bits 0..2: unit, an integer is value * 10^(0 1 2 3 4 6 9); 7: the double's bits as they are
//   gaps       bit i: value i is missing and takes no room in what follows
//   raws       m: varint | m * (index step: varint, f64): values that are no integers of the unit; for the packed ones
//              they repeat the value before
//   integers   of values, or with kStepsColumn of differences to the value before (the first apart); with
//              kReferenceColumn less those of the reference, where it has one
//   constant   all of them are base
//   sub-block  of 128, the last of what is left: | width: u8 | m: u8, m * (index: u8, rest: zz), with kPatchedBlock |
//              packed | an integer is base + rest; 128 in lanes (codec/lane_pack.h), fewer bit by bit
//              (codec/bit_pack.h); the patched ones hold 0
//
// Worked example: a counter 100 103 103 109 115 121: unit 0, steps 3 0 6 6 6, first 100, base 0, width 3
//
//   08 06   c8 01   00   03   83 6d
//
// Source   Frame of reference with patches: Zukowski et al., "Super-scalar RAM-CPU cache compression", ICDE 2006.
//          Decimals as integers: Afroozeh et al., "ALP: Adaptive lossless floating-point compression", SIGMOD 2024.
#pragma once

#include <cstdint>

namespace tickscope::codec {

inline constexpr std::uint8_t kUnitMask = 7;
inline constexpr std::uint8_t kBitsUnit = 7;
inline constexpr std::uint8_t kStepsColumn = 8;
inline constexpr std::uint8_t kReferenceColumn = 16;
inline constexpr std::uint8_t kGapsColumn = 32;
inline constexpr std::uint8_t kRawsColumn = 64;
inline constexpr std::uint8_t kConstantColumn = 128;

/// In a sub-block's width byte: patches follow.
inline constexpr std::uint8_t kPatchedBlock = 128;

}  // namespace tickscope::codec
