// TenantData: one tenant's part of the store: its head, its files, and the version queries see.
//
// Threads   Apply, Learn and Cut belong to the consumer's thread. Seal and the members it changes belong to the
//           thread that works (Store::work_mu_). version, metadata and ReportDamage are thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "tsdb/exemplar_ring.h"
#include "tsdb/head.h"
#include "tsdb/manifest.h"
#include "tsdb/version.h"

namespace tickscope::tsdb {

struct StoreOptions;

/// What all tenants count together.
struct StoreMetrics {
  explicit StoreMetrics(MetricRegistry& metrics);

  HeadMetrics head;
  ExemplarMetrics exemplars;
  Counter* metadata_dropped;
  Counter* segments;
  Counter* segment_bytes;
  Counter* blocks;
  Counter* block_bytes;
  Counter* block_samples;
  Counter* expired_blocks;
  Counter* quarantined;
  Counter* scrubbed_pages;
  Counter* scrub_rounds;
  Counter* failures;
  Counter* seals;
  Gauge* sealed_offset;
};

class TenantData final : private SealedSamples {
 public:
  TenantData(TenantId id, std::string directory, StoreMetrics& metrics, const StoreOptions& options,
             std::uint64_t first_cut);
  ~TenantData() override;

  [[nodiscard]] const TenantId& id() const { return id_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }

  // Consumer's thread.
  void Apply(const codec::SampleBatch& batch, std::uint64_t epoch) TICKSCOPE_EXCLUDES(mu_);
  void Learn(const codec::SampleBatch& batch, std::uint64_t epoch);
  /// What one cut froze of this tenant.
  struct Part {
    TenantData* tenant = nullptr;
    Head::Frozen frozen;
    std::optional<MetadataMap> metadata;  ///< All of it, when it changed since the last cut.
    std::uint32_t next_ref = 0;
    std::uint64_t epoch = 0;  ///< Of the last record before the cut.
  };
  [[nodiscard]] Part Cut(std::uint64_t cut) TICKSCOPE_EXCLUDES(mu_);

  // Working thread.
  /// What a seal is about.
  struct SealContext {
    io::FileSystem& fs;
    std::uint64_t cut = 0;
    std::uint64_t first_offset = 0;
    std::uint64_t end_offset = 0;
    TimeMs received_ms = 0;
  };
  /// Writes the part's segment, and blocks of windows that are closed. Files become visible with Publish.
  [[nodiscard]] Status Seal(const SealContext& context, const Part& part);
  /// Drops blocks by name; false when none was there. Their files go once a manifest without them is durable.
  [[nodiscard]] bool ReleaseBlocks(const std::vector<std::string>& names);
  /// Shows queries what was sealed; what is listed in the manifest must be durable before.
  void Publish(std::uint64_t cut) TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] ManifestTenant ManifestEntry() const;
  /// Opens the files of a manifest. Damaged and missing ones are logged, counted and left out. Lowers `replay_from` to
  /// the offset from which the stream gives back what a damaged segment or catalog held.
  [[nodiscard]] Status Load(io::FileSystem& fs, const ManifestTenant& entry, std::uint64_t& replay_from);
  /// Adds blocks that lie in the tenant's directory. They become visible with Publish.
  void Adopt(std::vector<BlockEntry> blocks);
  /// Takes the last `count` blocks that Adopt added off the list again, and their names off the disk.
  void Disown(io::FileSystem& fs, std::size_t count);
  [[nodiscard]] bool HasBlock(const std::string& name) const;
  /// Gives damaged files reported since the last call their quarantine names and drops them. True when there
  /// were any.
  [[nodiscard]] Result<bool> Quarantine(io::FileSystem& fs) TICKSCOPE_EXCLUDES(mu_);

  // Any thread.
  [[nodiscard]] std::shared_ptr<const TenantVersion> version() const TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] MetadataMap Metadata(const std::string& metric) const TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] const ExemplarRing& exemplars() const { return exemplars_; }
  [[nodiscard]] bool has_damage() const TICKSCOPE_EXCLUDES(mu_);
  /// A query met damage in the file of that path.
  void ReportDamage(const std::string& path, const Error& error) const TICKSCOPE_EXCLUDES(mu_);

 private:
  void AddExemplars(const codec::SampleBatch& batch);
  [[nodiscard]] std::optional<StoredSample> Find(SeriesRef ref, TimeMs time_ms) const override;
  [[nodiscard]] Status WriteSegmentFile(const SealContext& context, const Part& part);
  [[nodiscard]] Status CutBlocks(const SealContext& context, const Part& part);
  // Writes the definitions that were in segments, of which only `kept` stay, to a catalog file.
  [[nodiscard]] Status RenewCatalog(const SealContext& context, const Part& part,
                                    const std::vector<SegmentEntry>& kept);
  void ExpireBlocks(TimeMs received_ms);
  // What of the past is another after the next Publish.
  void NoteGone(TimeMs min_ms, TimeMs max_ms);
  void PublishLocked() TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] std::string PathOf(const std::string& name) const { return directory_ + "/" + name; }

  const TenantId id_;
  const std::string directory_;
  StoreMetrics& metrics_;
  const StoreOptions& options_;

  Head head_;                      // Consumer's.
  ExemplarRing exemplars_;         // Has its own lock; the consumer writes it.
  bool metadata_changed_ = false;  // Consumer's.
  std::uint64_t epoch_ = 0;        // Consumer's.

  // Working thread's.
  TimeMs blocked_until_ms_ = INT64_MIN;
  std::uint64_t blocked_cut_ = 0;
  std::uint32_t next_ref_ = 0;
  std::vector<ManifestTenant::File> catalogs_;
  std::vector<SegmentEntry> segments_;
  std::vector<BlockEntry> blocks_;
  std::vector<std::pair<TimeMs, TimeMs>> gone_;  // Times of files dropped since the last Publish.

  mutable Mutex mu_;
  MetadataMap metadata_ TICKSCOPE_GUARDED_BY(mu_);
  std::shared_ptr<Catalog> catalog_ TICKSCOPE_GUARDED_BY(mu_);
  std::vector<Head::Stretch> stretches_ TICKSCOPE_GUARDED_BY(mu_);  // Of the head, as of the last cut.
  std::uint64_t sealed_cut_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  std::vector<SegmentEntry> shown_segments_ TICKSCOPE_GUARDED_BY(mu_);
  std::vector<BlockEntry> shown_blocks_ TICKSCOPE_GUARDED_BY(mu_);
  // Series that still have samples in files, when the catalog has many that do not: the next cut drops those.
  std::shared_ptr<const std::vector<bool>> live_ TICKSCOPE_GUARDED_BY(mu_);
  std::uint64_t live_epoch_ TICKSCOPE_GUARDED_BY(mu_) = 0;  // Of the cut that made it.
  std::shared_ptr<const TenantVersion> version_ TICKSCOPE_GUARDED_BY(mu_);
  mutable std::vector<std::string> damaged_ TICKSCOPE_GUARDED_BY(mu_);  // Paths.
};

}  // namespace tickscope::tsdb
