#include "tsdb/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/log.h"

namespace tickscope::tsdb {
namespace {

constexpr std::array<std::string_view, 2> kManifestNames = {"manifest", "manifest.copy"};
constexpr std::uint64_t kManifestBytesMax = 256U << 20;

// Cuts that may wait for Work before Apply does it itself.
constexpr std::size_t kQueueMax = 3;

// A record's clock this many seal intervals before the next cut went back: its time counts from now on.
constexpr std::int64_t kClockBackIntervals = 3;

// Definitions handed out at once.
constexpr std::size_t kDefinitionSlice = 4096;

// After the batch is visible (MutationLog N1).
void TellApplied(std::uint64_t offset, const codec::SampleBatch& batch, MutationLog& log) {
  TimeMs min_ms = INT64_MAX;
  TimeMs max_ms = INT64_MIN;
  for (const TimeMs time_ms : batch.floats.times_ms) {
    min_ms = std::min(min_ms, time_ms);
    max_ms = std::max(max_ms, time_ms);
  }
  for (const codec::HistogramEntry& entry : batch.histograms) {
    min_ms = std::min(min_ms, entry.time_ms);
    max_ms = std::max(max_ms, entry.time_ms);
  }
  log.Applied(batch.tenant, offset, min_ms, max_ms);
}

TimeMs NextBoundary(TimeMs time_ms, std::int64_t step) {
  const TimeMs rest = time_ms % step;
  return time_ms - (rest < 0 ? rest + step : rest) + step;
}

}  // namespace

Store::Store(MetricRegistry& metrics, StoreOptions options)
    : metrics_(metrics), options_(std::move(options)), selections_(metrics, options_.selection_bytes) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(io::FileSystem& fs, MetricRegistry& metrics,
                                           StoreOptions options) {
  auto store = std::make_unique<Store>(metrics, std::move(options));
  store->fs_ = &fs;
  TICKSCOPE_RETURN_IF_ERROR(fs.CreateDirectories(store->options_.directory));
  TICKSCOPE_RETURN_IF_ERROR(store->Load());
  return store;
}

tickscope::Status Store::Load() {
  TICKSCOPE_ASSIGN_OR_RETURN(const Manifest manifest, LoadManifest());
  const MutexLock work(work_mu_);
  cut_ = saved_cut_ = manifest.cut;
  due_ms_ = saved_due_ms_ = manifest.cut_due_ms;
  std::uint64_t replay_from = manifest.offset;
  for (const ManifestTenant& entry : manifest.tenants)
    TICKSCOPE_RETURN_IF_ERROR(TenantFor(entry.tenant).Load(*fs_, entry, replay_from));
  if (replay_from < manifest.offset) {
    Log(LogLevel::kWarn, "replaying more of the stream, for what damaged files held",
        {{"from_offset", replay_from}, {"instead_of", manifest.offset}});
  }
  cut_offset_ = replay_from;
  sealed_offset_ = replay_from;
  metrics_.sealed_offset->Set(static_cast<double>(replay_from));
  RemoveUnlisted();
  return {};
}

Result<Manifest> Store::LoadManifest() const {
  std::optional<Manifest> newest;
  std::optional<Error> damage;
  for (const std::string_view name : kManifestNames) {
    const std::string path = options_.directory + "/" + std::string(name);
    const auto text = ReadWholeFile(*fs_, path, kManifestBytesMax);
    if (!text && text.error().code == ErrorCode::kNotFound) continue;
    auto parsed = text ? ParseManifest(*text) : Result<Manifest>(std::unexpected(text.error()));
    if (!parsed) {
      metrics_.quarantined->Add();
      Log(LogLevel::kError, "a copy of the store's manifest is damaged",
          {{"file", path}, {"error", parsed.error().message}});
      damage = FailWith(path, parsed.error()).error();
    } else if (!newest || newest->cut < parsed->cut) {
      newest = *std::move(parsed);
    }
  }
  if (newest) return *std::move(newest);
  if (damage) return std::unexpected(*std::move(damage));
  return Manifest{};
}

void Store::RemoveUnlisted() const {
  const auto tenants = fs_->List(options_.directory);
  if (!tenants) return;
  for (const io::DirectoryEntry& tenant : *tenants) {
    if (!tenant.is_directory) continue;
    std::set<std::string> listed;
    if (const TenantData* const known = FindTenant(tenant.name)) {
      const ManifestTenant entry = known->ManifestEntry();
      for (const auto* files : {&entry.catalogs, &entry.segments, &entry.blocks}) {
        for (const ManifestTenant::File& file : *files)
          listed.insert(file.name);
      }
    }
    const std::string directory = options_.directory + "/" + tenant.name;
    const auto files = fs_->List(directory);
    if (!files) continue;
    for (const io::DirectoryEntry& file : *files) {
      // What a crash left half-made, or a seal replaced. Quarantined files are for people.
      const bool is_ours =
          file.name.ends_with(".segment") || file.name.ends_with(".block") || file.name.ends_with(".catalog");
      if (!is_ours || listed.contains(file.name)) continue;
      if (const tickscope::Status removed = fs_->Remove(directory + "/" + file.name); !removed) {
        Log(LogLevel::kWarn, "cannot remove a file that is no part of the store",
            {{"file", file.name}, {"error", removed.error().message}});
      }
    }
  }
}

TenantData& Store::TenantFor(const TenantId& tenant) {
  if (TenantData* const found = FindTenant(tenant)) return *found;
  const WriterLock lock(mu_);
  return *tenants_
              .emplace(tenant, std::make_unique<TenantData>(tenant, options_.directory + "/" + tenant,
                                                            metrics_, options_, cut_ + 1))
              .first->second;
}

TenantData* Store::FindTenant(const TenantId& tenant) const {
  const ReaderLock lock(mu_);
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? nullptr : found->second.get();
}

std::vector<TenantData*> Store::Tenants() const {
  const ReaderLock lock(mu_);
  std::vector<TenantData*> tenants;
  for (const auto& [id, tenant] : tenants_)
    tenants.push_back(tenant.get());
  return tenants;
}

void Store::Learn(std::uint64_t epoch, const codec::SampleBatch& batch) {
  TenantFor(batch.tenant).Learn(batch, epoch);
}

void Store::Apply(std::uint64_t offset, std::uint64_t epoch, const codec::SampleBatch& batch) {
  if (fs_ != nullptr && IsCutDue(batch.received_ms)) Cut(offset, batch.received_ms);
  TenantFor(batch.tenant).Apply(batch, epoch);
  if (options_.mutations != nullptr) TellApplied(offset, batch, *options_.mutations);
  samples_since_cut_ += batch.floats.size() + batch.histograms.size();
  series_since_cut_ += batch.series.size();
}

void Store::Pass(std::uint64_t offset, TimeMs received_ms) {
  if (fs_ != nullptr && IsCutDue(received_ms)) Cut(offset, received_ms);
}

bool Store::IsCutDue(TimeMs received_ms) {
  const std::int64_t interval_ms = options_.seal_interval_ms;
  if (due_ms_ == 0 || received_ms < due_ms_ - kClockBackIntervals * interval_ms) {
    due_ms_ = NextBoundary(received_ms, interval_ms);
  }
  return received_ms >= due_ms_ || samples_since_cut_ >= options_.seal_samples_max ||
         series_since_cut_ >= options_.seal_series_max;
}

void Store::Cut(std::uint64_t offset, TimeMs received_ms) {
  auto job = std::make_shared<Job>();
  job->cut = ++cut_;
  job->first_offset = cut_offset_;
  job->end_offset = offset;
  job->received_ms = received_ms;
  due_ms_ = NextBoundary(received_ms, options_.seal_interval_ms);
  job->due_ms = due_ms_;
  for (TenantData* const tenant : Tenants())
    job->parts.push_back(tenant->Cut(cut_));
  cut_offset_ = offset;
  samples_since_cut_ = 0;
  series_since_cut_ = 0;
  bool is_full = false;
  {
    const MutexLock lock(queue_mu_);
    queue_.push_back(std::move(job));
    is_full = queue_.size() > kQueueMax;
  }
  // Memory is bounded by waiting for the disk here, the stream holds what comes meanwhile.
  if (is_full) static_cast<void>(Work());
}

bool Store::HasWork() const {
  {
    const MutexLock lock(queue_mu_);
    if (!queue_.empty()) return true;
  }
  const std::vector<TenantData*> tenants = Tenants();
  return fs_ != nullptr && std::any_of(tenants.begin(), tenants.end(),
                                       [](const TenantData* tenant) { return tenant->has_damage(); });
}

tickscope::Status Store::Work() {
  const MutexLock work(work_mu_);
  bool has_quarantined = false;
  for (TenantData* const tenant : Tenants()) {
    TICKSCOPE_ASSIGN_OR_RETURN(const bool any, tenant->Quarantine(*fs_));
    has_quarantined |= any;
    if (any) tenant->Publish(0);
  }
  std::shared_ptr<const Job> job;
  {
    const MutexLock lock(queue_mu_);
    if (!queue_.empty()) job = queue_.front();
  }
  if (job != nullptr) {
    const tickscope::Status sealed = Seal(*job);
    if (!sealed) metrics_.failures->Add();
    TICKSCOPE_RETURN_IF_ERROR(sealed);
    const MutexLock lock(queue_mu_);
    queue_.pop_front();
  } else if (has_quarantined) {
    return SaveManifest(sealed_offset_, saved_cut_, saved_due_ms_);
  }
  return {};
}

std::vector<Store::BlockFile> Store::Blocks() const {
  std::vector<BlockFile> files;
  for (const TenantData* const tenant : Tenants()) {
    for (const BlockEntry& block : tenant->version()->blocks)
      files.push_back({tenant->id(), block.name, tenant->directory() + "/" + block.name});
  }
  return files;
}

tickscope::Status Store::ReleaseBlocks(const TenantId& tenant_id, const std::vector<std::string>& names) {
  const MutexLock work(work_mu_);
  TenantData* const tenant = FindTenant(tenant_id);
  if (tenant == nullptr || !tenant->ReleaseBlocks(names)) return {};
  TICKSCOPE_RETURN_IF_ERROR(SaveManifest(sealed_offset_, saved_cut_, saved_due_ms_));
  tenant->Publish(0);
  RemoveUnlisted();
  return {};
}

void Store::Scrub(std::uint64_t pages) {
  const MutexLock work(work_mu_);
  // The block scrubbing is in, or the first after it; none at the end of a round.
  std::pair<TenantId, std::string> at;
  std::shared_ptr<const block::BlockReader> block;
  const TenantData* owner = nullptr;
  for (const TenantData* const tenant : Tenants()) {
    const std::shared_ptr<const TenantVersion> version = tenant->version();
    for (const BlockEntry& entry : version->blocks) {
      std::pair key(tenant->id(), entry.name);
      if (key < scrubbed_ || (block != nullptr && key >= at)) continue;
      at = std::move(key);
      block = entry.reader;
      owner = tenant;
    }
  }
  if (block == nullptr) {
    if (!scrubbed_.second.empty()) metrics_.scrub_rounds->Add();
    scrubbed_ = {};
    return;
  }
  if (at != scrubbed_) scrub_page_ = 0;
  scrubbed_ = at;
  tickscope::Status sound = scrub_page_ == 0 ? block->CheckIndex() : tickscope::Status();
  if (sound) sound = block->CheckPages(scrub_page_, pages);
  metrics_.scrubbed_pages->Add(
      std::min(pages, block->page_count() - std::min(scrub_page_, block->page_count())));
  scrub_page_ += pages;
  if (!sound) owner->ReportDamage(block->path(), sound.error());
  // The smallest name after this one.
  if (!sound || scrub_page_ >= block->page_count()) scrubbed_.second += '\0';
}

tickscope::Status Store::Seal(const Job& job) {
  for (const TenantData::Part& part : job.parts) {
    TenantData& tenant = *part.tenant;
    TICKSCOPE_RETURN_IF_ERROR(tenant.Seal({.fs = *fs_,
                                           .cut = job.cut,
                                           .first_offset = job.first_offset,
                                           .end_offset = job.end_offset,
                                           .received_ms = job.received_ms},
                                          part));
  }
  TICKSCOPE_RETURN_IF_ERROR(SaveManifest(job.end_offset, job.cut, job.due_ms));
  for (TenantData* const tenant : Tenants())
    tenant->Publish(job.cut);
  sealed_offset_ = job.end_offset;
  saved_cut_ = job.cut;
  saved_due_ms_ = job.due_ms;
  metrics_.sealed_offset->Set(static_cast<double>(job.end_offset));
  metrics_.seals->Add();
  RemoveUnlisted();
  return {};
}

Manifest Store::MakeManifest(std::uint64_t offset, std::uint64_t cut, TimeMs due_ms) const {
  Manifest manifest{.offset = offset, .cut = cut, .cut_due_ms = due_ms};
  for (const TenantData* const tenant : Tenants()) {
    ManifestTenant entry = tenant->ManifestEntry();
    if (entry.catalogs.empty() && entry.segments.empty() && entry.blocks.empty()) continue;
    manifest.tenants.push_back(std::move(entry));
  }
  return manifest;
}

tickscope::Status Store::SaveManifest(std::uint64_t offset, std::uint64_t cut, TimeMs due_ms) {
  const Manifest manifest = MakeManifest(offset, cut, due_ms);
  for (const ManifestTenant& entry : manifest.tenants)
    TICKSCOPE_RETURN_IF_ERROR(fs_->SyncDirectory(options_.directory + "/" + entry.tenant));
  const std::string text = WriteManifest(manifest);
  for (const std::string_view name : kManifestNames)
    TICKSCOPE_RETURN_IF_ERROR(WriteFileAtomically(*fs_, options_.directory + "/" + std::string(name), text));
  return {};
}

void Store::ForEachDefinition(
    const std::function<void(const codec::SampleBatch&, std::uint32_t next_ref)>& sink) const {
  for (const TenantData* const tenant : Tenants()) {
    const std::shared_ptr<const TenantVersion> version = tenant->version();
    const Catalog& catalog = *version->catalog;
    codec::SampleBatch batch;
    std::vector<Labels> labels;
    const std::uint32_t next_ref = catalog.next_ref();
    for (std::uint32_t from = 0; from < next_ref; from += kDefinitionSlice) {
      const auto to = static_cast<std::uint32_t>(std::min<std::uint64_t>(from + kDefinitionSlice, next_ref));
      const std::vector<SeriesRef> refs = catalog.Defined(from, to);
      labels.clear();
      {
        const HeadReaderLock lock(catalog.mutex());
        for (const SeriesRef ref : refs)
          labels.push_back(catalog.index().LabelsOf(ref));
      }
      batch.Clear();
      batch.tenant = tenant->id();
      for (std::size_t i = 0; i < refs.size(); ++i)
        batch.series.push_back({refs[i], std::vector<LabelView>(labels[i].begin(), labels[i].end())});
      sink(batch, next_ref);
    }
    batch.Clear();
    batch.tenant = tenant->id();
    for (auto& [metric, metadata] : tenant->Metadata({}))
      batch.metadata.push_back({metric, metadata});
    sink(batch, next_ref);
  }
}

MetadataMap Store::Metadata(const TenantId& tenant_id, const std::string& metric) const {
  const TenantData* const tenant = FindTenant(tenant_id);
  return tenant == nullptr ? MetadataMap{} : tenant->Metadata(metric);
}

Result<std::vector<SeriesExemplars>> Store::Exemplars(const TenantId& tenant_id,
                                                      const std::vector<std::vector<Matcher>>& selectors,
                                                      TimeMs start_ms, TimeMs end_ms,
                                                      const QueryContext& context) const {
  const TenantData* const tenant = FindTenant(tenant_id);
  if (tenant == nullptr) return std::vector<SeriesExemplars>{};
  return tenant->exemplars().Select(selectors, start_ms, end_ms, context);
}

HeadSummary Store::Summarize(const TenantId& tenant_id, std::size_t limit) const {
  HeadSummary summary;
  const TenantData* const tenant = FindTenant(tenant_id);
  if (tenant == nullptr) return summary;
  const std::shared_ptr<const TenantVersion> version = tenant->version();
  TimeMs min_ms = INT64_MAX;
  TimeMs max_ms = INT64_MIN;
  for (const Head::Stretch& stretch : version->stretches) {
    min_ms = std::min(min_ms, stretch.generation->min_time_ms());
    max_ms = std::max(max_ms, stretch.generation->max_time_ms());
  }
  for (const SegmentEntry& segment : version->segments) {
    if (segment.reader->info().sample_count == 0) continue;
    min_ms = std::min(min_ms, std::max(segment.from_ms, segment.reader->info().min_time_ms));
    max_ms = std::max(max_ms, segment.reader->info().max_time_ms);
  }
  if (min_ms > max_ms) {
    // Of a tenant that has fallen silent all is in blocks, and still it is asked what came last.
    for (const BlockEntry& block : version->blocks) {
      min_ms = std::min(min_ms, block.reader->meta().min_time_ms);
      max_ms = std::max(max_ms, block.reader->meta().max_time_ms);
    }
  }
  if (min_ms <= max_ms) {
    summary.min_time_ms = min_ms;
    summary.max_time_ms = max_ms;
  }
  summary.chunk_count = version->segments.size() + version->blocks.size() + version->stretches.size();
  const HeadReaderLock lock(version->catalog->mutex());
  const SeriesIndex& index = version->catalog->index();
  summary.series_count = index.series_count();
  summary.label_pair_count = index.pair_count();
  summary.series_by_metric = index.TopMetrics(limit);
  summary.values_by_label_name = index.TopLabelNames(limit);
  summary.bytes_by_label_name = index.TopLabelBytes(limit);
  summary.series_by_label_pair = index.TopPairs(limit);
  return summary;
}

}  // namespace tickscope::tsdb
