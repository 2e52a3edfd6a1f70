// MatchSeries: which series of one scan is which of another.
//
// Threads   Pure function.
#pragma once

#include <cstdint>
#include <vector>

#include "model/column_scan.h"

namespace tickscope::scan {

inline constexpr std::uint32_t kNoSeries = UINT32_MAX;

/// For each series of `a` the one of `b` with the same labels, or kNoSeries. Errors: what QueryContext::Check says.
[[nodiscard]] Result<std::vector<std::uint32_t>> MatchSeries(const ColumnScan& a, const ColumnScan& b,
                                                             const QueryContext& context);

}  // namespace tickscope::scan
