// QueryRun: what one evaluation works with, handed to every part of it.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "model/queryable.h"
#include "model/tenant.h"
#include "promql/annotations.h"
#include "promql/duration_expr.h"
#include "promql/engine.h"
#include "promql/plan_trace.h"
#include "promql/sample_budget.h"

namespace tickscope::promql {

/// Lives as long as the evaluation; everything it refers to lives longer.
struct QueryRun {
  const Queryable& storage;
  const TenantId& tenant;
  const EngineOptions& options;
  const QueryContext& context;
  std::string_view text;
  TimeMs start_ms;
  TimeMs end_ms;
  std::int64_t step_ms;  ///< 0 for an instant query.
  SampleBudget& budget;
  Annotations& annotations;
  QueryStats& stats;
  PlanTrace* trace = nullptr;  ///< Null unless somebody wants to see what each node did.

  /// Errors: the evaluation is to end, by its context or for its memory. Cheap enough for every row.
  [[nodiscard]] Status Check() const {
    TICKSCOPE_RETURN_IF_ERROR(budget.Check());
    return context.Check();
  }
  /// Counts what was read for a selector.
  void NoteRead(const VectorSelector& selector, ReadRecord record) const;
  [[nodiscard]] DurationContext durations() const { return {step_ms, end_ms - start_ms}; }
};

/// Looks whether the run is to end every so much work: for loops over rows and cells, which may be many and small. A look
/// takes about as long as 30 cells.
class Pace {
 public:
  explicit Pace(const QueryRun& run) : run_(run) {}

  /// Counts a row's labels and its `cells`, or a step's. Errors: QueryRun::Check's.
  [[nodiscard]] Status Did(std::size_t cells) {
    done_ += kRowWork + cells;
    if (done_ < kWorkPerLook) [[likely]]
      return {};
    done_ = 0;
    return run_.Check();
  }

 private:
  // Cells that take as long as to hash or to change labels.
  static constexpr std::size_t kRowWork = 64;
  // Less than a millisecond of anything.
  static constexpr std::size_t kWorkPerLook = 1U << 15;

  const QueryRun& run_;
  std::size_t done_ = 0;
};

}  // namespace tickscope::promql
