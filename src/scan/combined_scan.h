// CombinedScan: several column scans, of blocks and of what is in memory, as one: each series once, its columns in order.
//
// Series are the same when their label pairs are. Pairs are compared as texts once a scan and pair; series by numbers alone.
//
// Who is the same as whom is kept in a cache, if there is one and all of the scans are kept ones.
//
// Memory   For each series its pairs and a place in every scan that has it: some 60 bytes.
#pragma once

#include <memory>
#include <vector>

#include "model/column_scan.h"
#include "scan/selection_cache.h"

namespace tickscope::scan {

/// Of samples of one time that several scans have, the earlier scan's counts; put them in order of time where they do not
/// overlap. Errors: what QueryContext::Check says.
[[nodiscard]] Result<std::unique_ptr<ColumnScan>> Combine(std::vector<std::unique_ptr<ColumnScan>> scans,
                                                          const QueryContext& context,
                                                          SelectionCache* cache = nullptr);

}  // namespace tickscope::scan
