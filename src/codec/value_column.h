// Value column: up to 128 consecutive values of one series, packed.
//
// Counters and most gauges are integers, or decimals with few places; their steps are small. So a column is
// kept as scaled integers, differenced or not, with every value at one bit width; the few that do not fit are
// patches. What is no decimal is kept as raw doubles. Every double survives bit for bit: NaN payloads,
// staleness markers, infinities and -0 included. A value may also be missing (a row of the target the series
// has no sample in).
//
// Layout (varint and zz as in codec/varint.h)
//
//   | kind: u8 | count: varint | gaps: ceil(count / 8) bytes, if kind has kGapsFlag | body |
//
//   gaps    bit i set: value i is missing and takes no room in the body; n = values present
//   raw     | n * f64 |
//   ints    | scale: u8 | raws | base: zz | patches | width: u8 | n packed |
//             value = (base + p) / 10^scale
//   deltas  | scale: u8 | raws | first: zz | base: zz | patches | width: u8 | n - 1 packed |
//             step = base + p
//   raws    | m: varint | m * (index: varint, f64) |
//             values kept as they are; for the rest they repeat the value before them
//   patches | m: varint | m * (index: varint, zz) |
//             steps (or values) kept beside the packed ones, which hold 0
//
// Worked example: a counter 100 103 103 109, that is steps 3 0 6 with base 0 in 3 bits.
//
//   field  kind=2  count=4  scale=0  raws=0  first=100  base=0  patches=0  width=3  packed 3 0 6
//   bytes  02      04       00       00      c8 01      00      00         03       83 01          11 for 32
//
// The format has no checksum: who stores a column checks its bytes.
// Cost     10 to 20 ns a value to encode, 2 to 4 ns to decode (codec_bench).
// Source   Frame of reference with patches: Zukowski et al., "Super-scalar RAM-CPU cache compression", ICDE
//          2006.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/error.h"

namespace tickscope::codec {

/// Most values in a column; bounds what a hostile count can make us allocate.
inline constexpr std::size_t kColumnValuesMax = 128;

/// Stands for "no sample here" between encoder and decoder: a signalling NaN no arithmetic produces. A sender
/// can write it, so a store keeps such a value elsewhere (tsdb/late_samples.h).
inline constexpr std::uint64_t kMissingBits = 0x7ff4'4d49'5353'0001ULL;
[[nodiscard]] inline double MissingValue() {
  return std::bit_cast<double>(kMissingBits);
}
[[nodiscard]] inline bool IsMissing(double v) {
  return std::bit_cast<std::uint64_t>(v) == kMissingBits;
}

/// Appends the column. Requires: at most kColumnValuesMax values.
void EncodeValueColumn(std::span<const double> values, Bytes& out);

/// Decodes a column that spans all of `column` into the front of `out` and returns how many values it has.
/// Errors: kCorruption when bytes run out, are left over or contradict each other; kOutOfRange for a count
///         over kColumnValuesMax.
[[nodiscard]] Result<std::size_t> DecodeValueColumn(ByteView column, std::span<double, kColumnValuesMax> out);

}  // namespace tickscope::codec
