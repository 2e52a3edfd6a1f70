// Block column: up to 1024 consecutive values of one series, as a block keeps them.
//
// A column may be encoded against a reference: another column of the same rows (for a histogram's bucket the next
// smaller one), whose values it is likely to follow. The encoder uses it only when that is smaller.
//
// Threads  Pure functions.
#pragma once

#include <cstddef>
#include <span>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/column_stats.h"

namespace tickscope::codec {

/// Most values in a column; bounds what a hostile count can make us allocate.
inline constexpr std::size_t kBlockColumnMax = 1024;

/// Appends the column of `values`; MissingValue() (codec/value_column.h) marks a gap. `reference` is empty or as long
/// as `values`, with gaps of its own where it has none. Requires: at most kBlockColumnMax values.
void EncodeBlockColumn(std::span<const double> values, std::span<const double> reference, Bytes& out);

/// Decodes a column that spans all of `column` into the front of `out`, which holds kBlockColumnMax or more, and
/// returns how many values it has. `reference` is what the encoder was given; it may be empty when the column does
/// not need it. `out` and `reference` must not overlap.
/// Errors: kCorruption when bytes run out, are left over or contradict each other, or when the reference that is
///         needed has another length; kOutOfRange for a count over kBlockColumnMax.
[[nodiscard]] Result<std::size_t> DecodeBlockColumn(ByteView column, std::span<const double> reference,
                                                    std::span<double> out);

/// Which rows of a column have values, from its head alone.
struct ColumnRows {
  std::size_t count = 0;    ///< Of all rows.
  std::size_t present = 0;  ///< Of those with a value.
  std::size_t first = 0;    ///< The first with a value; `count` when none has.
  std::size_t last = 0;
};
/// Reads the head of a column, which may be damaged behind it. Errors: as DecodeBlockColumn, for what the head shows.
[[nodiscard]] Result<ColumnRows> ReadColumnRows(ByteView column);

/// Whether decoding the column takes its reference. False for bytes that are no column.
[[nodiscard]] bool NeedsReference(ByteView column);

}  // namespace tickscope::codec
