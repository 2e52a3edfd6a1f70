// Select hints: what a query is going to make of the samples it selects.
//
// Storage that has windows beside samples may answer from them where that gives the same, and must not where it does not.
// Nothing here says where a query begins or ends: a step's answer is then the same in every query that has the step.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace tickscope {

struct SelectHints {
  /// Function over the range, in PromQL's name; empty for the newest sample within the look-back. Lives for ever.
  std::string_view function;
  std::int64_t range_ms = 0;  ///< Of the range, or the look-back.
  std::int64_t step_ms = 0;   ///< 0 when it is evaluated once.
  TimeMs end_ms = 0;          ///< End of one of the ranges; those of the others are steps away.
  /// Coarsest windows that may stand for samples that are there as well, where the answer is then near and not the same;
  /// 0 for none.
  std::int64_t resolution_max_ms = 0;
};

}  // namespace tickscope
