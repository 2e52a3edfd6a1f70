// BlockScan: series of one block as a ColumnScan.
#pragma once

#include <memory>
#include <vector>

#include "block/block_reader.h"
#include "model/column_scan.h"
#include "scan/selection_cache.h"

namespace tickscope::block {

struct BlockScanRequest {
  std::vector<Matcher> matchers;
  TimeMs start_ms = 0;  ///< Samples in [start, end].
  TimeMs end_ms = 0;
  std::uint64_t series_max = UINT64_MAX;
};

/// The block's series that match. What they need is fetched at once when the block is not here.
/// Which they are is kept in the cache, if there is one, which outlives the scan.
/// Errors: kResourceExhausted for more series than series_max; kCorruption; what fetching and `context` say.
[[nodiscard]] Result<std::unique_ptr<ColumnScan>> ScanBlock(std::shared_ptr<const BlockReader> block,
                                                            const BlockScanRequest& request,
                                                            const QueryContext& context,
                                                            scan::SelectionCache* cache = nullptr);

/// How many of the block's series match, from the cache when a scan has left it there. Errors: as Select of the block.
[[nodiscard]] Result<std::size_t> CountSeries(const std::shared_ptr<const BlockReader>& block,
                                              const std::vector<Matcher>& matchers,
                                              scan::SelectionCache& cache);

}  // namespace tickscope::block
