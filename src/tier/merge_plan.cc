#include "tier/merge_plan.h"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <map>
#include <set>

namespace tickscope::tier {
namespace {

// Periods that blocks over an edge may tie together.
constexpr std::int64_t kTiedPeriodsMax = 4;

// Windows of an hour are 24 a day: what a query of a month pays for is files. So the days that are over are merged while the month
// goes on, so many at a time, what was merged before counted in: each window is written eight times at most.
constexpr std::size_t kHoursTogetherMin = 5;

// Periods begin a millisecond after the multiple, as block windows do (decision 0012).
constexpr TimeMs kEdgeMs = 1;

std::int64_t PeriodOf(TimeMs time_ms, std::int64_t period_ms) {
  const TimeMs shifted = time_ms - kEdgeMs;
  return shifted >= 0 ? shifted / period_ms : -((-shifted + period_ms - 1) / period_ms);
}

using Blocks = std::vector<const ListedBlock*>;

struct Group {
  std::int64_t first = 0;  ///< Periods [first, last].
  std::int64_t last = 0;
  Blocks blocks;
};

// Blocks that share a period, directly or by one that reaches over an edge.
std::vector<Group> GroupByPeriod(std::span<const ListedBlock> live, Level level, std::int64_t period_ms) {
  std::vector<Group> groups;
  for (const ListedBlock& block : live) {
    if (block.name.level() > level) continue;
    const std::int64_t first = PeriodOf(block.name.from_ms, period_ms);
    const std::int64_t last = PeriodOf(block.name.until_ms - 1, period_ms);
    if (last - first >= kTiedPeriodsMax) continue;
    // Blocks come by start, so only the newest group can be touched.
    if (groups.empty() || first > groups.back().last) {
      groups.push_back({first, last, {&block}});
    } else {
      groups.back().last = std::max(groups.back().last, last);
      groups.back().blocks.push_back(&block);
    }
  }
  return groups;
}

bool Has(const ListedBlock& block, const std::string& source) {
  return std::ranges::find(block.sources, source) != block.sources.end();
}

// Tombstones a block may have samples of that were not dropped yet.
std::vector<std::string> PendingDeletes(const ListedBlock& block, std::span<const Tombstone> tombstones) {
  std::vector<std::string> pending;
  for (const Tombstone& tombstone : tombstones) {
    if (block.name.Overlaps(tombstone.start_ms, tombstone.end_ms) &&
        !Has(block, AppliedDelete(tombstone.id))) {
      pending.push_back(tombstone.id);
    }
  }
  return pending;
}

bool IsOver(TimeMs until_ms, std::int64_t period_ms, TimeMs now_ms, const MergePlanOptions& options) {
  return now_ms >= (PeriodOf(until_ms - 1, period_ms) + 1) * period_ms + kEdgeMs + options.settle_ms;
}

bool IsMixed(const ListedBlock& block) {
  return block.name.level() == Level::kStored;
}

// Of the blocks of one period, those that go together. Where one holds all classes, everything is merged and split anew; else
// each class is merged for itself.
std::vector<Blocks> Mergeable(const Blocks& blocks, bool has_classes) {
  std::vector<Blocks> parts;
  if (std::ranges::any_of(blocks, [](const ListedBlock* block) { return IsMixed(*block); })) {
    if (blocks.size() > 1 || has_classes) parts.push_back(blocks);
    return parts;
  }
  std::map<std::string_view, Blocks> by_class;
  for (const ListedBlock* const block : blocks)
    by_class[block->name.class_key()].push_back(block);
  for (auto& [key, part] : by_class) {
    if (part.size() > 1) parts.push_back(std::move(part));
  }
  return parts;
}

MergeJob MakeJob(Level level, std::vector<const ListedBlock*> blocks, std::span<const Tombstone> tombstones,
                 bool has_classes) {
  MergeJob job{.level = level};
  job.splits_classes =
      has_classes && std::ranges::any_of(blocks, [](const ListedBlock* block) { return IsMixed(*block); });
  job.output.from_ms = INT64_MAX;
  job.output.until_ms = INT64_MIN;
  std::set<std::string> deletes;
  std::ranges::sort(blocks,
                    [](const ListedBlock* a, const ListedBlock* b) { return Precedes(a->name, b->name); });
  for (const ListedBlock* const block : blocks) {
    job.inputs.push_back(block->file);
    job.output.from_ms = std::min(job.output.from_ms, block->name.from_ms);
    job.output.until_ms = std::max(job.output.until_ms, block->name.until_ms);
    for (std::string& id : PendingDeletes(*block, tombstones))
      deletes.insert(std::move(id));
  }
  job.deletes.assign(deletes.begin(), deletes.end());
  job.output.aggregate = blocks.front()->name.aggregate;
  std::vector<std::string> sources = job.inputs;
  for (const std::string& id : job.deletes)
    sources.push_back(AppliedDelete(id));
  job.output.id = MergeId(level, std::move(sources));
  if (!job.splits_classes) job.output.id += blocks.front()->name.class_key();
  return job;
}

}  // namespace

std::vector<MergeJob> PlanMerges(Tier tier, std::span<const ListedBlock> live,
                                 std::span<const Tombstone> tombstones, TimeMs now_ms, bool has_classes,
                                 const MergePlanOptions& options) {
  std::vector<MergeJob> jobs;
  std::set<const ListedBlock*> planned;
  const auto plan = [&](Level level) {
    const std::int64_t period_ms = PeriodMs(level);
    for (Group& group : GroupByPeriod(live, level, period_ms)) {
      const bool is_over = now_ms >= (group.last + 1) * period_ms + kEdgeMs + options.settle_ms;
      const bool goes_on = !is_over && tier == Tier::kOneHour && level == Level::kMonth;
      if (!is_over && !goes_on) continue;
      std::erase_if(group.blocks, [&](const ListedBlock* block) {
        return planned.contains(block) ||
               (goes_on && !IsOver(block->name.until_ms, PeriodMs(Level::kDay), now_ms, options));
      });
      for (Blocks& blocks : Mergeable(group.blocks, has_classes)) {
        if (goes_on && blocks.size() < kHoursTogetherMin) continue;
        // A part of what is there is progress too; the next round takes the rest.
        if (blocks.size() > options.inputs_max) blocks.resize(options.inputs_max);
        planned.insert(blocks.begin(), blocks.end());
        jobs.push_back(MakeJob(level, blocks, tombstones, has_classes));
      }
    }
  };
  plan(Level::kDay);
  if (tier != Tier::kRaw) plan(Level::kMonth);
  // Blocks that no merge touches are rewritten for deletes alone.
  for (const ListedBlock& block : live) {
    if (planned.contains(&block) || PendingDeletes(block, tombstones).empty()) continue;
    jobs.push_back(MakeJob(std::max(block.name.level(), Level::kDay), {&block}, tombstones, has_classes));
  }
  std::ranges::stable_sort(jobs, {}, [](const MergeJob& job) { return job.output.from_ms; });
  return jobs;
}

std::uint32_t ShardOf(Tier tier, const TenantId& tenant, const MergeJob& job, std::uint32_t count) {
  const std::string key =
      fmt::format("{}/{}/{}", TierName(tier), tenant, PeriodOf(job.output.from_ms, PeriodMs(Level::kMonth)));
  return static_cast<std::uint32_t>(XXH3_64bits(key.data(), key.size()) % count);
}

}  // namespace tickscope::tier
