// TopicWindow: one query's answer over a moving range of steps, brought up to date by evaluating as little as possible.
//
//   before   |covered_from ............ covered_to|
//   wanted        |from ........................................ to|
//   evaluated                    |<- look back ->|<-- new steps -->|        and, when from is earlier, what is missing there
//
// Threads   One owner.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "live/series_window.h"
#include "model/queryable.h"
#include "model/tenant.h"
#include "promql/engine.h"

namespace tickscope::live {

struct RangeQuery {
  const TenantId& tenant;
  const std::string& text;
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  std::int64_t step_ms = 0;
};

/// Answers a range query with a Matrix: the one way from here to PromQL. Thread-safe. Errors: as promql::Engine::Range.
using Evaluate = std::function<Result<promql::QueryResult>(const RangeQuery& query, QueryContext& context)>;

struct RefreshRequest {
  const TenantId& tenant;
  const std::string& text;
  std::int64_t step_ms = 0;
  std::int64_t range_ms = 0;      ///< A whole number of steps is covered.
  TimeMs to_ms = 0;               ///< The latest step.
  std::int64_t look_back_ms = 0;  ///< How much of what was evaluated is evaluated again.
  std::uint64_t points_max = 0;
};

struct Refreshed {
  bool is_anew = false;         ///< Nothing of what was here holds: followers need all of it.
  bool has_step = false;        ///< `change` is about steps up to to_ms.
  std::optional<Change> older;  ///< Series that became known by filling the window's beginning; no points.
  Change change;
  std::uint64_t evaluations = 0;
  std::uint64_t corrections = 0;  ///< Points of `change` at steps that were evaluated before.
};

class TopicWindow {
 public:
  /// Evaluates until the window covers the request. After an error what was covered before still is, unless it says so
  /// by being uncovered (too many points). Errors: the evaluation's; kResourceExhausted past points_max.
  [[nodiscard]] Result<Refreshed> Refresh(const RefreshRequest& request, const Evaluate& evaluate,
                                          QueryContext& context);

  [[nodiscard]] bool is_covered() const { return covered_to_ms_.has_value(); }
  /// Latest step; only when covered.
  [[nodiscard]] TimeMs to_ms() const { return *covered_to_ms_; }
  [[nodiscard]] const SeriesWindow& series() const { return series_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  void Clear();

 private:
  [[nodiscard]] Result<Change> Fill(const RefreshRequest& request, TimeMs from_ms, TimeMs to_ms,
                                    const Evaluate& evaluate, QueryContext& context);

  SeriesWindow series_;
  TimeMs covered_from_ms_ = 0;
  std::optional<TimeMs> covered_to_ms_;
  std::vector<std::string> warnings_;  // Of the latest evaluation.
};

/// The latest multiple of `step_ms` not after `time_ms`.
[[nodiscard]] constexpr TimeMs AlignDown(TimeMs time_ms, std::int64_t step_ms) {
  const TimeMs rest = time_ms % step_ms;
  return time_ms - (rest < 0 ? rest + step_ms : rest);
}

}  // namespace tickscope::live
