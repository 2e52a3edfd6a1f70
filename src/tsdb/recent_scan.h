// RecentScan: series of a tenant's catalog as a ColumnScan: what is in memory and in segments, not yet in a block.
#pragma once

#include <functional>
#include <memory>

#include "model/column_scan.h"
#include "scan/selection_cache.h"
#include "tsdb/version.h"

namespace tickscope::tsdb {

/// The catalog's series that match. `report` hears of damaged segments; it outlives the scan, and any thread may call it.
/// Which they are is kept in the cache, if there is one, which outlives the scan.
/// Errors: kResourceExhausted for more than `series_max` series; what `context` says.
using DamageReport = std::function<void(const TenantVersion::Damage&)>;
[[nodiscard]] Result<std::unique_ptr<ColumnScan>> ScanRecent(std::shared_ptr<const TenantVersion> version,
                                                             const SelectRequest& request,
                                                             std::uint64_t series_max,
                                                             const QueryContext& context, DamageReport report,
                                                             scan::SelectionCache* cache = nullptr);

}  // namespace tickscope::tsdb
