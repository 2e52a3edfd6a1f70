// Window form: how a function of a range is made of windows: which aggregates are read, and what samples they come to.
//
//   form       rows are                        aggregates     for
//   last       the last sample                 last           selectors, last_over_time, delta; and what windows cannot tell
//   first      the first sample                first          first_over_time
//   min, max   the least, the greatest float   min, max       min_over_time, max_over_time
//   sum        the sum                         sum            sum_over_time
//   mean       the sum, of so many samples     sum, count     avg_over_time
//   count      0, of so many samples           count          count_over_time, present_over_time, absent_over_time
//   counter    the counter at the window's end last, increase rate, increase
//
// The function is then taken of rows as of samples, those of samples as they came beside them: SampleColumns::counts says how many
// samples a row stands for.
//
// A counter that begins, or that is reset and overtakes its old value within a window, did more than its last values show. The
// increase knows: what it grew by before the reset, and the nothing it fell to, become rows of their own, one and two
// milliseconds before the window's end; where it begins, what it was before is a row at the window's start.
//
// Threads   Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "rollup/rollup_rows.h"

namespace tickscope::rollup {

enum class WindowForm : std::uint8_t { kLast, kFirst, kMin, kMax, kSum, kMean, kCount, kCounter };

/// The form for a function over a range; kLast for what is no such function or cannot be told from windows.
[[nodiscard]] WindowForm FormOf(std::string_view function);

/// Aggregates a form reads. Of a window that lacks one the last sample stands in, but for kCount.
[[nodiscard]] AggregateSet AggregatesOf(WindowForm form);
/// Those without which there is no exact answer.
[[nodiscard]] AggregateSet NeededFor(WindowForm form);

enum class Precision : std::uint8_t {
  kExact,  ///< Nothing but what the samples themselves would give.
  kNear,   ///< Where a window has no such aggregate, what its last sample suggests.
};

/// Replaces `samples` by the rows. False when kExact and a window lacks what it takes, or holds histograms; `samples` are of no
/// use then. Requires: rows with the columns of AggregatesOf(form), of windows of `resolution_ms`.
[[nodiscard]] bool RowsAsSamples(const RollupRows& rows, WindowForm form, Precision precision,
                                 std::int64_t resolution_ms, SampleColumns& samples);

}  // namespace tickscope::rollup
