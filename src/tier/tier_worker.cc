#include "tier/tier_worker.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "block/block_reader.h"
#include "compact/block_merge.h"
#include "objstore/transfer.h"
#include "rollup/rollup_builder.h"

namespace tickscope::tier {
namespace {

// The aggregate that is uploaded last: where it is, the others are.
constexpr rollup::Aggregate kCommitAggregate = rollup::Aggregate::kCount;

// Blocks put before the object store is listed again.
constexpr std::size_t kUploadsPerListing = 16;

bool ReachesOver(const BlockName& a, const BlockName& b) {
  return a.from_ms < b.until_ms && b.from_ms < a.until_ms;
}

// Refuses the series that says which windows a rollup is about: no delete means it.
Matcher NoCoverage() {
  return *Matcher::Make(MatchType::kEqual, rollup::CoverageLabels().begin()->name, "");
}

}  // namespace

TierWorker::Instruments::Instruments(MetricRegistry& metrics)
    : rounds(metrics.AddCounter("tickscope_tier_rounds_total", "Rounds of the tier's worker.", {})),
      failures(metrics.AddCounter("tickscope_tier_round_failures_total",
                                  "Rounds that ended early; the next one goes on.", {})),
      uploaded_blocks(metrics.AddCounter("tickscope_tier_uploaded_blocks_total",
                                         "Blocks and rollups put into the object store.", {})),
      uploaded_bytes(metrics.AddCounter("tickscope_tier_uploaded_bytes_total", "Their bytes.", {})),
      rolled_samples(metrics.AddCounter("tickscope_tier_rolled_samples_total",
                                        "Samples that rollups were made of.", {})),
      merges(metrics.AddCounter("tickscope_tier_merges_total", "Merges that were done.", {})),
      merged_samples(
          metrics.AddCounter("tickscope_tier_merged_samples_total", "Samples of merged blocks.", {})),
      merge_conflicts(metrics.AddCounter("tickscope_tier_merge_conflicts_total",
                                         "Samples dropped for another value at the same time.", {})),
      expired_objects(metrics.AddCounter("tickscope_tier_expired_objects_total",
                                         "Blocks removed because retention was over.", {})),
      removed_objects(metrics.AddCounter("tickscope_tier_removed_objects_total",
                                         "Blocks removed because merged ones replace them.", {})),
      released_blocks(metrics.AddCounter("tickscope_tier_released_blocks_total",
                                         "Blocks the store on this machine let go of.", {})),
      upload_lag(metrics.AddGauge("tickscope_tier_upload_lag_seconds",
                                  "Age of the oldest block that is not in the object store.", {})),
      merge_lag(metrics.AddGauge("tickscope_tier_merge_lag_seconds",
                                 "How long the oldest pending merge has been due.", {})),
      merges_pending(metrics.AddGauge("tickscope_tier_merges_pending", "Merges that are due.", {})) {}

TierWorker::TierWorker(io::FileSystem& fs, const Clock& clock, objstore::ObjectStore& objects,
                       Catalogue& catalogue, HotBlocks* hot, ServedHere& served_here, MetricRegistry& metrics,
                       TierOptions options)
    : fs_(fs),
      clock_(clock),
      objects_(objects),
      catalogue_(catalogue),
      hot_(hot),
      served_here_(served_here),
      metrics_(metrics),
      options_(std::move(options)) {}

TierWorker::~TierWorker() = default;

Turn TierWorker::Take() {
  if (stopping_) return Turn::Done();
  if (const tickscope::Status done = Round(); !done) {
    Log(LogLevel::kWarn, "tier: round ended early, the next one goes on", {{"error", done.error().message}});
  }
  return stopping_ ? Turn::Done() : Turn::Wait(std::chrono::milliseconds(options_.interval_ms));
}

tickscope::Status TierWorker::Round() {
  metrics_.rounds->Add();
  const auto all = [&]() -> tickscope::Status {
    if (!scratch_is_clear_) TICKSCOPE_RETURN_IF_ERROR(ClearScratch());
    scratch_is_clear_ = true;
    if (hot_ != nullptr) served_here_.Update(hot_->Blocks());
    TICKSCOPE_RETURN_IF_ERROR(catalogue_.Refresh());
    TICKSCOPE_RETURN_IF_ERROR(HandOver());
    TICKSCOPE_RETURN_IF_ERROR(UploadAll());
    if (!options_.compacts) return {};
    TICKSCOPE_RETURN_IF_ERROR(MergeAll());
    TICKSCOPE_RETURN_IF_ERROR(RemoveOld());
    return RetireDeletes();
  };
  tickscope::Status done = all();
  if (!done) metrics_.failures->Add();
  SetError(done ? std::string() : done.error().message);
  return done;
}

void TierWorker::SetError(const std::string& message) {
  const MutexLock lock(mu_);
  status_.is_known = catalogue_.is_known();
  status_.last_error = message;
}

TierStatus TierWorker::Status() const {
  const MutexLock lock(mu_);
  return status_;
}

tickscope::Status TierWorker::ClearScratch() const {
  TICKSCOPE_RETURN_IF_ERROR(fs_.CreateDirectories(options_.scratch_directory));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<io::DirectoryEntry> entries,
                             fs_.List(options_.scratch_directory));
  for (const io::DirectoryEntry& entry : entries) {
    if (!entry.is_directory) TICKSCOPE_RETURN_IF_ERROR(fs_.Remove(ScratchPath(entry.name)));
  }
  return {};
}

std::string TierWorker::ScratchPath(std::string_view file) const {
  return fmt::format("{}/{}", options_.scratch_directory, file);
}

bool TierWorker::Knows(const LiveBlocks& blocks, const std::string& file) {
  const auto is_it = [&](const ListedBlock& block) {
    return block.file == file || std::ranges::find(block.sources, file) != block.sources.end();
  };
  return std::ranges::any_of(blocks.live, is_it) || std::ranges::any_of(blocks.replaced, is_it);
}

bool TierWorker::IsTooOld(Tier tier, const TenantId& tenant, const BlockName& name) const {
  return name.until_ms + options_.retention.For(tenant).KeepOfFile(tier, name) <= clock_.NowMs();
}

bool TierWorker::HasRaw(const TenantId& tenant, const TenantTiers& tiers, const std::string& file) const {
  // An import of last year is not put where it would be removed from in the same round.
  return IsTooOld(Tier::kRaw, tenant, *ParseBlockName(file)) || Knows(tiers.of(Tier::kRaw), file);
}

bool TierWorker::HasRollups(const TenantId& tenant, const TenantTiers& tiers, const std::string& file) const {
  if (rerolled_.contains({tenant, file})) return true;
  BlockName commit = AlignToWindows(*ParseBlockName(file));
  commit.aggregate = rollup::AggregateName(kCommitAggregate);
  return std::ranges::all_of(kRollupTiers, [&](Tier tier) {
    return !HoldsWindows(tier, commit) || IsTooOld(tier, tenant, commit) ||
           Knows(tiers.of(tier), commit.FileName());
  });
}

tickscope::Status TierWorker::UploadAll() {
  if (hot_ == nullptr) return {};
  const std::vector<HotBlock> blocks = hot_->Blocks();
  const TimeMs now_ms = clock_.NowMs();
  std::vector<const HotBlock*> missing;
  TimeMs oldest_ms = now_ms;
  for (const HotBlock& block : blocks) {
    const auto name = ParseBlockName(block.file);
    if (!name) continue;
    const TenantTiersPtr tiers = catalogue_.Tenant(block.tenant);
    if (HasRaw(block.tenant, *tiers, block.file) && HasRollups(block.tenant, *tiers, block.file)) continue;
    missing.push_back(&block);
    oldest_ms = std::min(oldest_ms, name->until_ms);
  }
  const auto report = [&](std::size_t left) {
    const std::int64_t lag_ms = left == 0 ? 0 : now_ms - oldest_ms;
    metrics_.upload_lag->Set(static_cast<double>(lag_ms) / 1000);
    const MutexLock lock(mu_);
    status_.hot_blocks = blocks.size();
    status_.blocks_to_upload = left;
    status_.upload_lag_ms = lag_ms;
  };
  report(missing.size());
  for (std::size_t i = 0; i < missing.size() && !stopping_; ++i) {
    TICKSCOPE_RETURN_IF_ERROR(Upload(*missing[i], blocks));
    report(missing.size() - i - 1);
    // Long work shows how far it is, and what is there can be read.
    if ((i + 1) % kUploadsPerListing == 0) TICKSCOPE_RETURN_IF_ERROR(catalogue_.Refresh());
  }
  if (!missing.empty()) return catalogue_.Refresh();
  return {};
}

tickscope::Status TierWorker::Upload(const HotBlock& block, const std::vector<HotBlock>& all) {
  const BlockName name = *ParseBlockName(block.file);
  const TenantTiersPtr tiers = catalogue_.Tenant(block.tenant);
  // Rollups first: once the raw block is listed, everything of it is there.
  if (!HasRollups(block.tenant, *tiers, block.file)) TICKSCOPE_RETURN_IF_ERROR(Rollup(block, name, all));
  if (HasRaw(block.tenant, *tiers, block.file)) return {};
  return PutBlock(block.path, ObjectPrefix(Tier::kRaw, block.tenant) + block.file);
}

tickscope::Status TierWorker::Rollup(const HotBlock& block, const BlockName& name,
                                     const std::vector<HotBlock>& all) {
  const auto reader_of = [&](const HotBlock& hot) { return block::BlockReader::Open(fs_, hot.path); };
  auto opened = reader_of(block);
  if (!opened) {
    // The store meets the damage too, and puts the file aside.
    const ErrorCode code = opened.error().code;
    if (code == ErrorCode::kCorruption || code == ErrorCode::kNotFound) return {};
    return std::unexpected(std::move(opened).error());
  }
  rollup::RollupInputs inputs{.blocks = {*std::move(opened)}, .before = {}};
  std::vector<std::string> files = {block.file};
  BlockName range = AlignToWindows(name);
  const BlockName own = range;
  const auto take = [&](const BlockName& other, const std::string& file, Result<BlockPtr> reader) {
    if (!reader) return;  // Damaged or gone: what is left is rolled up.
    if (ReachesOver(AlignToWindows(other), own)) {
      inputs.blocks.push_back(*std::move(reader));
      files.push_back(file);
      range.from_ms = std::min(range.from_ms, AlignToWindows(other).from_ms);
      range.until_ms = std::max(range.until_ms, AlignToWindows(other).until_ms);
    } else {
      inputs.before.push_back(*std::move(reader));
    }
  };
  const auto is_wanted = [&](const BlockName& other) {
    return ReachesOver(AlignToWindows(other), own) ||
           (other.until_ms <= name.from_ms && other.until_ms > name.from_ms - rollup::kStepGapMax);
  };
  for (const HotBlock& hot : all) {
    if (hot.tenant != block.tenant || hot.file == block.file) continue;
    const auto other = ParseBlockName(hot.file);
    if (other && is_wanted(*other)) take(*other, hot.file, reader_of(hot));
  }
  const TenantTiersPtr tiers = catalogue_.Tenant(block.tenant);
  for (const ListedBlock& listed : tiers->of(Tier::kRaw).live) {
    const bool is_here =
        std::ranges::any_of(all, [&](const HotBlock& hot) { return hot.file == listed.file; });
    if (!is_here && is_wanted(listed.name))
      take(listed.name, listed.file, catalogue_.Open(Tier::kRaw, block.tenant, listed));
  }
  rollup::RollupPlan plan;
  plan.directory = options_.scratch_directory;
  plan.stem = "rollup";
  plan.start_ms = range.from_ms - 1;
  plan.end_ms = range.until_ms - 1;
  // Windows that were rolled up before are made anew from all samples there are; the new ones count first, so nothing is left
  // out of them. What tells that this block was rolled up bears its name all the same.
  const bool is_again = files.size() > 1;
  plan.keeping =
      is_again || options_.rolls_up_everything ? rollup::Keeping::kEverything : rollup::Keeping::kByKind;
  if (!options_.rolls_up_everything)
    plan.aggregates = rollup::AggregateSet::All().Without(rollup::Aggregate::kFirst);
  plan.resolutions_ms.clear();
  for (const Tier tier : kRollupTiers) {
    if (HoldsWindows(tier, range) && !IsTooOld(tier, block.tenant, range))
      plan.resolutions_ms.push_back(ResolutionMs(tier));
  }
  if (plan.resolutions_ms.empty()) return {};
  TICKSCOPE_ASSIGN_OR_RETURN(std::vector<rollup::RollupFile> built, rollup::BuildRollups(fs_, inputs, plan));
  // The one that tells that all of a resolution are there goes last.
  std::ranges::stable_partition(
      built, [](const rollup::RollupFile& file) { return file.aggregate != kCommitAggregate; });
  if (is_again) range.id = RerollId(files);
  for (const rollup::RollupFile& file : built) {
    const Tier tier = *std::ranges::find(kRollupTiers, file.resolution_ms, ResolutionMs);
    BlockName object = range;
    object.aggregate = rollup::AggregateName(file.aggregate);
    const std::string path = ScratchPath(file.name);
    TICKSCOPE_RETURN_IF_ERROR(PutBlock(path, ObjectPrefix(tier, block.tenant) + object.FileName()));
    TICKSCOPE_RETURN_IF_ERROR(fs_.Remove(path));
    if (is_again && file.aggregate == kCommitAggregate) rerolled_.insert({block.tenant, block.file});
  }
  metrics_.rolled_samples->Add(inputs.blocks.front()->meta().sample_count);
  return {};
}

tickscope::Status TierWorker::PutBlock(const std::string& path, const std::string& object_name) {
  TICKSCOPE_RETURN_IF_ERROR(objstore::PutFileVerified(objects_, object_name, fs_, path));
  TICKSCOPE_ASSIGN_OR_RETURN(const auto file, fs_.OpenRead(path));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t bytes, file->Size());
  metrics_.uploaded_blocks->Add();
  metrics_.uploaded_bytes->Add(bytes);
  return {};
}

tickscope::Status TierWorker::MergeAll() {
  bool is_again = true;
  // A merged block may be part of the next merge.
  while (is_again && !stopping_) {
    is_again = false;
    struct Pending {
      Tier tier;
      TenantId tenant;
      TenantTiersPtr tiers;
      MergeJob job;
    };
    std::vector<Pending> pending;
    const TimeMs now_ms = clock_.NowMs();
    for (const TenantId& tenant : catalogue_.Tenants()) {
      const TenantTiersPtr tiers = catalogue_.Tenant(tenant);
      const bool has_classes = options_.retention.For(tenant).class_count() > 1;
      for (const Tier tier : kTiers) {
        std::map<std::string, std::vector<ListedBlock>> by_aggregate;
        for (const ListedBlock& block : tiers->of(tier).live)
          by_aggregate[block.name.aggregate].push_back(block);
        for (const auto& [aggregate, blocks] : by_aggregate) {
          for (MergeJob& job :
               PlanMerges(tier, blocks, tiers->tombstones, now_ms, has_classes, options_.merge)) {
            if (ShardOf(tier, tenant, job, options_.shard_count) == options_.shard)
              pending.push_back({tier, tenant, tiers, std::move(job)});
          }
        }
      }
    }
    const auto report = [&](std::size_t from) {
      std::int64_t lag_ms = 0;
      for (std::size_t i = from; i < pending.size(); ++i)
        lag_ms = std::max(lag_ms, now_ms - pending[i].job.output.until_ms - options_.merge.settle_ms);
      metrics_.merges_pending->Set(static_cast<double>(pending.size() - from));
      metrics_.merge_lag->Set(static_cast<double>(lag_ms) / 1000);
      const MutexLock lock(mu_);
      status_.merges_pending = pending.size() - from;
      status_.merge_lag_ms = lag_ms;
    };
    for (std::size_t i = 0; i < pending.size() && !stopping_; ++i) {
      report(i);
      TICKSCOPE_ASSIGN_OR_RETURN(
          const bool merged, Merge(pending[i].tier, pending[i].tenant, *pending[i].tiers, pending[i].job));
      is_again |= merged;
    }
    report(pending.size());
    if (is_again) TICKSCOPE_RETURN_IF_ERROR(catalogue_.Refresh());
  }
  return {};
}

Result<bool> TierWorker::Merge(Tier tier, const TenantId& tenant, const TenantTiers& tiers,
                               const MergeJob& job) {
  std::vector<BlockPtr> inputs;
  std::vector<std::string> sources;
  for (const std::string& file : job.inputs) {
    const auto listed = std::ranges::find(tiers.of(tier).live, file, &ListedBlock::file);
    auto block = catalogue_.Open(tier, tenant, *listed);
    if (!block) {
      const ErrorCode code = block.error().code;
      // Another compactor was quicker, or it is damaged: the next plan is without it.
      if (code == ErrorCode::kNotFound) return false;
      if (code != ErrorCode::kCorruption && code != ErrorCode::kUnsupported)
        return std::unexpected(std::move(block).error());
      catalogue_.Quarantine(tier, tenant, file, block.error());
      return false;
    }
    inputs.push_back(*std::move(block));
    sources.push_back(file);
    sources.insert(sources.end(), listed->sources.begin(), listed->sources.end());
  }
  compact::MergeOptions merge;
  for (const Tombstone& tombstone : tiers.tombstones) {
    if (std::ranges::find(job.deletes, tombstone.id) == job.deletes.end()) continue;
    sources.push_back(AppliedDelete(tombstone.id));
    for (std::vector<Matcher> matchers : tombstone.matchers) {
      matchers.push_back(NoCoverage());
      merge.tombstones.push_back({std::move(matchers), tombstone.start_ms, tombstone.end_ms});
    }
  }
  std::ranges::sort(sources);
  sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
  merge.memory_bytes_max = options_.merge_memory_bytes;
  merge.memory_setting = "tiers.merge_memory";
  merge.is_cancelled = &stopping_;
  merge.on_damage = [&](std::size_t input, const Error& error) {
    catalogue_.Quarantine(tier, tenant, job.inputs[input], error);
  };
  compact::MergeProgress progress;
  merge.progress = [&](const compact::MergeProgress& now) { progress = now; };

  const RetentionPolicy& policy = options_.retention.For(tenant);
  struct Output {
    std::string path;
    std::string object_name;
  };
  std::vector<Output> outputs;
  // Merges one class, or all; true when there is anything in it.
  const auto write = [&](std::size_t index, bool names_sources) -> Result<bool> {
    BlockName name = job.output;
    if (job.splits_classes) {
      name.id += policy.ClassKey(index);
      // Which windows a rollup is about is said in the file of each class.
      merge.keep_from = [&policy, index](const Labels& labels) {
        const bool is_kept = policy.ClassOf(labels) == index || labels == rollup::CoverageLabels();
        return is_kept ? INT64_MIN : INT64_MAX;
      };
    }
    merge.sources = names_sources ? sources : std::vector<std::string>{};
    const std::string path = ScratchPath(name.FileName());
    TICKSCOPE_ASSIGN_OR_RETURN(const std::optional<block::BlockSummary> summary,
                               compact::MergeBlocks(fs_, path, inputs, merge));
    metrics_.merge_conflicts->Add(progress.conflicts);
    if (!summary) return false;
    metrics_.merged_samples->Add(summary->meta.sample_count);
    if (outputs.empty() || outputs.back().path != path)
      outputs.push_back({path, ObjectPrefix(tier, tenant) + name.FileName()});
    return true;
  };
  const auto write_all = [&]() -> tickscope::Status {
    if (!job.splits_classes) {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool any, write(0, true));
      static_cast<void>(any);
      return {};
    }
    // What is uploaded last names the sources: until it is there, what the others hold is read twice, and counts once.
    std::size_t last = 0;
    for (std::size_t i = 0; i < policy.class_count(); ++i) {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool any, write(i, i + 1 == policy.class_count()));
      if (any) last = i;
    }
    if (!outputs.empty() && last + 1 < policy.class_count()) {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool any, write(last, true));
      static_cast<void>(any);
    }
    return {};
  };
  if (const tickscope::Status written = write_all(); !written) {
    for (const Output& output : outputs)
      static_cast<void>(fs_.Remove(output.path));
    const ErrorCode code = written.error().code;
    if (code == ErrorCode::kCorruption || code == ErrorCode::kNotFound || code == ErrorCode::kCancelled)
      return false;
    return std::unexpected(written.error());
  }
  for (const Output& output : outputs) {
    TICKSCOPE_RETURN_IF_ERROR(PutBlock(output.path, output.object_name));
    TICKSCOPE_RETURN_IF_ERROR(fs_.Remove(output.path));
  }
  if (outputs.empty()) {
    // All samples were deleted: nothing replaces them, and nobody sees them.
    for (const std::string& file : job.inputs)
      TICKSCOPE_RETURN_IF_ERROR(RemoveObject(tier, tenant, file));
  }
  metrics_.merges->Add();
  return true;
}

tickscope::Status TierWorker::RemoveObject(Tier tier, const TenantId& tenant, const std::string& file) {
  const std::string name = ObjectPrefix(tier, tenant) + file;
  TICKSCOPE_RETURN_IF_ERROR(objects_.Delete(name));
  catalogue_.Forget(tier, tenant, file);
  replaced_since_ms_.erase(name);
  return {};
}

tickscope::Status TierWorker::RemoveOld() {
  const TimeMs now_ms = clock_.NowMs();
  std::map<std::string, TimeMs> still_replaced;
  for (const TenantId& tenant : catalogue_.Tenants()) {
    const TenantTiersPtr tiers = catalogue_.Tenant(tenant);
    for (const Tier tier : kTiers) {
      const LiveBlocks& blocks = tiers->of(tier);
      const RetentionPolicy& policy = options_.retention.For(tenant);
      // What a block replaced goes before it: alone it would count again.
      for (const std::vector<ListedBlock>* const list : {&blocks.replaced, &blocks.live}) {
        for (const std::string& file : Expired(tier, *list, policy, now_ms)) {
          if (stopping_) return {};
          TICKSCOPE_RETURN_IF_ERROR(RemoveObject(tier, tenant, file));
          metrics_.expired_objects->Add();
        }
      }
      const TenantTiersPtr left = catalogue_.Tenant(tenant);
      for (const ListedBlock& block : left->of(tier).replaced) {
        const std::string name = ObjectPrefix(tier, tenant) + block.file;
        const auto since = replaced_since_ms_.try_emplace(name, now_ms).first->second;
        if (now_ms - since < options_.grace_ms) {
          still_replaced[name] = since;
          continue;
        }
        if (stopping_) return {};
        TICKSCOPE_RETURN_IF_ERROR(RemoveObject(tier, tenant, block.file));
        metrics_.removed_objects->Add();
      }
    }
  }
  replaced_since_ms_ = std::move(still_replaced);
  const MutexLock lock(mu_);
  status_.replaced_objects = replaced_since_ms_.size();
  return {};
}

tickscope::Status TierWorker::RetireDeletes() {
  for (const TenantId& tenant : catalogue_.Tenants()) {
    const TenantTiersPtr tiers = catalogue_.Tenant(tenant);
    if (options_.carry_out_deletes && !tiers->tombstones.empty()) {
      TICKSCOPE_ASSIGN_OR_RETURN(const bool is_done, options_.carry_out_deletes(tenant, tiers->tombstones));
      if (!is_done) continue;
    }
    for (const Tombstone& tombstone : tiers->tombstones) {
      const auto may_hold = [&](const ListedBlock& block) {
        return block.name.Overlaps(tombstone.start_ms, tombstone.end_ms) &&
               std::ranges::find(block.sources, AppliedDelete(tombstone.id)) == block.sources.end();
      };
      const bool is_pending =
          std::ranges::any_of(kTiers,
                              [&](Tier tier) {
                                return std::ranges::any_of(tiers->of(tier).live, may_hold) ||
                                       !tiers->of(tier).replaced.empty();
                              }) ||
          std::ranges::any_of(served_here_.Files(tenant),
                              [&](const std::string& file) {
                                const auto name = ParseBlockName(file);
                                return name && name->Overlaps(tombstone.start_ms, tombstone.end_ms);
                              }) ||
          // What the store holds in memory and segments becomes blocks within some hours.
          clock_.NowMs() < tombstone.asked_ms + options_.hot_ms;
      if (is_pending) continue;
      TICKSCOPE_RETURN_IF_ERROR(objects_.Delete(TombstonePrefix(tenant) + tombstone.id));
    }
  }
  return {};
}

tickscope::Status TierWorker::HandOver() {
  if (hot_ == nullptr) return {};
  for (auto& [tenant, files] : handed_over_) {
    TICKSCOPE_RETURN_IF_ERROR(hot_->Release(tenant, files));
    metrics_.released_blocks->Add(files.size());
  }
  if (!handed_over_.empty()) served_here_.Update(hot_->Blocks());
  handed_over_.clear();
  const TimeMs now_ms = clock_.NowMs();
  for (const HotBlock& block : hot_->Blocks()) {
    const auto name = ParseBlockName(block.file);
    if (!name || name->until_ms + options_.hot_ms > now_ms) continue;
    const TenantTiersPtr tiers = catalogue_.Tenant(block.tenant);
    // Still there by name, or merged: either way the listing just made serves its samples, or their time is over.
    if (!HasRaw(block.tenant, *tiers, block.file) || !HasRollups(block.tenant, *tiers, block.file)) continue;
    served_here_.Drop(block.tenant, block.file);
    handed_over_[block.tenant].push_back(block.file);
  }
  return {};
}

}  // namespace tickscope::tier
