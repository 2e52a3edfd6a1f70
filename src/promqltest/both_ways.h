// Both ways: the same query with every shortcut the engine knows, and series by series.
//
// The shortcuts are columns added up in the scan, windows in place of samples, equal parts evaluated once. The evaluator without
// them is the oracle: answers agree but for the sixteenth digit of sums, notes and errors to the letter.
#pragma once

#include <string_view>

#include "model/queryable.h"
#include "promql/engine.h"
#include "promqltest/comparison.h"

namespace tickscope::promqltest {

/// Times of a query; an instant query when step_ms is 0.
struct QueryTimes {
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  std::int64_t step_ms = 0;
};

/// `options` with all shortcuts off.
[[nodiscard]] promql::EngineOptions WithoutShortcuts(promql::EngineOptions options);

/// What differs; nothing when the two agree.
[[nodiscard]] Difference CompareBothWays(const Queryable& storage, std::string_view expression,
                                         const QueryTimes& times, const promql::EngineOptions& options);

}  // namespace tickscope::promqltest
