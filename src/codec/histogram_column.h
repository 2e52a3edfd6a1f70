// Histogram column: consecutive samples of one series that are native histograms, or floats among them, as a block keeps
// them: a column for each field and each bucket, row after row, so that a quiet bucket costs a few bytes for hours and a
// busy one what it was incremented by.
//
// Samples fall into runs. Within a run of histograms schema, zero threshold and custom bounds are the same; which buckets
// there are may change from row to row, as buckets of a live histogram come up one by one: a bucket's column has a gap where
// a row does not cover it, and each row names its layout. `count` is kept as its difference to what zero count and buckets
// add up to, which is nothing but in flawed ones.
//
// Layout (varint and zz as in codec/varint.h)
//
//   | rows: varint | runs until they are all |
//   run         | rows: varint | kind: u8 | body |
//   0 floats    | column |
//   1 columns   | schema: zz | zero threshold: f64 | bounds: varint n, n * f64 |
//               | layouts: varint n, n * (spans, spans) | layout runs | hint runs |
//               | zero count: column | a column for each bucket any layout covers, positive then negative, ascending |
//               | count: column, reference the sum of those | sum: column |
//   2 singly    | rows * codec/histogram_codec.h |                          what fits no column
//   spans       | varint n, n * (offset: zz, length: varint) |
//   layout runs, hint runs   | (rows: varint, value: varint) until they are all |
//   column      | bytes: varint | codec/block_column.h |
//
// Worked example: two rows of schema 0, one bucket at index 1 that goes from 3 to 5, count alike, sum 7 and 9.
//
//   02 | 02 01 | 00, 8 * 00, 00 | 01, 01 02 01, 00 | 02 00 | 02 00 | columns of 0 0, 3 5, 3 5 by reference, 7 9
//
// Bounds    A run has at most kBlockColumnMax rows and kRunValuesMax bucket values; a decoder holds one run at a time beside
//           what it gives out.
// Threads   Pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "model/histogram.h"

namespace tickscope::codec {

/// Bucket values in a run: half a megabyte of doubles.
inline constexpr std::size_t kRunValuesMax = 1U << 16;

/// Appends the column. A row is a histogram, or where that is null a float. Requires: as many of both.
void EncodeHistogramColumn(std::span<const double> values, std::span<const HistogramPtr> histograms,
                           Bytes& out);

/// Decodes a column of `rows` rows that spans all of `column`, appending to both.
/// Errors: kCorruption naming what is wrong; what was appended before is to be thrown away.
[[nodiscard]] Status DecodeHistogramColumn(ByteView column, std::size_t rows, std::vector<double>& values,
                                           std::vector<HistogramPtr>& histograms);

}  // namespace tickscope::codec
