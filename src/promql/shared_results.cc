#include "promql/shared_results.h"

#include <algorithm>

#include "promql/expr_children.h"
#include "promql/pushed_aggregate.h"

namespace tickscope::promql {
namespace {

bool IsSame(const Scope& a, const Scope& b) {
  return a.grid.start_ms == b.grid.start_ms && a.grid.step_ms == b.grid.step_ms &&
         a.grid.count == b.grid.count && a.histogram_totals_only == b.histogram_totals_only &&
         a.whole_histograms == b.whole_histograms && a.ends_later == b.ends_later;
}

// Where each node of one expression begins in an equal one.
void MapPlaces(const Expr& from, const Expr& to, Annotations::Places& places) {
  places.emplace(from.position.start, to.position.start);
  std::vector<const Expr*> of_to;
  ForEachChild(to, [&](const Expr& child) { of_to.push_back(&child); });
  std::size_t next = 0;
  ForEachChild(from, [&](const Expr& child) {
    if (next < of_to.size()) MapPlaces(child, *of_to[next++], places);
  });
}

}  // namespace

SharedResults::SharedResults(QueryRun& run, const Expr& root) : run_(run) {
  if (!run.options.shares_subexpressions) return;
  parts_ = EqualParts(root, [&run](const Aggregate& aggregate) { return IsPushable(run, aggregate); });
}

std::optional<Result<StepMatrix>> SharedResults::Take(Use& use, const Expr& expr, const Scope& scope) {
  const auto kept =
      std::ranges::find_if(use.kept, [&](const Kept& each) { return IsSame(each.scope, scope); });
  if (kept == use.kept.end()) return std::nullopt;
  Annotations::Places places;
  MapPlaces(*kept->expr, expr, places);
  run_.annotations.Merge(kept->notes, places);
  ++run_.stats.shared_results;
  if (run_.trace != nullptr) run_.trace->RanAs(expr, PlanMethod::kShared);
  // Without room for another the rest is evaluated again.
  if (use.left > 0 && kept->value.HasRoomForCopy()) return kept->value.Copy();
  Result<StepMatrix> last = std::move(kept->value);
  use.kept.clear();
  return last;
}

void SharedResults::Keep(Use& use, const Expr& expr, const Scope& scope, const StepMatrix& value,
                         Annotations notes) {
  if (!value.HasRoomForCopy()) return;
  auto copy = value.Copy();
  if (copy) use.kept.push_back({&expr, scope, *std::move(copy), std::move(notes)});
}

}  // namespace tickscope::promql
