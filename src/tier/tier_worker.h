// TierWorker: moves blocks to the object store, thins them, merges them and lets old ones go.
//
//   each round   list  ->  upload what the store sealed, with its rollups  ->  merge  ->  expire, delete  ->  hand over
//
// Every step may be cut off anywhere and is done again: objects are put whole under names that follow from their content, and
// nothing is deleted before what replaces it has been listed for the grace period. So a crash, or a second worker that
// does the same, costs time only.
//
// Invariants   W1 a block leaves the store on this machine only after its object, and its rollups, were verified.
//              W2 an object is deleted only when it is expired, or another one that replaces it was live for the grace
//                 period.
// Threads      Round and Turn belong to one thread at a time; Status is thread-safe.
// Memory       Bounded by TierOptions::merge_memory_bytes and the indices of the blocks of one merge.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/threads.h"
#include "io/file_system.h"
#include "objstore/object_store.h"
#include "tier/catalogue.h"
#include "tier/hot_blocks.h"
#include "tier/merge_plan.h"
#include "tier/retention.h"
#include "tier/served_here.h"

namespace tickscope::tier {

struct TierOptions {
  std::string scratch_directory;      ///< For files on their way; emptied at the start.
  std::int64_t interval_ms = 60'000;  ///< Between rounds.
  std::int64_t hot_ms =
      26 * 3'600'000LL;  ///< How long the store keeps blocks that the tier has: a day's dashboards.
  std::int64_t grace_ms =
      3'600'000;         ///< Between a merge and the deletion of what it replaced: readers with old listings.
  bool compacts = true;  ///< Whether it merges and removes; uploading goes with the store.
  MergePlanOptions merge;
  std::uint64_t merge_memory_bytes = 768ULL << 20;
  bool rolls_up_everything = false;  ///< All aggregates of all series, not those that go with their kind.
  std::uint32_t shard = 0;           ///< Of `shard_count` compactors, this one.
  std::uint32_t shard_count = 1;
  RetentionOptions retention;
  /// Carries a tenant's deletes out where this worker does not look: the cold tier. Asked each round while there are any; false
  /// and errors keep all of them. May be empty.
  std::function<Result<bool>(const TenantId&, const std::vector<Tombstone>&)> carry_out_deletes;
};

/// Where the tier's work stands.
struct TierStatus {
  bool is_known = false;  ///< Whether the object store was listed once.
  std::uint64_t hot_blocks = 0;
  std::uint64_t blocks_to_upload = 0;
  std::int64_t upload_lag_ms = 0;  ///< Age of the oldest block that is not uploaded; 0 when there is none.
  std::uint64_t merges_pending = 0;
  std::int64_t merge_lag_ms = 0;       ///< How long the oldest pending merge has been due.
  std::uint64_t replaced_objects = 0;  ///< Waiting for the grace period to end.
  std::string last_error;              ///< Of the last round; empty when it went well.
};

class TierWorker {
 public:
  /// Everything given outlives the worker; `hot` may be null for one that only compacts.
  TierWorker(io::FileSystem& fs, const Clock& clock, objstore::ObjectStore& objects, Catalogue& catalogue,
             HotBlocks* hot, ServedHere& served_here, MetricRegistry& metrics, TierOptions options);
  ~TierWorker();

  /// Does all that is due now. Errors: those of the object store and the disk; what was done stays done, and the rest is
  /// tried again by the next. A damaged block is no error: it is put aside.
  [[nodiscard]] tickscope::Status Round();
  /// A round as a turn of a loop.
  [[nodiscard]] Turn Take();
  /// Makes a round end early and turns end for good.
  void Stop() { stopping_ = true; }

  [[nodiscard]] TierStatus Status() const TICKSCOPE_EXCLUDES(mu_);

 private:
  struct Instruments {
    explicit Instruments(MetricRegistry& metrics);
    Counter* rounds;
    Counter* failures;
    Counter* uploaded_blocks;
    Counter* uploaded_bytes;
    Counter* rolled_samples;
    Counter* merges;
    Counter* merged_samples;
    Counter* merge_conflicts;
    Counter* expired_objects;
    Counter* removed_objects;
    Counter* released_blocks;
    Gauge* upload_lag;
    Gauge* merge_lag;
    Gauge* merges_pending;
  };

  [[nodiscard]] tickscope::Status UploadAll();
  [[nodiscard]] tickscope::Status Upload(const HotBlock& block, const std::vector<HotBlock>& all);
  [[nodiscard]] tickscope::Status Rollup(const HotBlock& block, const BlockName& name,
                                         const std::vector<HotBlock>& all);
  [[nodiscard]] tickscope::Status MergeAll();
  // False when nothing was merged because an input turned out to be damaged.
  [[nodiscard]] Result<bool> Merge(Tier tier, const TenantId& tenant, const TenantTiers& tiers,
                                   const MergeJob& job);
  [[nodiscard]] tickscope::Status RemoveOld();
  [[nodiscard]] tickscope::Status RetireDeletes();
  [[nodiscard]] tickscope::Status HandOver();
  [[nodiscard]] tickscope::Status PutBlock(const std::string& path, const std::string& object_name);
  [[nodiscard]] tickscope::Status RemoveObject(Tier tier, const TenantId& tenant, const std::string& file);
  // Whether the tier has the file, or something that replaced it.
  [[nodiscard]] static bool Knows(const LiveBlocks& blocks, const std::string& file);
  // Whether it would be removed as soon as it was there.
  [[nodiscard]] bool IsTooOld(Tier tier, const TenantId& tenant, const BlockName& name) const;
  // Whether the raw block is in the tier, or too old to be.
  [[nodiscard]] bool HasRaw(const TenantId& tenant, const TenantTiers& tiers, const std::string& file) const;
  [[nodiscard]] bool HasRollups(const TenantId& tenant, const TenantTiers& tiers,
                                const std::string& file) const;
  [[nodiscard]] tickscope::Status ClearScratch() const;
  [[nodiscard]] std::string ScratchPath(std::string_view file) const;
  void SetError(const std::string& message) TICKSCOPE_EXCLUDES(mu_);

  io::FileSystem& fs_;
  const Clock& clock_;
  objstore::ObjectStore& objects_;
  Catalogue& catalogue_;
  HotBlocks* const hot_;
  ServedHere& served_here_;
  Instruments metrics_;
  const TierOptions options_;
  std::atomic<bool> stopping_{false};

  bool scratch_is_clear_ = false;
  std::set<std::pair<TenantId, std::string>>
      rerolled_;  // Blocks whose rollups bear another name; forgotten with the process.
  std::map<std::string, TimeMs> replaced_since_ms_;  // By object name: when first seen replaced.
  std::map<TenantId, std::vector<std::string>>
      handed_over_;  // Files the store may let go of in the next round.
  mutable Mutex mu_;
  TierStatus status_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::tier
