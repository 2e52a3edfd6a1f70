// Column stats: what a column of up to 1024 values comes to, so that a query that covers the column whole need not
// decode it, and one that looks for extremes may pass it by.
//
// Samples are the values present that are no staleness markers; all numbers speak of samples only.
//
// Layout (varint and zz as in codec/varint.h). The number of rows is the caller's, who knows it for every column of
// a target at once.
//
//   | flags: u8 | gaps: varint, if kGaps | stale: varint, if kStale | numbers |
//
//   flags    bits 0..2  scale: numbers are zz of n, standing for n / 10^scale, 0..6; 7: numbers are f64
//            bit 3      kGaps
//            bit 4      kStale
//            bits 5..6  shape: 0 no samples, 1 all samples equal, 2 never falling, 3 any
//            bit 7      a NaN is among the samples; then the shape is 3 and the scale 7
//   equal    first
//   rising   first, last - first, sum - count * first         (scale 7: first, last, sum, increases)
//   any      first, last - first, first - min, max - first, sum - count * first, increases, resets: varint
//            (scale 7: first, last, min, max, sum, increases, resets: varint)
//
// Worked example: 720 rows of 30, that is shape 1, scale 0, first 30  ->  20 3c.
//
// Threads  Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/varint.h"

namespace tickscope::codec {

struct ColumnStats {
  std::uint32_t count = 0;   ///< Samples.
  std::uint32_t gaps = 0;    ///< Rows without a value.
  std::uint32_t stale = 0;   ///< Staleness markers.
  std::uint32_t resets = 0;  ///< Samples smaller than the sample before them.
  bool has_nan = false;      ///< A NaN is among the samples; `min` and `max` leave it out, `sum` does not.
  double min = 0;            ///< NaN when all samples are; 0 when there are none, as are all below.
  double max = 0;
  double first = 0;
  double last = 0;
  double sum = 0;               ///< Rounded once when all samples are decimals of one scale.
  double sum_of_increases = 0;  ///< As a counter: each rise, and after a reset the whole value.
};

/// Stats of a column; MissingValue() marks gaps. Requires: at most 1024 values.
[[nodiscard]] ColumnStats ComputeColumnStats(std::span<const double> values);

/// Appends the stats: 2 or 3 bytes for a constant, 8 to 14 for a counter.
void EncodeColumnStats(const ColumnStats& stats, Bytes& out);

/// Reads the stats of a column of `rows` values off the reader.
/// Errors: kCorruption when bytes run out, or contradict each other or `rows`.
[[nodiscard]] Result<ColumnStats> DecodeColumnStats(FieldReader& reader, std::size_t rows);

}  // namespace tickscope::codec
