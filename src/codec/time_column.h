// Time column: the times of up to 1024 rows of a target, ascending.
//
// Layout (varint and zz as in codec/varint.h)
//
//   | count: varint | first: zz | base: varint | patches | width: u8 | count - 1 packed |
//
//   first and what follows are absent when count is 0, base and what follows when it is 1
//   step      time i+1 - time i = base + p, but for the patched ones
//   patches   m: varint | m * (index: varint, step: varint)
//
// A target that is heard every 10 s exactly takes 12 bytes, whatever the number of rows.
//
// Threads  Pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

namespace tickscope::codec {

inline constexpr std::size_t kTimeColumnMax = 1024;

/// Appends the column. Requires: at most kTimeColumnMax times, none smaller than the one before it.
void EncodeTimes(std::span<const TimeMs> times, Bytes& out);

/// Replaces `out` by the times of a column that spans all of `column`; they ascend (equal neighbours are allowed).
/// Errors: kCorruption when bytes run out, are left over or contradict each other, or times pass 2^63;
///         kOutOfRange for a count over kTimeColumnMax.
[[nodiscard]] Status DecodeTimes(ByteView column, std::vector<TimeMs>& out);

}  // namespace tickscope::codec
