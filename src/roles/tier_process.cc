#include "roles/tier_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <utility>

#include "base/log.h"
#include "cold/cold_catalog.h"
#include "cold/cold_queryable.h"
#include "io/process_info.h"
#include "objstore/retrying_object_store.h"
#include "objstore/store_location.h"
#include "plugin/columnar.h"
#include "plugin/open_object_store.h"
#include "promql/parser.h"
#include "roles/fingerprint.h"
#include "wire/json_writer.h"

namespace tickscope::roles {
namespace {

constexpr std::size_t kAuditLineBytesMax = 1U << 20;

}  // namespace

Result<std::vector<Matcher>> ParseStoredSelector(std::string_view selector) {
  return promql::ParseSeriesSelector(selector, {});
}

// The store's own blocks, as the worker sees them.
class TierProcess::StoreBlocks final : public tier::HotBlocks {
 public:
  explicit StoreBlocks(tsdb::Store& store) : store_(store) {}

  [[nodiscard]] std::vector<tier::HotBlock> Blocks() const override {
    std::vector<tier::HotBlock> blocks;
    for (tsdb::Store::BlockFile& file : store_.Blocks())
      blocks.push_back({std::move(file.tenant), std::move(file.name), std::move(file.path)});
    return blocks;
  }
  [[nodiscard]] Status Release(const TenantId& tenant, const std::vector<std::string>& files) override {
    return store_.ReleaseBlocks(tenant, files);
  }

 private:
  tsdb::Store& store_;
};

// The cold tier as queries see it. The columnar library is loaded once there is something to read with it.
class TierProcess::ColdTier final : public Queryable {
 public:
  ColdTier(objstore::ObjectStore& objects, MutationLog* mutations)
      : objects_(objects), mutations_(mutations) {}

  /// Looks which days are published.
  void Refresh() {
    const auto manifests = cold::ListManifests(objects_, {});
    if (!manifests) return;  // What was known stays.
    std::map<TenantId, tier::Interval> ranges;
    for (const cold::ManifestEntry& entry : *manifests) {
      const cold::Day day = entry.place.day;
      const tier::Interval span{cold::StartOf(day), cold::StartOf(cold::NextDay(day)) + 1};
      tier::Interval& range = ranges.try_emplace(entry.place.tenant, span).first->second;
      range.from_ms = std::min(range.from_ms, span.from_ms);
      range.until_ms = std::max(range.until_ms, span.until_ms);
    }
    if (!ranges.empty() && reader_ == nullptr && !has_failed_) {
      const auto columnar = plugin::LoadColumnar();
      has_failed_ = !columnar;
      if (!columnar) {
        Log(LogLevel::kError, "published days are not read", {{"error", columnar.error().message}});
      } else {
        reader_ = std::make_unique<cold::ColdQueryable>(objects_, **columnar, cold::ColdQueryableOptions{});
      }
    }
    if (reader_ == nullptr) {
      is_known_ = ranges.empty();
      return;
    }
    {
      const MutexLock lock(mu_);
      std::swap(ranges_, ranges);
    }
    // Who looked before the first time knows nothing yet.
    if (is_known_.exchange(true)) TellDifference(ranges);
  }

  [[nodiscard]] bool is_known() const { return is_known_; }

  [[nodiscard]] tier::Interval Range(const TenantId& tenant) const {
    const MutexLock lock(mu_);
    const auto found = ranges_.find(tenant);
    return found == ranges_.end() ? tier::Interval{} : found->second;
  }

  // Asked only for times within a Range, so there is a reader.
  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                          const QueryContext& context) const override {
    return reader_->Select(request, context);
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest& request,
                                                            const QueryContext& context) const override {
    return reader_->LabelNames(request, context);
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string& name,
                                                             const SelectRequest& request,
                                                             const QueryContext& context) const override {
    return reader_->LabelValues(name, request, context);
  }

 private:
  void TellDifference(const std::map<TenantId, tier::Interval>& before) const {
    if (mutations_ == nullptr) return;
    const MutexLock lock(mu_);
    for (const auto& [tenant, now] : ranges_) {
      const auto known = before.find(tenant);
      const tier::Interval was =
          known == before.end() ? tier::Interval{now.from_ms, now.from_ms} : known->second;
      mutations_->Changed(tenant, std::min(was.from_ms, now.from_ms), std::max(was.from_ms, now.from_ms) - 1);
      mutations_->Changed(tenant, std::min(was.until_ms, now.until_ms),
                          std::max(was.until_ms, now.until_ms) - 1);
    }
    for (const auto& [tenant, was] : before) {
      if (!ranges_.contains(tenant)) mutations_->Changed(tenant, was.from_ms, was.until_ms);
    }
  }

  objstore::ObjectStore& objects_;
  MutationLog* const mutations_;  // May be null.
  std::atomic<bool> is_known_{false};
  bool has_failed_ = false;                      // Refresh's own.
  std::unique_ptr<cold::ColdQueryable> reader_;  // Made before ranges_ tells of it, and never changed.
  mutable Mutex mu_;
  std::map<TenantId, tier::Interval> ranges_ TICKSCOPE_GUARDED_BY(mu_);
};

TierProcess::TierProcess(const World& world, const TierConfig& config, std::string data_directory)
    : world_(world),
      config_(config),
      data_directory_(std::move(data_directory)),
      jitter_(world.random.Next()) {}

TierProcess::~TierProcess() {
  Stop();
}

Result<std::unique_ptr<TierProcess>> TierProcess::Open(const World& world, const TierConfig& config,
                                                       const std::string& data_directory, tsdb::Store* store,
                                                       std::uint64_t query_series_max,
                                                       MutationLog* mutations) {
  std::unique_ptr<TierProcess> process(new TierProcess(world, config, data_directory));
  objstore::StoreOptions options = config.store;
  if (options.url.empty()) options.url = data_directory + "/objects";
  process->location_ = options.url;
  TICKSCOPE_ASSIGN_OR_RETURN(const objstore::StoreLocation location,
                             objstore::ParseStoreLocation(options.url));
  process->object_directory_ = location.directory;
  TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<objstore::ObjectStore> objects,
                             plugin::OpenObjectStore(world.fs, options));
  process->objects_ = std::make_unique<objstore::RetryingObjectStore>(
      std::move(objects), options.retry,
      objstore::RetryingObjectStore::World{world.clock, process->jitter_, process->pause_, world.metrics});
  if (location.s3) {
    TICKSCOPE_ASSIGN_OR_RETURN(
        process->cache_,
        objstore::ObjectCache::Create(
            *process->objects_, world.fs,
            {.directory = data_directory + "/tier/cache", .bytes_max = config.cache_bytes}, world.metrics));
    process->opener_ = std::make_unique<tier::CachedBlockOpener>(*process->cache_);
  } else {
    process->opener_ = std::make_unique<tier::MappedBlockOpener>(world.fs, location.directory);
  }
  process->open_blocks_ = std::make_unique<tier::OpenBlocks>(*process->opener_, config.open_blocks_max);
  if (process->cache_ != nullptr)
    process->cache_->OnFull([open = process->open_blocks_.get()] { open->ForgetIdle(); });
  process->catalogue_ = std::make_unique<tier::Catalogue>(*process->objects_, *process->open_blocks_,
                                                          world.metrics, ParseStoredSelector);
  if (mutations != nullptr) process->catalogue_->TellChanges(*mutations);
  if (store != nullptr) {
    process->store_blocks_ = std::make_unique<StoreBlocks>(*store);
    process->cold_ = std::make_unique<ColdTier>(*process->objects_, mutations);
    process->queryable_ = std::make_unique<tier::TieredQueryable>(
        *store, *process->catalogue_, process->served_here_,
        tier::TieredQueryableOptions{.query_series_max = query_series_max,
                                     .selections = &store->selections(),
                                     .cold = process->cold_.get(),
                                     .cold_range = [cold = process->cold_.get()](const TenantId& tenant) {
                                       return cold->Range(tenant);
                                     }});
  }
  tier::TierOptions worker = config.worker;
  worker.scratch_directory = data_directory + "/tier/scratch";
  if (worker.compacts) {
    process->keeper_ = std::make_unique<ColdKeeper>(*process->objects_, *process->catalogue_, world.clock,
                                                    world.metrics, config.cold, config.worker);
    worker.carry_out_deletes = [keeper = process->keeper_.get()](
                                   const TenantId& tenant, const std::vector<tier::Tombstone>& tombstones) {
      return keeper->CarryOut(tenant, tombstones);
    };
  }
  process->worker_ = std::make_unique<tier::TierWorker>(
      world.fs, world.clock, *process->objects_, *process->catalogue_, process->store_blocks_.get(),
      process->served_here_, world.metrics, std::move(worker));
  return process;
}

std::optional<std::uint64_t> TierProcess::Fingerprint(const TenantId& tenant) const {
  if (!catalogue_->is_known() || (cold_ != nullptr && !cold_->is_known())) return std::nullopt;
  std::string all;
  const tier::TenantTiersPtr tiers = catalogue_->Tenant(tenant);
  for (const tier::Tier tier : tier::kTiers) {
    all += fmt::format("{}\n", tier::TierName(tier));
    for (const tier::ListedBlock& block : tiers->of(tier).live)
      all += block.file + "\n";
  }
  for (const tier::Tombstone& tombstone : tiers->tombstones)
    all += tombstone.id + "\n";
  if (cold_ != nullptr) {
    const tier::Interval range = cold_->Range(tenant);
    all += fmt::format("{} {}", range.from_ms, range.until_ms);
  }
  return FingerprintOf(all);
}

void TierProcess::Start(Threads& threads) {
  if (store_blocks_ != nullptr) served_here_.Update(store_blocks_->Blocks());
  if (const Status listed = catalogue_->Refresh(); !listed) {
    Log(LogLevel::kError, "the object store cannot be listed now: older samples are served once it can",
        {{"store", location_}, {"error", listed.error().message}});
  }
  thread_ = threads.Start("tier", [this, is_first = true]() mutable {
    // Rolling up an import, say, takes seconds of processor time, and nobody waits for it.
    if (std::exchange(is_first, false)) io::LowerThreadPriority();
    if (cold_ != nullptr) cold_->Refresh();
    const Turn turn = worker_->Take();
    if (keeper_ != nullptr) keeper_->Turn();
    return turn;
  });
}

void TierProcess::Stop() {
  if (worker_ != nullptr) worker_->Stop();
  if (keeper_ != nullptr) keeper_->Stop();
  pause_.Stop();
  if (thread_ != nullptr) thread_->Join();
  thread_.reset();
}

void TierProcess::Hurry() {
  if (thread_ != nullptr) thread_->Wake();
}

api::TierReport TierProcess::Report(const TenantId& tenant) const {
  const tier::TierStatus status = worker_->Status();
  const tier::TenantTiersPtr tiers = catalogue_->Tenant(tenant);
  const tier::RetentionPolicy& policy = config_.worker.retention.For(tenant);
  api::TierReport report{.tiers = {},
                         .store = location_,
                         .is_known = catalogue_->is_known(),
                         .blocks_to_upload = status.blocks_to_upload,
                         .upload_lag_ms = status.upload_lag_ms,
                         .merges_pending = status.merges_pending,
                         .merge_lag_ms = status.merge_lag_ms,
                         .replaced_objects = status.replaced_objects,
                         .deletes_pending = tiers->tombstones.size(),
                         .last_error = status.last_error};
  const auto add = [&](std::string_view name, std::int64_t keep_ms, const auto& blocks, auto name_of,
                       auto bytes_of) {
    api::TierReport::Tier tier{.name = std::string(name), .keep_ms = keep_ms};
    for (const auto& block : blocks) {
      const auto parsed = name_of(block);
      if (!parsed) continue;
      tier.from_ms = tier.blocks == 0 ? parsed->from_ms : std::min(tier.from_ms, parsed->from_ms);
      tier.until_ms = tier.blocks == 0 ? parsed->until_ms : std::max(tier.until_ms, parsed->until_ms);
      ++tier.blocks;
      tier.bytes += bytes_of(block);
    }
    report.tiers.push_back(std::move(tier));
  };
  std::vector<tier::HotBlock> hot;
  if (store_blocks_ != nullptr) hot = store_blocks_->Blocks();
  std::erase_if(hot, [&](const tier::HotBlock& block) { return block.tenant != tenant; });
  add(
      "hot", config_.worker.hot_ms, hot,
      [](const tier::HotBlock& block) { return tier::ParseBlockName(block.file); },
      [this](const tier::HotBlock& block) -> std::uint64_t {
        const auto file = world_.fs.OpenRead(block.path);
        return file ? (*file)->Size().value_or(0) : 0;
      });
  for (const tier::Tier tier : tier::kTiers) {
    add(
        tier::TierName(tier), policy.keep_ms[static_cast<std::size_t>(tier)], tiers->of(tier).live,
        [](const tier::ListedBlock& block) { return std::optional(block.name); },
        [](const tier::ListedBlock& block) { return block.bytes; });
  }
  return report;
}

Result<api::DeleteCount> TierProcess::CountDelete(const api::DeleteRequest& request,
                                                  const QueryContext& context) const {
  api::DeleteCount count;
  SampleColumns samples;
  for (std::size_t i = 0; i < request.matchers.size(); ++i) {
    TICKSCOPE_ASSIGN_OR_RETURN(
        const std::unique_ptr<SeriesSet> series,
        queryable_->Select({request.tenant, request.start_ms, request.end_ms, request.matchers[i]}, context));
    while (series->Next()) {
      // A series that several selectors match counts with the first.
      const bool is_counted = std::any_of(
          request.matchers.begin(), request.matchers.begin() + static_cast<std::ptrdiff_t>(i),
          [&](const std::vector<Matcher>& matchers) { return MatchesAll(matchers, series->labels()); });
      if (is_counted) continue;
      TICKSCOPE_RETURN_IF_ERROR(series->ReadSamples(samples));
      if (samples.size() == 0) continue;
      ++count.series;
      count.samples += samples.size();
    }
  }
  return count;
}

Result<std::string> TierProcess::Delete(const api::DeleteRequest& request) {
  tier::Tombstone tombstone;
  tombstone.id = fmt::format("{:016x}", world_.random.Next());
  tombstone.asked_ms = world_.clock.NowMs();
  tombstone.start_ms = request.start_ms;
  // What comes later is not meant.
  tombstone.end_ms = std::min(request.end_ms, tombstone.asked_ms);
  tombstone.selectors = request.selectors;
  if (tombstone.end_ms < tombstone.start_ms)
    return Fail(ErrorCode::kInvalidArgument, "nothing can be deleted in a range that has not begun");
  std::string line;
  wire::JsonWriter json(line, kAuditLineBytesMax);
  json.BeginObject();
  json.Key("time");
  json.SecondsFromMs(tombstone.asked_ms);
  json.Key("action");
  json.String("delete_series");
  json.Key("tenant");
  json.String(request.tenant);
  json.Key("delete");
  json.String(tombstone.id);
  json.Key("match");
  json.BeginArray();
  for (const std::string& selector : tombstone.selectors)
    json.String(selector);
  json.EndArray();
  json.Key("start");
  json.SecondsFromMs(tombstone.start_ms);
  json.Key("end");
  json.SecondsFromMs(tombstone.end_ms);
  json.EndObject();
  TICKSCOPE_RETURN_IF_ERROR(Audit(line));
  TICKSCOPE_RETURN_IF_ERROR(
      objects_->Put(tier::TombstonePrefix(request.tenant) + tombstone.id, tier::WriteTombstone(tombstone)));
  tombstone.matchers = request.matchers;
  catalogue_->AddTombstone(request.tenant, tombstone);
  return tombstone.id;
}

Status TierProcess::Audit(const std::string& line) {
  const MutexLock lock(audit_mu_);
  const std::string path = data_directory_ + "/audit.log";
  auto file = world_.fs.OpenAppend(path, io::OpenMode::kOpenExisting);
  const bool is_new = !file && file.error().code == ErrorCode::kNotFound;
  if (is_new) file = world_.fs.OpenAppend(path, io::OpenMode::kCreateNew);
  if (!file) return std::unexpected(std::move(file).error());
  const std::string text = line + "\n";
  const std::array<ByteView, 1> pieces = {AsBytes(text)};
  TICKSCOPE_RETURN_IF_ERROR((*file)->Append(pieces));
  TICKSCOPE_RETURN_IF_ERROR((*file)->Sync());
  return is_new ? world_.fs.SyncDirectory(data_directory_) : Status();
}

}  // namespace tickscope::roles
