// ColdKeeper: the cold tier kept up by the machine that compacts: days that are over are published, and deletes reach what
// is published already.
//
// A day is published once it has been over for `settle`, and again when its blocks change (late data, a merge), as long as all
// its raw samples are still kept: what retention has thinned is never published over what was whole. Exactly once by
// manifests (cold/publisher.h); a crash costs a repetition.
//
// Threads   One thread at a time.
// Memory    As cold::PublishDay.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "cold/cold_catalog.h"
#include "cold/cold_delete.h"
#include "cold/cold_schema.h"
#include "objstore/object_store.h"
#include "tier/catalogue.h"
#include "tier/tier_worker.h"

namespace tickscope::roles {

struct ColdConfig {
  std::int64_t publish_every_ms = 0;  ///< Between looks for days to publish; 0 for never.
  std::int64_t grace_ms = 3'600'000;  ///< How long replaced files stay, for readers that began before.
  std::vector<std::string> promoted = cold::DefaultPromotedLabels();
};

/// A delete as the cold tier takes it.
[[nodiscard]] std::vector<cold::ColdDelete> ColdDeletes(const std::vector<tier::Tombstone>& tombstones);

class ColdKeeper {
 public:
  /// Everything given outlives the keeper; of `tiers` it takes retention, settle and its share of the tenants.
  ColdKeeper(objstore::ObjectStore& objects, tier::Catalogue& catalogue, const Clock& clock,
             MetricRegistry& metrics, ColdConfig config, const tier::TierOptions& tiers);

  /// Carries deletes out on what is published. True when none is left to do, whoever did it. Errors: the store's; what
  /// was done stays done.
  [[nodiscard]] Result<bool> CarryOut(const TenantId& tenant, const std::vector<tier::Tombstone>& tombstones);
  /// Publishes what is due and sweeps what was replaced, when it is time to. Failures are logged, counted, and tried
  /// again by the next call that is due.
  void Turn();
  /// Makes long work end early. Thread-safe.
  void Stop() { stopping_ = true; }

 private:
  [[nodiscard]] bool IsOurs(const TenantId& tenant) const;
  // The oldest of a tenant's days that ought to be published and could not be; its end, or INT64_MAX.
  [[nodiscard]] TimeMs PublishTenant(const TenantId& tenant, TimeMs now_ms);
  [[nodiscard]] Status PublishOne(const TenantId& tenant, const tier::TenantTiers& tiers, cold::Day day);
  void Sweep(TimeMs now_ms);

  objstore::ObjectStore& objects_;
  tier::Catalogue& catalogue_;
  const Clock& clock_;
  const ColdConfig config_;
  const tier::RetentionOptions retention_;
  const std::int64_t settle_ms_;
  const std::uint32_t shard_;
  const std::uint32_t shard_count_;
  std::atomic<bool> stopping_{false};
  TimeMs next_publish_ms_ = INT64_MIN;
  TimeMs next_sweep_ms_ = INT64_MIN;
  std::set<TenantId> to_sweep_;
  // What days were last published from, so that a round without changes asks nothing of the store.
  std::map<std::pair<TenantId, cold::Day>, std::vector<std::string>> published_from_;
  std::set<std::pair<TenantId, std::string>> carried_out_;  // Deletes nothing published is left to do for.
  Counter* const published_days_;
  Counter* const rewritten_days_;
  Counter* const failures_;
  Gauge* const publish_lag_;
};

}  // namespace tickscope::roles
