// Catalogue: what a listing of the object store holds, by tenant and tier, for queries and for the tier's worker.
//
// Refresh lists, opens blocks it has not met to learn what they replace, and shows the result as one version. A listing that
// fails or is old leaves the version before it, or shows one that reads the same samples from other blocks.
//
// A block that does not decode is quarantined: an object of its name and ".quarantined" tells everybody to leave it out, and
// tickscope_tier_quarantined_blocks counts it until somebody has looked and removed that object. Nothing else stops for it.
//
// Threads   Refresh belongs to one thread; the rest is thread-safe.
// Memory    Some 200 bytes a block, and its sources.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "model/mutation_log.h"
#include "objstore/object_store.h"
#include "tier/block_opener.h"
#include "tier/live_blocks.h"
#include "tier/tombstone.h"

namespace tickscope::tier {

struct TenantTiers {
  std::array<LiveBlocks, kTiers.size()> tiers;
  std::vector<Tombstone> tombstones;

  [[nodiscard]] const LiveBlocks& of(Tier tier) const { return tiers[static_cast<std::size_t>(tier)]; }
};
using TenantTiersPtr = std::shared_ptr<const TenantTiers>;

class Catalogue {
 public:
  /// Everything given outlives the catalogue.
  Catalogue(objstore::ObjectStore& objects, OpenBlocks& blocks, MetricRegistry& metrics,
            SelectorParser parse);

  /// What changes for readers is told from now on. Call before the first Refresh; the log outlives this.
  void TellChanges(MutationLog& log) { mutations_ = &log; }

  /// Errors: what the object store says; the version stays.
  [[nodiscard]] Status Refresh() TICKSCOPE_EXCLUDES(mu_);
  /// Whether Refresh has succeeded once.
  [[nodiscard]] bool is_known() const { return is_known_; }

  [[nodiscard]] std::vector<TenantId> Tenants() const TICKSCOPE_EXCLUDES(mu_);
  /// Never null; empty for a tenant that has nothing here.
  [[nodiscard]] TenantTiersPtr Tenant(const TenantId& tenant) const TICKSCOPE_EXCLUDES(mu_);

  [[nodiscard]] Result<BlockPtr> Open(Tier tier, const TenantId& tenant, const ListedBlock& block);
  /// The block if it is open; null else.
  [[nodiscard]] BlockPtr OpenedAlready(Tier tier, const TenantId& tenant, const ListedBlock& block) const;
  /// Puts a damaged block aside, for everybody. Failing to write the mark is logged; it is left out here all the same.
  void Quarantine(Tier tier, const TenantId& tenant, const std::string& file, const Error& error)
      TICKSCOPE_EXCLUDES(mu_);
  /// A delete was asked for here: it counts at once, whenever the next listing has it.
  void AddTombstone(const TenantId& tenant, const Tombstone& tombstone) TICKSCOPE_EXCLUDES(mu_);
  /// The block is deleted: forgotten here without waiting for a listing that knows.
  void Forget(Tier tier, const TenantId& tenant, const std::string& file) TICKSCOPE_EXCLUDES(mu_);

 private:
  // Tells what a reader of the tenant sees differently.
  void TellDifference(const TenantId& tenant, const TenantTiers& before, const TenantTiers& after) const;
  using Listing = std::map<TenantId, std::array<std::vector<ListedBlock>, kTiers.size()>>;
  [[nodiscard]] Status List(Listing& listing, std::uint64_t& foreign) TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] Result<std::map<TenantId, std::vector<Tombstone>>> ListTombstones();
  // Adds blocks met before that an older listing lacks, if they are there.
  [[nodiscard]] Status KeepUnlisted(Listing& listing,
                                    std::unordered_map<std::string, std::vector<std::string>>& sources,
                                    const std::set<std::string>& quarantined) TICKSCOPE_EXCLUDES(mu_);
  // The block's sources, from memory or the block. Nothing when it is damaged or gone.
  [[nodiscard]] Result<std::vector<std::string>> SourcesOf(const ObjectPlace& place, std::uint64_t size);

  objstore::ObjectStore& objects_;
  OpenBlocks& blocks_;
  const SelectorParser parse_;
  MutationLog* mutations_ = nullptr;
  Counter* refreshes_;
  Counter* failures_;
  Gauge* quarantined_blocks_;
  Gauge* foreign_objects_;
  std::array<Gauge*, kTiers.size()> block_count_{};
  std::array<Gauge*, kTiers.size()> block_bytes_{};

  std::unordered_map<std::string, std::vector<std::string>> sources_;  // By object name; Refresh's own.
  std::unordered_map<std::string, Tombstone> tombstones_;              // Likewise.
  std::atomic<bool> is_known_{false};
  mutable Mutex mu_;
  std::map<TenantId, TenantTiersPtr> version_ TICKSCOPE_GUARDED_BY(mu_);
  std::map<TenantId, std::vector<Tombstone>> new_tombstones_ TICKSCOPE_GUARDED_BY(mu_);  // Not listed yet.
  std::set<std::string> quarantined_ TICKSCOPE_GUARDED_BY(mu_);                          // Object names.
  std::set<std::string> unmarked_ TICKSCOPE_GUARDED_BY(mu_);   // Those whose mark could not be written.
  std::set<std::string> forgotten_ TICKSCOPE_GUARDED_BY(mu_);  // Deleted, but perhaps still listed.
};

}  // namespace tickscope::tier
