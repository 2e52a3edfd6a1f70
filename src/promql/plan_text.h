// Plan text: a plan as a tree for people, and as one line for logs.
#pragma once

#include <span>
#include <string>

#include "promql/plan.h"

namespace tickscope::promql {

/// A line a node, indented by depth; ends in a newline.
[[nodiscard]] std::string PlanTree(const Plan& plan);

/// "sum by (region)[columns](rate(c[5m] from raw+5m))": operations, how they run and from what they read; at most `bytes_max`.
[[nodiscard]] std::string PlanLine(const PlanNode& root, std::size_t bytes_max);

/// How much time was read from which tier, as "5m=29d22h,raw=2h": memory and files of this machine count as raw. Empty when
/// nothing was read.
[[nodiscard]] std::string TiersText(std::span<const ReadSpan> spans);

}  // namespace tickscope::promql
