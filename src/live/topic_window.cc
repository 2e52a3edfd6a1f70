#include "live/topic_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace tickscope::live {

void TopicWindow::Clear() {
  series_.Clear();
  covered_to_ms_.reset();
}

Result<Change> TopicWindow::Fill(const RefreshRequest& request, TimeMs from_ms, TimeMs to_ms,
                                 const Evaluate& evaluate, QueryContext& context) {
  TICKSCOPE_ASSIGN_OR_RETURN(
      promql::QueryResult result,
      evaluate({request.tenant, request.text, from_ms, to_ms, request.step_ms}, context));
  auto* const matrix = std::get_if<promql::Matrix>(&result.value);
  if (matrix == nullptr) return Fail(ErrorCode::kInternal, "a range query's value is not a matrix");
  std::uint64_t points = series_.point_count();
  for (const promql::MatrixSeries& series : *matrix)
    points += series.points.size();
  if (points > request.points_max) {
    Clear();
    return Fail(
        ErrorCode::kResourceExhausted,
        fmt::format("live query holds {} points, want at most {}: select fewer series, a shorter range or a "
                    "longer step",
                    points, request.points_max));
  }
  warnings_ = std::move(result.warnings);
  return series_.Merge(std::move(*matrix), from_ms, to_ms);
}

Result<Refreshed> TopicWindow::Refresh(const RefreshRequest& request, const Evaluate& evaluate,
                                       QueryContext& context) {
  const std::int64_t step_ms = request.step_ms;
  const TimeMs to_ms = request.to_ms;
  const TimeMs from_ms = to_ms - request.range_ms / step_ms * step_ms;
  Refreshed refreshed;
  // Also after the clock went back, or after so long a pause that nothing of the window would remain.
  if (!covered_to_ms_ || *covered_to_ms_ + step_ms < from_ms || *covered_to_ms_ > to_ms + request.range_ms) {
    Clear();
    TICKSCOPE_ASSIGN_OR_RETURN(refreshed.change, Fill(request, from_ms, to_ms, evaluate, context));
    refreshed.is_anew = true;
    refreshed.has_step = true;
    ++refreshed.evaluations;
    covered_from_ms_ = from_ms;
    covered_to_ms_ = to_ms;
    return refreshed;
  }
  if (from_ms < covered_from_ms_) {
    TICKSCOPE_ASSIGN_OR_RETURN(Change older,
                               Fill(request, from_ms, covered_from_ms_ - step_ms, evaluate, context));
    ++refreshed.evaluations;
    covered_from_ms_ = from_ms;
    // Who follows does not look back so far, but must know the numbers that later events may use.
    std::erase_if(older.series, [](const SeriesChange& one) { return !one.is_new; });
    for (SeriesChange& one : older.series)
      one.points.clear();
    if (!older.series.empty()) refreshed.older = std::move(older);
  }
  if (to_ms <= *covered_to_ms_) return refreshed;
  const TimeMs again_ms = AlignDown(to_ms - request.look_back_ms, step_ms);
  const TimeMs begin_ms = std::max(from_ms, std::min(*covered_to_ms_ + step_ms, again_ms));
  TICKSCOPE_ASSIGN_OR_RETURN(refreshed.change, Fill(request, begin_ms, to_ms, evaluate, context));
  refreshed.has_step = true;
  ++refreshed.evaluations;
  for (const SeriesChange& one : refreshed.change.series) {
    for (const promql::Point& point : one.points)
      refreshed.corrections += point.time_ms <= *covered_to_ms_ ? 1 : 0;
    refreshed.corrections += one.gone.size();
  }
  covered_to_ms_ = to_ms;
  covered_from_ms_ = from_ms;
  series_.Trim(covered_from_ms_, refreshed.change.forgotten);
  return refreshed;
}

}  // namespace tickscope::live
