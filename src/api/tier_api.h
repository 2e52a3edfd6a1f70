// The tiers' API: where history stands, and deletes.
//
//   GET       /api/v1/status/tiers                         blocks, bytes and lag of each tier
//   POST, PUT /api/v1/admin/tsdb/delete_series             match[], start, end as Prometheus; dry_run=true counts only
//   POST, PUT /api/v1/admin/tsdb/clean_tombstones          begins the work that carries deletes out
//
// What changes data is served only where the configuration says so (admin_api), as in Prometheus.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/worker_pool.h"
#include "http/router.h"
#include "model/matcher.h"
#include "model/queryable.h"
#include "model/tenant.h"

namespace tickscope::api {

struct TierReport {
  struct Tier {
    std::string name;  ///< "hot", "raw", "1m", "5m", "1h".
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    TimeMs from_ms = 0;   ///< Of the oldest block; both 0 when there is none.
    TimeMs until_ms = 0;  ///< Of the newest.
    std::int64_t keep_ms = 0;
  };
  std::vector<Tier> tiers;
  std::string store;  ///< Where, without secrets.
  bool is_known = false;
  std::uint64_t blocks_to_upload = 0;
  std::int64_t upload_lag_ms = 0;
  std::uint64_t merges_pending = 0;
  std::int64_t merge_lag_ms = 0;
  std::uint64_t replaced_objects = 0;
  std::uint64_t deletes_pending = 0;
  std::string last_error;
};

struct DeleteRequest {
  TenantId tenant;
  std::vector<std::string> selectors;
  std::vector<std::vector<Matcher>> matchers;  ///< Of each selector.
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
};

struct DeleteCount {
  std::uint64_t series = 0;
  std::uint64_t samples = 0;
};

/// Thread-safe.
class TierControl {
 public:
  virtual ~TierControl() = default;
  [[nodiscard]] virtual TierReport Report(const TenantId& tenant) const = 0;
  /// What a delete would hide.
  [[nodiscard]] virtual Result<DeleteCount> CountDelete(const DeleteRequest& request,
                                                        const QueryContext& context) const = 0;
  /// Hides the samples, durably, and leaves dropping them to compaction. Returns the delete's id.
  [[nodiscard]] virtual Result<std::string> Delete(const DeleteRequest& request) = 0;
  /// Does the next round of work now.
  virtual void Hurry() = 0;
};

/// Everything outlives the router.
struct TierApiDependencies {
  TierControl& tiers;
  const Clock& clock;
  WorkerPool& pool;
  Result<std::vector<Matcher>> (*parse_selector)(std::string_view selector);
  bool admin_api = false;
  std::chrono::milliseconds query_timeout{120'000};
};

void RegisterTierApi(http::Router& router, const TierApiDependencies& dependencies);

}  // namespace tickscope::api
