#include "promql/range_hints.h"

#include <algorithm>

namespace tickscope::promql {

std::optional<SelectHints> HintsFor(const QueryRun& run, std::string_view function, std::int64_t range_ms,
                                    const TimeShift& shift, const Grid& grid) {
  if (!run.options.uses_windows) return std::nullopt;
  SelectHints hints;
  hints.function = function;
  hints.range_ms = range_ms;
  // An instant query has no steps; one of a single step of a range query is a part of that query.
  const bool is_once = shift.is_fixed() || (grid.count == 1 && run.step_ms == 0);
  hints.step_ms = is_once ? 0 : grid.step_ms;
  hints.end_ms = shift.Apply(grid.start_ms);
  hints.resolution_max_ms = run.options.source_resolution_max_ms;
  return hints;
}

bool StartsAtWindow(std::span<const ReadSpan> spans, TimeMs start_ms) {
  return std::ranges::any_of(spans, [start_ms](const ReadSpan& span) {
    return span.resolution_ms > 0 && span.start_ms <= start_ms && start_ms <= span.end_ms;
  });
}

}  // namespace tickscope::promql
