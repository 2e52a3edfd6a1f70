// TierProcess: the parts of history in an object store, joined: where it is, what is in it, who works on it, how queries
// read it.
//
// Threads   Start begins the worker's thread, Stop ends it; the rest is thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/tier_api.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/threads.h"
#include "io/file_system.h"
#include "io/pause.h"
#include "model/mutation_log.h"
#include "objstore/object_cache.h"
#include "objstore/object_store.h"
#include "objstore/store_options.h"
#include "roles/cold_keeper.h"
#include "tier/catalogue.h"
#include "tier/hot_blocks.h"
#include "tier/object_block_opener.h"
#include "tier/served_here.h"
#include "tier/tier_worker.h"
#include "tier/tiered_queryable.h"
#include "tsdb/store.h"

namespace tickscope::roles {

struct TierConfig {
  bool enabled = true;
  objstore::StoreOptions store;  ///< An empty URL is the directory "objects" beside the data.
  std::uint64_t cache_bytes = 8ULL << 30;
  std::uint64_t open_blocks_max = 256;
  tier::TierOptions worker;
  ColdConfig cold;
};

/// Selectors of deletes and retention rules, as PromQL has them.
[[nodiscard]] Result<std::vector<Matcher>> ParseStoredSelector(std::string_view selector);

class TierProcess final : public api::TierControl {
 public:
  struct World {
    io::FileSystem& fs;
    const Clock& clock;
    Random& random;
    MetricRegistry& metrics;
  };

  /// `store` may be null for a process that only compacts. `mutations`, if given, is told what changes. Everything given outlives this.
  /// Errors: kInvalidArgument for a location that does not parse; those of opening it.
  [[nodiscard]] static Result<std::unique_ptr<TierProcess>> Open(const World& world, const TierConfig& config,
                                                                 const std::string& data_directory,
                                                                 tsdb::Store* store,
                                                                 std::uint64_t query_series_max,
                                                                 MutationLog* mutations = nullptr);
  ~TierProcess() override;

  /// All samples: the store's and the tiers'. Requires a store.
  [[nodiscard]] const tier::TieredQueryable& queryable() const { return *queryable_; }
  /// What a tenant's history is in, as one number that differs when that does; nothing before the first look.
  [[nodiscard]] std::optional<std::uint64_t> Fingerprint(const TenantId& tenant) const;
  [[nodiscard]] objstore::ObjectStore& objects() { return *objects_; }
  /// Where objects are files; empty when they are none.
  [[nodiscard]] const std::string& object_directory() const { return object_directory_; }
  [[nodiscard]] tier::TierWorker& worker() { return *worker_; }

  /// Lists once, so that queries see the tiers, and begins rounds on a thread of its own. A store that cannot be listed
  /// now is listed by a later round.
  void Start(Threads& threads = SystemThreads());
  void Stop();

  // api::TierControl.
  [[nodiscard]] api::TierReport Report(const TenantId& tenant) const override;
  [[nodiscard]] Result<api::DeleteCount> CountDelete(const api::DeleteRequest& request,
                                                     const QueryContext& context) const override;
  [[nodiscard]] Result<std::string> Delete(const api::DeleteRequest& request) override;
  void Hurry() override;

 private:
  class StoreBlocks;
  class ColdTier;

  TierProcess(const World& world, const TierConfig& config, std::string data_directory);
  // One line of JSON in <data>/audit.log, durable before what it tells of is done.
  [[nodiscard]] Status Audit(const std::string& line) TICKSCOPE_EXCLUDES(audit_mu_);

  const World world_;
  const TierConfig config_;
  const std::string data_directory_;
  std::string location_;
  std::string object_directory_;
  io::SystemPause pause_;
  SeededRandom jitter_;
  std::unique_ptr<objstore::ObjectStore> objects_;
  std::unique_ptr<objstore::ObjectCache> cache_;
  std::unique_ptr<tier::BlockOpener> opener_;
  std::unique_ptr<tier::OpenBlocks> open_blocks_;
  std::unique_ptr<tier::Catalogue> catalogue_;
  std::unique_ptr<StoreBlocks> store_blocks_;
  std::unique_ptr<ColdTier> cold_;
  std::unique_ptr<ColdKeeper> keeper_;  // Of a process that compacts.
  tier::ServedHere served_here_;
  std::unique_ptr<tier::TierWorker> worker_;
  std::unique_ptr<tier::TieredQueryable> queryable_;
  std::unique_ptr<Worker> thread_;
  Mutex audit_mu_;
};

}  // namespace tickscope::roles
