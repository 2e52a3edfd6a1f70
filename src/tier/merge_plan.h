// Merge plan: which blocks a compactor merges next.
//
// Blocks of a tenant and tier that lie in one period (a day, or 32 days for rollups) become one when the period is over and
// has settled; windows of an hour also before, the days that are over, some at a time. Blocks that reach over an edge tie the periods they touch together, up to a bound; longer ones stay as
// they are, for overlap is normal to readers. A plan is a function of the listing and the time, so several compactors with one
// listing plan the same and share the work by a hash.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tier/live_blocks.h"
#include "tier/tombstone.h"

namespace tickscope::tier {

struct MergePlanOptions {
  /// How long a period must be over before its blocks are merged: stragglers and uploads come first.
  std::int64_t settle_ms = 30 * 60'000;
  /// Most blocks merged at once: what they index is in memory together.
  std::size_t inputs_max = 64;
};

struct MergeJob {
  Level level = Level::kDay;
  BlockName output;             ///< When classes are split, the id before a class's key.
  bool splits_classes = false;  ///< Whether each retention class becomes a block of its own.
  std::vector<std::string>
      inputs;  ///< File names in order of precedence: of one time, the first one's sample counts.
  std::vector<std::string> deletes;  ///< Ids of the tombstones to apply.
};

/// Jobs for blocks of one tenant, tier and aggregate, oldest first. `live` is Resolve's. With `has_classes` blocks of
/// the store are merged (also a single one), to be split by retention class.
[[nodiscard]] std::vector<MergeJob> PlanMerges(Tier tier, std::span<const ListedBlock> live,
                                               std::span<const Tombstone> tombstones, TimeMs now_ms,
                                               bool has_classes, const MergePlanOptions& options);

/// Which of `count` compactors does a job: they need not know each other.
[[nodiscard]] std::uint32_t ShardOf(Tier tier, const TenantId& tenant, const MergeJob& job,
                                    std::uint32_t count);

}  // namespace tickscope::tier
