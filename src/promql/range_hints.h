// Range hints: what storage is told of the ranges a query looks at, and what its windows mean for them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/read_span.h"
#include "model/select_hints.h"
#include "promql/query_run.h"
#include "promql/selector_eval.h"

namespace tickscope::promql {

/// Hints for `function` (empty for the newest sample) over ranges that end at the grid's times, shifted. Nothing when the options
/// say so.
[[nodiscard]] std::optional<SelectHints> HintsFor(const QueryRun& run, std::string_view function,
                                                  std::int64_t range_ms, const TimeShift& shift,
                                                  const Grid& grid);

/// Whether what a counter was at `start_ms`, where a range begins, stands in the samples. Of samples as they came, one at that very
/// time is before the range, (start, end]. A window's row at that time is the last sample of what was before the range: from
/// it to the last within is what the counter grew by, without guessing.
[[nodiscard]] bool StartsAtWindow(std::span<const ReadSpan> spans, TimeMs start_ms);

}  // namespace tickscope::promql
