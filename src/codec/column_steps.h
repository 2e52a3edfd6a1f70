// Column steps: what each value of a block column is more than the one before, told without decoding a value.
//
// Steps are added up as they are packed, modulo 2^32: those of a histogram's bucket are its column's on top of those of the
// bucket it refers to. Of a column of which few rows are wanted only the sub-blocks that hold them are unpacked.
//
// Threads  Pure functions.
// Cost     0.2 ns a value of a full column (codec_bench); some 60 ns for its head.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace tickscope::codec {

/// Rows [from, to) of a column.
struct RowRange {
  std::size_t from = 0;
  std::size_t to = 0;
  friend bool operator==(const RowRange&, const RowRange&) = default;
};

/// Replaces `rows` of `steps`, which has a place for each value of the column, by what each is more than the one before,
/// modulo 2^32; the column's first is 0. When the column needs its reference (NeedsReference), these rows must hold the
/// reference's. Other rows may come to anything. False, with `steps` of no use, when the column is of other numbers than
/// whole ones, has gaps or another count, or does not decode.
[[nodiscard]] bool DecodeColumnSteps(ByteView column, RowRange rows, std::span<std::uint32_t> steps);

}  // namespace tickscope::codec
