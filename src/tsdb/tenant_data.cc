#include "tsdb/tenant_data.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "tsdb/block_builder.h"
#include "tsdb/store.h"

namespace tickscope::tsdb {
namespace {

// A catalog is rebuilt when more than a quarter of it is series that are gone, but not for a few.
constexpr std::size_t kDeadShare = 4;

std::string CutName(std::uint64_t cut) {
  return fmt::format("{:010}", cut);
}

std::pair<TimeMs, TimeMs> TimesOf(const std::shared_ptr<const SegmentReader>& segment) {
  return {segment->info().min_time_ms, segment->info().max_time_ms};
}
std::pair<TimeMs, TimeMs> TimesOf(const std::shared_ptr<const block::BlockReader>& block) {
  return {block->meta().min_time_ms, block->meta().max_time_ms};
}

}  // namespace

StoreMetrics::StoreMetrics(MetricRegistry& metrics)
    : head(metrics),
      exemplars(metrics),
      metadata_dropped(metrics.AddCounter("tickscope_store_metadata_dropped_total",
                                          "Metadata entries over the tenant's limit.", {})),
      segments(metrics.AddCounter("tickscope_store_segments_total", "Segments written.", {})),
      segment_bytes(
          metrics.AddCounter("tickscope_store_segment_bytes_total", "Bytes of segments written.", {})),
      blocks(metrics.AddCounter("tickscope_store_blocks_total", "Blocks written.", {})),
      block_bytes(metrics.AddCounter("tickscope_store_block_bytes_total", "Bytes of blocks written.", {})),
      block_samples(
          metrics.AddCounter("tickscope_store_block_samples_total", "Samples put into blocks.", {})),
      expired_blocks(metrics.AddCounter("tickscope_store_expired_blocks_total",
                                        "Blocks removed because retention was over.", {})),
      quarantined(metrics.AddCounter("tickscope_store_quarantined_files_total",
                                     "Damaged files put aside; what they held is not served.", {})),
      scrubbed_pages(metrics.AddCounter("tickscope_store_scrubbed_pages_total",
                                        "Pages of blocks read again and checked in the background.", {})),
      scrub_rounds(metrics.AddCounter("tickscope_store_scrub_rounds_total",
                                      "Times all blocks were gone through.", {})),
      failures(metrics.AddCounter("tickscope_store_seal_failures_total",
                                  "Seals that failed and are tried again.", {})),
      seals(metrics.AddCounter("tickscope_store_seals_total", "Cuts sealed.", {})),
      sealed_offset(metrics.AddGauge("tickscope_store_sealed_offset",
                                     "Stream offset a restart would replay from.", {})) {}

TenantData::TenantData(TenantId id, std::string directory, StoreMetrics& metrics, const StoreOptions& options,
                       std::uint64_t first_cut)
    : id_(std::move(id)),
      directory_(std::move(directory)),
      metrics_(metrics),
      options_(options),
      head_(metrics.head, *this, first_cut),
      exemplars_(metrics.exemplars, options.exemplars) {
  const MutexLock lock(mu_);
  catalog_ = head_.catalog();
  stretches_ = head_.stretches();
  PublishLocked();
}

TenantData::~TenantData() = default;

void TenantData::Apply(const codec::SampleBatch& batch, std::uint64_t epoch) {
  epoch_ = epoch;
  head_.Apply(batch, epoch);
  AddExemplars(batch);
  if (batch.metadata.empty()) return;
  const MutexLock lock(mu_);
  for (const codec::MetadataEntry& entry : batch.metadata) {
    if (metadata_.size() >= options_.metadata_max && !metadata_.contains(entry.metric)) {
      metrics_.metadata_dropped->Add();
      continue;
    }
    metadata_[entry.metric] = entry.metadata;
    metadata_changed_ = true;
  }
}

void TenantData::Learn(const codec::SampleBatch& batch, std::uint64_t epoch) {
  epoch_ = epoch;
  for (const codec::SeriesDefinition& definition : batch.series)
    head_.Define(definition.ref, definition.labels, epoch);
  AddExemplars(batch);
}

void TenantData::AddExemplars(const codec::SampleBatch& batch) {
  const Catalog& catalog = *head_.catalog();
  for (const codec::ExemplarEntry& entry : batch.exemplars) {
    // Of a series that damage in the stream took the definition of, nothing is known.
    if (!catalog.PlaceOf(entry.ref)) continue;
    Labels labels;
    {
      const HeadReaderLock lock(catalog.mutex());
      labels = catalog.index().LabelsOf(entry.ref);
    }
    exemplars_.Add(labels, entry.exemplar);
  }
}

TenantData::Part TenantData::Cut(std::uint64_t cut) {
  Part part{
      .tenant = this, .frozen = head_.Cut(cut + 1), .next_ref = head_.catalog()->next_ref(), .epoch = epoch_};
  const MutexLock lock(mu_);
  head_.DropSealed(sealed_cut_);
  if (live_ != nullptr) {
    // Here, on the one thread that defines series, nothing can be defined meanwhile. It takes about a
    // microsecond a series, once in hours.
    auto renewed = std::make_shared<Catalog>();
    std::vector<SeriesRef> kept;
    const Catalog& old = *head_.catalog();
    for (const SeriesRef ref : old.Defined(0, old.next_ref())) {
      const bool is_in_files = ToIndex(ref) < live_->size() && (*live_)[ToIndex(ref)];
      // Samples that are in no file yet came after the cut that made the list; their series was defined in its
      // epoch or later.
      const bool may_be_used = ToIndex(ref) >= live_->size() || old.EpochOf(ref) + 1 >= live_epoch_;
      if (is_in_files || may_be_used) kept.push_back(ref);
    }
    for (const SeriesRef ref : kept) {
      Labels labels;
      {
        const HeadReaderLock index_lock(old.mutex());
        labels = old.index().LabelsOf(ref);
      }
      const std::vector<LabelView> views(labels.begin(), labels.end());
      renewed->Define(ref, views, old.EpochOf(ref));
      const TargetState& from = old.target(old.PlaceOf(ref)->target);
      TargetState& to = renewed->target(renewed->PlaceOf(ref)->target);
      to.last_row_ms = std::max(to.last_row_ms, from.last_row_ms);
      to.last_beside_ms = std::max(to.last_beside_ms, from.last_beside_ms);
      to.unknown_until_ms = std::max(to.unknown_until_ms, from.unknown_until_ms);
    }
    renewed->ReserveRefs(old.next_ref());
    metrics_.head.series->Add(static_cast<double>(kept.size()) - static_cast<double>(old.series_count()));
    head_.ReplaceCatalog(std::move(renewed));
    live_ = nullptr;
  }
  catalog_ = head_.catalog();
  stretches_ = head_.stretches();
  if (std::exchange(metadata_changed_, false)) part.metadata = metadata_;
  PublishLocked();
  return part;
}

Status TenantData::Seal(const SealContext& context, const Part& part) {
  next_ref_ = std::max(next_ref_, part.next_ref);
  TICKSCOPE_RETURN_IF_ERROR(WriteSegmentFile(context, part));
  TICKSCOPE_RETURN_IF_ERROR(CutBlocks(context, part));
  ExpireBlocks(context.received_ms);
  return {};
}

Status TenantData::WriteSegmentFile(const SealContext& context, const Part& part) {
  const Generation& generation = *part.frozen.stretch.generation;
  if (generation.sample_count() == 0 && part.frozen.defined.empty() && !part.metadata) return {};
  // A seal that failed half-way is done again from the start.
  if (!segments_.empty() && segments_.back().cut == context.cut) return {};
  const std::string name = CutName(context.cut) + ".segment";
  SegmentInfo info{.tenant = id_,
                   .number = context.cut,
                   .first_offset = context.first_offset,
                   .end_offset = context.end_offset,
                   .next_ref = part.next_ref};
  TICKSCOPE_RETURN_IF_ERROR(context.fs.CreateDirectories(directory_));
  TICKSCOPE_ASSIGN_OR_RETURN(
      const std::uint64_t size,
      WriteSegment(context.fs, PathOf(name), info, generation, *part.frozen.stretch.catalog,
                   part.frozen.defined, part.metadata.value_or(MetadataMap{})));
  TICKSCOPE_ASSIGN_OR_RETURN(auto reader, SegmentReader::Open(context.fs, PathOf(name)));
  metrics_.segments->Add();
  metrics_.segment_bytes->Add(size);
  segments_.push_back({context.cut, name, std::move(reader)});
  return {};
}

Status TenantData::CutBlocks(const SealContext& context, const Part& part) {
  const TimeMs until_ms =
      BlockWindowStart(context.received_ms - options_.block_delay_ms, options_.block_range_ms);
  if (until_ms <= blocked_until_ms_) return {};
  // Whatever can fail comes before anything is changed: a full disk makes the same seal run again.
  std::vector<BlockInput> inputs;
  std::vector<BlockEntry> blocks;
  for (const SegmentEntry& segment : segments_) {
    const SegmentInfo& info = segment.reader->info();
    if (info.sample_count == 0 || info.min_time_ms >= until_ms || info.max_time_ms < segment.from_ms)
      continue;
    inputs.push_back({segment.reader, segment.from_ms});
  }
  if (!inputs.empty()) {
    const BlockBuilder builder(context.fs, *part.frozen.stretch.catalog, inputs);
    TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<BuiltBlock> built,
                               builder.Build({.tenant = id_,
                                              .directory = directory_,
                                              .suffix = CutName(context.cut),
                                              .closed_until_ms = blocked_until_ms_,
                                              .until_ms = until_ms,
                                              .range_ms = options_.block_range_ms,
                                              .end_offset = context.end_offset}));
    for (const BuiltBlock& block : built) {
      TICKSCOPE_ASSIGN_OR_RETURN(auto reader, block::BlockReader::Open(context.fs, PathOf(block.name)));
      metrics_.blocks->Add();
      metrics_.block_bytes->Add(block.bytes);
      metrics_.block_samples->Add(block.samples);
      blocks.push_back({context.cut, block.name, std::move(reader)});
    }
  }
  std::vector<SegmentEntry> kept;
  for (const SegmentEntry& segment : segments_) {
    const SegmentInfo& info = segment.reader->info();
    if (info.sample_count == 0 || info.max_time_ms < until_ms) continue;
    kept.push_back(segment);
    kept.back().from_ms = until_ms;
  }
  TICKSCOPE_RETURN_IF_ERROR(RenewCatalog(context, part, kept));
  blocks_.insert(blocks_.end(), std::make_move_iterator(blocks.begin()),
                 std::make_move_iterator(blocks.end()));
  segments_ = std::move(kept);
  blocked_until_ms_ = until_ms;
  blocked_cut_ = context.cut;
  return {};
}

Status TenantData::RenewCatalog(const SealContext& context, const Part& part,
                                const std::vector<SegmentEntry>& kept) {
  // Definitions were in the segments that go. All that the catalog in memory holds move to a file: a segment defines
  // what is new to that catalog only, so whatever it knows must be in a file.
  std::vector<bool> live(part.next_ref, false);
  for (const SegmentEntry& segment : kept) {
    TICKSCOPE_RETURN_IF_ERROR(segment.reader->ForEachSeries([&live](SeriesRef ref) {
      if (ToIndex(ref) < live.size()) live[ToIndex(ref)] = true;
    }));
  }
  const Catalog& catalog = *part.frozen.stretch.catalog;
  const std::vector<SeriesRef> defined = catalog.Defined(0, part.next_ref);
  std::size_t dead = 0;
  for (const SeriesRef ref : defined) {
    // A series of the newest epochs may come again without being defined again.
    if (catalog.EpochOf(ref) + 1 >= part.epoch) live[ToIndex(ref)] = true;
    dead += live[ToIndex(ref)] ? 0 : 1;
  }
  const std::string name = CutName(context.cut) + ".catalog";
  MetadataMap metadata;
  {
    const MutexLock lock(mu_);
    metadata = metadata_;
  }
  const SegmentInfo info{
      .tenant = id_, .number = context.cut, .end_offset = context.end_offset, .next_ref = part.next_ref};
  TICKSCOPE_RETURN_IF_ERROR(context.fs.CreateDirectories(directory_));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::uint64_t size,
                             WriteCatalog(context.fs, PathOf(name), info, catalog, defined, metadata));
  metrics_.segment_bytes->Add(size);
  catalogs_ = {{context.cut, name, context.end_offset}};
  if (dead >= options_.dead_series_min && dead > defined.size() / kDeadShare) {
    const MutexLock lock(mu_);
    live_epoch_ = part.epoch;
    live_ = std::make_shared<const std::vector<bool>>(std::move(live));
  }
  return {};
}

void TenantData::ExpireBlocks(TimeMs received_ms) {
  const TimeMs horizon_ms = received_ms - options_.retention_ms;
  const std::size_t expired = std::erase_if(blocks_, [&](const BlockEntry& block) {
    const block::BlockMeta& meta = block.reader->meta();
    if (meta.max_time_ms >= horizon_ms) return false;
    NoteGone(meta.min_time_ms, meta.max_time_ms);
    return true;
  });
  metrics_.expired_blocks->Add(expired);
}

void TenantData::NoteGone(TimeMs min_ms, TimeMs max_ms) {
  if (options_.mutations != nullptr) gone_.emplace_back(min_ms, max_ms);
}

bool TenantData::ReleaseBlocks(const std::vector<std::string>& names) {
  return std::erase_if(blocks_, [&names](const BlockEntry& block) {
           return std::find(names.begin(), names.end(), block.name) != names.end();
         }) > 0;
}

void TenantData::Publish(std::uint64_t cut) {
  {
    const MutexLock lock(mu_);
    sealed_cut_ = std::max(sealed_cut_, cut);
    shown_segments_ = segments_;
    shown_blocks_ = blocks_;
    PublishLocked();
  }
  for (const auto& [min_ms, max_ms] : std::exchange(gone_, {}))
    options_.mutations->Changed(id_, min_ms, max_ms);
}

void TenantData::PublishLocked() {
  const std::uint64_t sealed_cut = sealed_cut_;
  std::erase_if(stretches_, [sealed_cut](const Head::Stretch& stretch) {
    return stretch.generation->number() <= sealed_cut;
  });
  auto version = std::make_shared<TenantVersion>();
  version->catalog = catalog_;
  version->stretches = stretches_;
  version->segments = shown_segments_;
  version->blocks = shown_blocks_;
  version_ = std::move(version);
}

ManifestTenant TenantData::ManifestEntry() const {
  ManifestTenant entry{.tenant = id_,
                       .blocked_until_ms = blocked_until_ms_,
                       .blocked_cut = blocked_cut_,
                       .next_ref = next_ref_,
                       .catalogs = catalogs_};
  std::uint64_t oldest = UINT64_MAX;
  for (const SegmentEntry& segment : segments_) {
    entry.segments.push_back({segment.cut, segment.name, segment.reader->info().first_offset});
    oldest = std::min(oldest, segment.reader->info().first_offset);
  }
  // Without its catalog, the stream defines again what segments hold.
  for (ManifestTenant::File& catalog : entry.catalogs)
    catalog.offset = std::min(oldest, catalog.offset);
  for (const BlockEntry& block : blocks_)
    entry.blocks.push_back({block.cut, block.name, 0});
  return entry;
}

Status TenantData::Load(io::FileSystem& fs, const ManifestTenant& entry, std::uint64_t& replay_from) {
  blocked_until_ms_ = entry.blocked_until_ms;
  blocked_cut_ = entry.blocked_cut;
  next_ref_ = entry.next_ref;
  const auto put_aside = [&](const std::string& name, const Error& error) -> Status {
    metrics_.quarantined->Add();
    Log(LogLevel::kError, "store file is damaged or missing and was put aside",
        {{"tenant", id_}, {"file", name}, {"error", error.message}});
    if (error.code == ErrorCode::kNotFound) return {};
    return fs.Rename(PathOf(name), PathOf(name) + ".quarantined");
  };
  MetadataMap metadata;
  const auto learn = [&](const SegmentReader& reader) -> Status {
    TICKSCOPE_RETURN_IF_ERROR(
        reader.ReadDefinitions([this](SeriesRef ref, std::uint64_t epoch, std::span<const LabelView> labels) {
          head_.Define(ref, labels, epoch);
        }));
    TICKSCOPE_ASSIGN_OR_RETURN(MetadataMap more, reader.ReadMetadata());
    for (auto& [metric, value] : more)
      metadata.insert_or_assign(metric, std::move(value));
    return {};
  };
  for (const ManifestTenant::File& file : entry.catalogs) {
    const auto reader = SegmentReader::Open(fs, PathOf(file.name));
    Status status = reader ? learn(**reader) : Status(std::unexpected(reader.error()));
    if (status) {
      catalogs_.push_back(file);
    } else {
      TICKSCOPE_RETURN_IF_ERROR(put_aside(file.name, status.error()));
      replay_from = std::min(replay_from, file.offset);
    }
  }
  for (const ManifestTenant::File& file : entry.segments) {
    auto reader = SegmentReader::Open(fs, PathOf(file.name));
    Status status = reader ? learn(**reader) : Status(std::unexpected(reader.error()));
    // Now the stream can still give back what a damaged page held.
    if (status) status = (*reader)->CheckPages();
    if (status) {
      const TimeMs from_ms = file.cut <= blocked_cut_ ? blocked_until_ms_ : INT64_MIN;
      segments_.push_back({file.cut, file.name, *std::move(reader), from_ms});
    } else {
      TICKSCOPE_RETURN_IF_ERROR(put_aside(file.name, status.error()));
      replay_from = std::min(replay_from, file.offset);
    }
  }
  TimeMs newest_block_ms = INT64_MIN;
  for (const ManifestTenant::File& file : entry.blocks) {
    auto reader = block::BlockReader::Open(fs, PathOf(file.name));
    if (reader) {
      newest_block_ms = std::max(newest_block_ms, (*reader)->meta().max_time_ms);
      blocks_.push_back({file.cut, file.name, *std::move(reader)});
    } else {
      TICKSCOPE_RETURN_IF_ERROR(put_aside(file.name, reader.error()));
    }
  }
  Catalog& catalog = *head_.catalog();
  catalog.ReserveRefs(next_ref_);
  catalog.SetUnknownUntil(newest_block_ms);
  for (const SegmentEntry& segment : segments_) {
    segment.reader->ForEachTargetTime([&catalog](SeriesRef first, std::uint32_t width, TimeMs newest_ms) {
      for (std::uint32_t column = 0; column < width;) {
        const auto place = catalog.PlaceOf(static_cast<SeriesRef>(ToIndex(first) + column));
        if (!place) {
          ++column;
          continue;
        }
        TargetState& target = catalog.target(place->target);
        target.last_row_ms = std::max(target.last_row_ms, newest_ms);
        column += target.width - place->column;
      }
    });
    segment.reader->ForEachBesideTime(
        [this](SeriesRef ref, TimeMs newest_ms) { head_.NoteBeside(ref, newest_ms); });
  }
  head_.ForgetDefined();
  const MutexLock lock(mu_);
  metadata_ = std::move(metadata);
  shown_segments_ = segments_;
  shown_blocks_ = blocks_;
  PublishLocked();
  return {};
}

void TenantData::Adopt(std::vector<BlockEntry> blocks) {
  blocks_.insert(blocks_.end(), std::make_move_iterator(blocks.begin()),
                 std::make_move_iterator(blocks.end()));
}

void TenantData::Disown(io::FileSystem& fs, std::size_t count) {
  for (; count > 0; --count) {
    // What cannot be removed now is no part of the store and goes at the next seal.
    static_cast<void>(fs.Remove(PathOf(blocks_.back().name)));
    blocks_.pop_back();
  }
}

bool TenantData::HasBlock(const std::string& name) const {
  return std::ranges::any_of(blocks_, [&name](const BlockEntry& block) { return block.name == name; });
}

Result<bool> TenantData::Quarantine(io::FileSystem& fs) {
  std::vector<std::string> damaged;
  {
    const MutexLock lock(mu_);
    damaged.swap(damaged_);
  }
  if (damaged.empty()) return false;
  const auto is_damaged = [&](const std::string& name) {
    return std::find(damaged.begin(), damaged.end(), PathOf(name)) != damaged.end();
  };
  const auto drop = [&](auto& entries) -> Status {
    for (auto entry = entries.begin(); entry != entries.end();) {
      if (!is_damaged(entry->name)) {
        ++entry;
        continue;
      }
      metrics_.quarantined->Add();
      TICKSCOPE_RETURN_IF_ERROR(fs.Rename(PathOf(entry->name), PathOf(entry->name) + ".quarantined"));
      const auto [min_ms, max_ms] = TimesOf(entry->reader);
      NoteGone(min_ms, max_ms);
      entry = entries.erase(entry);
    }
    return {};
  };
  TICKSCOPE_RETURN_IF_ERROR(drop(segments_));
  TICKSCOPE_RETURN_IF_ERROR(drop(blocks_));
  return true;
}

std::shared_ptr<const TenantVersion> TenantData::version() const {
  const MutexLock lock(mu_);
  return version_;
}

MetadataMap TenantData::Metadata(const std::string& metric) const {
  const MutexLock lock(mu_);
  if (metric.empty()) return metadata_;
  const auto found = metadata_.find(metric);
  if (found == metadata_.end()) return {};
  return {*found};
}

bool TenantData::has_damage() const {
  const MutexLock lock(mu_);
  return !damaged_.empty();
}

void TenantData::ReportDamage(const std::string& path, const Error& error) const {
  const MutexLock lock(mu_);
  if (std::find(damaged_.begin(), damaged_.end(), path) != damaged_.end()) return;
  Log(LogLevel::kError, "store file is damaged; it will be put aside and the rest served",
      {{"tenant", id_}, {"file", path}, {"error", error.message}});
  damaged_.push_back(path);
}

std::optional<StoredSample> TenantData::Find(SeriesRef ref, TimeMs time_ms) const {
  const std::shared_ptr<const TenantVersion> version = this->version();
  for (auto segment = version->segments.rbegin(); segment != version->segments.rend(); ++segment) {
    if (time_ms < segment->from_ms) continue;
    auto found = segment->reader->Find(ref, time_ms);
    if (!found) {
      ReportDamage(segment->reader->path(), found.error());
    } else if (*found) {
      return **found;
    }
  }
  std::vector<Matcher> matchers;
  SampleColumns samples;
  for (const BlockEntry& block : version->blocks) {
    if (time_ms < block.reader->meta().min_time_ms || time_ms > block.reader->meta().max_time_ms) continue;
    Labels labels;
    {
      const HeadReaderLock lock(head_.catalog()->mutex());
      labels = head_.catalog()->index().LabelsOf(ref);
    }
    const auto id = block.reader->FindSeries(labels);
    const Status read = !id ? Status(std::unexpected(id.error()))
                            : (*id ? block.reader->ReadSamples(**id, time_ms, time_ms, samples) : Status());
    if (!read) {
      ReportDamage(block.reader->path(), read.error());
    } else if (samples.size() > 0) {
      return StoredSample{samples.values[0], samples.histograms.empty() ? nullptr : samples.histograms[0]};
    }
  }
  return std::nullopt;
}

}  // namespace tickscope::tsdb
