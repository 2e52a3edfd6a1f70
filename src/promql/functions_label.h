// Functions that change or order by labels: label_replace, label_join, sort, sort_desc, sort_by_label(_desc).
#pragma once

#include <string_view>

#include "promql/function_table.h"

namespace tickscope::promql {

[[nodiscard]] Result<StepMatrix> EvalLabelReplace(const CallSite& site);
[[nodiscard]] Result<StepMatrix> EvalLabelJoin(const CallSite& site);
[[nodiscard]] Result<StepMatrix> EvalSort(const CallSite& site);
[[nodiscard]] Result<StepMatrix> EvalSortByLabel(const CallSite& site);

/// Compares texts so that numbers inside them order by value: "node9" before "node10".
[[nodiscard]] bool NaturalLess(std::string_view a, std::string_view b);

}  // namespace tickscope::promql
