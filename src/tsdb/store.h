// Store: the samples of all tenants, fed from one partition of the stream, read by queries.
//
//   stream -> Apply -> heads --cut--> segments --2 h closed--> blocks
//
// The store is a function of the stream. A cut, every seal interval of the records' own clock, freezes the
// heads; Work, on another thread, writes what was frozen to segment files, windows that are closed to blocks,
// and then a manifest that names all live files and the offset to replay from. A restart maps the files and
// replays the rest. Nothing is deleted before a manifest without it is durable.
//
// Invariants   V1 a sample is in exactly one of head, segments, blocks of what a query sees.
//              V2 blocks are a function of the records up to the cut that made them: the same stream, the same
//                 bytes, whatever was restarted in between.
// Threads      Apply and Learn belong to the thread that consumes the partition, Work to any one thread at a
//              time; everything else is thread-safe.
// Errors       A disk that is full delays Work, which is tried again. Any other failure to write or sync is
//              final: the caller ends the process, which recovers from the stream.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "codec/sample_batch.h"
#include "io/file_system.h"
#include "model/column_scan.h"
#include "model/label_state.h"
#include "model/mutation_log.h"
#include "model/query_cost.h"
#include "model/queryable.h"
#include "scan/selection_cache.h"
#include "tsdb/exemplar_ring.h"
#include "tsdb/head.h"
#include "tsdb/manifest.h"
#include "tsdb/tenant_data.h"
#include "tsdb/version.h"

namespace tickscope::tsdb {

struct StoreOptions {
  std::string directory;  ///< Where files go; empty keeps everything in memory and never cuts.
  std::uint64_t query_series_max = 2'000'000;  ///< Series one selector may match.
  std::uint64_t metadata_max = 100'000;        ///< Metric families a tenant's metadata is kept for.
  ExemplarRingOptions exemplars;
  std::int64_t seal_interval_ms = 120'000;      ///< Between cuts.
  std::uint64_t seal_samples_max = 16'000'000;  ///< A cut comes earlier at this many samples.
  std::uint64_t seal_series_max = 500'000;      ///< Or at this many new series.
  std::int64_t block_range_ms = 2 * 3'600'000;  ///< Time a block covers.
  std::int64_t block_delay_ms = 600'000;        ///< How long a block's end must be past: the late window.
  std::size_t dead_series_min = 10'000;  ///< Series without samples that are worth making the catalog anew.
  std::int64_t retention_ms = 14LL * 24 * 3'600'000;  ///< Blocks wholly older go, by the records' clock.
  std::uint64_t scrub_bytes_per_second =
      8U << 20;  ///< Of blocks read again and checked while there is nothing to write.
  std::uint64_t selection_bytes = 64ULL
                                  << 20;  ///< Memory for which series selectors choose; 0 keeps nothing.
  MutationLog* mutations = nullptr;       ///< Told what changes the past; may be null. Outlives the store.
};

/// What AdoptBlocks took.
struct AdoptedBlocks {
  std::uint64_t blocks = 0;  ///< New ones.
  std::uint64_t samples = 0;
  std::uint64_t bytes = 0;
  std::uint64_t known = 0;  ///< Blocks that were in the store under that name before.
};

/// Counts for status/tsdb.
struct HeadSummary {
  std::uint64_t series_count = 0;
  std::uint64_t label_pair_count = 0;
  std::uint64_t chunk_count = 0;
  TimeMs min_time_ms = 0;  ///< Of what is not in blocks yet, of blocks when all is; 0 when empty.
  TimeMs max_time_ms = 0;
  std::vector<NamedCount> series_by_metric;
  std::vector<NamedCount> values_by_label_name;
  std::vector<NamedCount> bytes_by_label_name;
  std::vector<NamedCount> series_by_label_pair;
};

/// Of one label name, among some series.
struct LabelCardinality {
  std::string name;
  std::uint64_t value_count = 0;
  std::uint64_t series_count = 0;      ///< That have the label.
  std::vector<NamedCount> top_values;  ///< Those with most series.
};

/// How many label names, values and series there are among those selected. The series are those in memory: heard since
/// the last block or two.
struct CardinalitySummary {
  std::uint64_t series_count = 0;
  std::uint64_t name_count = 0;
  std::uint64_t value_count = 0;  ///< Of all names together.
  std::vector<NamedCount> top_names;
  std::vector<LabelCardinality> labels;  ///< Those asked for, in that order.
};

class Store final : public Queryable, public CostSource, public LabelStateSource, public ReadPlanner {
 public:
  /// A store in memory.
  Store(MetricRegistry& metrics, StoreOptions options);
  /// Opens the directory, or begins it. Files that are missing or damaged are named in the log, put aside, and
  /// the rest is served. Errors: kCorruption when the manifest does not decode; what the file system says.
  [[nodiscard]] static Result<std::unique_ptr<Store>> Open(io::FileSystem& fs, MetricRegistry& metrics,
                                                           StoreOptions options);
  ~Store() override;

  [[nodiscard]] const StoreOptions& options() const { return options_; }
  /// Where it keeps which series selectors choose; for who reads history beside it.
  [[nodiscard]] scan::SelectionCache& selections() const { return selections_; }
  /// First offset that is not in files: Apply begins there.
  [[nodiscard]] std::uint64_t replay_offset() const { return sealed_offset_.load(); }
  /// Takes the definitions of a record before replay_offset: later ones of its epoch may rely on them.
  void Learn(std::uint64_t epoch, const codec::SampleBatch& batch);
  /// Adds the record at `offset`; offsets ascend.
  void Apply(std::uint64_t offset, std::uint64_t epoch, const codec::SampleBatch& batch);
  /// The record at `offset`, received then, is not the store's. It still is time that passes: when nothing but such records
  /// come, the stream before them can be let go of.
  void Pass(std::uint64_t offset, TimeMs received_ms);
  /// Everything in the store that a sender may refer to again, as batches of definitions and metadata, and the
  /// number its next series gets.
  void ForEachDefinition(
      const std::function<void(const codec::SampleBatch&, std::uint32_t next_ref)>& sink) const;

  /// Whether Work has something to do.
  [[nodiscard]] bool HasWork() const TICKSCOPE_EXCLUDES(queue_mu_);
  /// Seals the oldest cut, or puts a damaged file aside. Errors: kResourceExhausted when the disk is full (try
  /// again later); anything else is final.
  [[nodiscard]] tickscope::Status Work() TICKSCOPE_EXCLUDES(work_mu_, queue_mu_);

  /// Makes blocks that others wrote the tenant's, all of them or none: each is decoded as a whole, linked beside the
  /// store's own, and one manifest names them. `directory` is on the store's disk; its files stay. Names that are in
  /// the store already are passed over, so that a call may be made again. Until the manifest is durable no query sees
  /// any; after that, all do. Errors: kInvalidArgument for a name that is none of a block, another tenant's block or a
  /// rollup; kNotFound; kCorruption naming the file; kResourceExhausted when the disk is full. The store is as it was.
  [[nodiscard]] Result<AdoptedBlocks> AdoptBlocks(const TenantId& tenant, const std::string& directory,
                                                  const std::vector<std::string>& names)
      TICKSCOPE_EXCLUDES(work_mu_, queue_mu_);
  /// Gives every file of the store a further name below `directory`, which is on the same disk and empty or missing, with a
  /// manifest of its own: a store as of the last seal. `also` runs before sealing may go on, so that the stream still
  /// has everything after the offset of that seal. Returns the offset. Errors: what the file system and `also` say;
  /// names that were made stay.
  [[nodiscard]] Result<std::uint64_t> Snapshot(const std::string& directory,
                                               const std::function<tickscope::Status()>& also)
      TICKSCOPE_EXCLUDES(work_mu_);
  [[nodiscard]] std::int64_t retention_ms() const { return options_.retention_ms; }

  /// Checks some pages of the next block, going round all blocks: damage is found before a query meets it. Up to
  /// `pages` pages of 64 KiB. What is damaged is put aside by the next Work.
  void Scrub(std::uint64_t pages) TICKSCOPE_EXCLUDES(work_mu_);

  /// A block that queries see now.
  struct BlockFile {
    TenantId tenant;
    std::string name;  ///< Within the tenant's directory.
    std::string path;
  };
  /// Of all tenants, in order of making.
  [[nodiscard]] std::vector<BlockFile> Blocks() const TICKSCOPE_EXCLUDES(mu_);
  /// Lets go of blocks that somebody else has now, and removes their files. Names that are not there are fine.
  /// *Durable* when it returns.
  [[nodiscard]] tickscope::Status ReleaseBlocks(const TenantId& tenant, const std::vector<std::string>& names)
      TICKSCOPE_EXCLUDES(work_mu_);

  // Queryable. A tenant that never wrote has no series.
  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                          const QueryContext& context) const override;
  [[nodiscard]] Result<std::unique_ptr<ColumnScan>> Scan(const SelectRequest& request,
                                                         const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest& request,
                                                            const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string& name,
                                                             const SelectRequest& request,
                                                             const QueryContext& context) const override;

  /// Looks into the series in memory and a few of the blocks; the others are taken to be like those.
  [[nodiscard]] Result<SelectCost> EstimateSelect(const SelectRequest& request,
                                                  const QueryContext& context) const override;

  [[nodiscard]] std::optional<std::string> LabelState(const TenantId& tenant, TimeMs start_ms,
                                                      TimeMs end_ms) const override;
  /// Memory and segments are "memory", each block is a span of "disk".
  [[nodiscard]] ReadPlan PlanRead(const SelectRequest& request) const override;

  /// Metadata of the tenant's metrics, sorted by name; all of them when `metric` is empty.
  [[nodiscard]] MetadataMap Metadata(const TenantId& tenant, const std::string& metric) const;
  /// The tenant's exemplars in [start, end] of series that one of the selectors matches, by series. They are in memory
  /// only: what a restart replays of the stream is what it has again. Errors: those of the context.
  [[nodiscard]] Result<std::vector<SeriesExemplars>> Exemplars(
      const TenantId& tenant, const std::vector<std::vector<Matcher>>& selectors, TimeMs start_ms,
      TimeMs end_ms, const QueryContext& context) const;
  [[nodiscard]] HeadSummary Summarize(const TenantId& tenant, std::size_t limit) const;
  /// Names with most values, at most `limit`, and each of `names` with its values that have most series. Without
  /// matchers nothing is scanned but the names.
  [[nodiscard]] CardinalitySummary Cardinality(const TenantId& tenant, const std::vector<Matcher>& matchers,
                                               const std::vector<std::string>& names,
                                               std::size_t limit) const;
  /// About how many different series had samples in blocks that overlap [start, end], or are in memory now: to 1.6 %.
  [[nodiscard]] double DistinctSeries(const TenantId& tenant, TimeMs start_ms, TimeMs end_ms) const;

 private:
  // What one cut froze.
  struct Job {
    std::uint64_t cut = 0;
    std::uint64_t first_offset = 0;
    std::uint64_t end_offset = 0;
    TimeMs received_ms = 0;
    TimeMs due_ms = 0;
    std::vector<TenantData::Part> parts;
  };

  [[nodiscard]] tickscope::Status Load();
  // The newer sound one of the two copies; an empty one when there are none.
  [[nodiscard]] Result<Manifest> LoadManifest() const;
  [[nodiscard]] TenantData& TenantFor(const TenantId& tenant) TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] TenantData* FindTenant(const TenantId& tenant) const TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] std::vector<TenantData*> Tenants() const TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] bool IsCutDue(TimeMs received_ms);
  void Cut(std::uint64_t offset, TimeMs received_ms) TICKSCOPE_EXCLUDES(queue_mu_);
  [[nodiscard]] tickscope::Status Seal(const Job& job) TICKSCOPE_REQUIRES(work_mu_);
  [[nodiscard]] Manifest MakeManifest(std::uint64_t offset, std::uint64_t cut, TimeMs due_ms) const;
  [[nodiscard]] tickscope::Status SaveManifest(std::uint64_t offset, std::uint64_t cut, TimeMs due_ms);
  void RemoveUnlisted() const;

  io::FileSystem* fs_ = nullptr;  // Null in memory.
  StoreMetrics metrics_;
  const StoreOptions options_;
  mutable scan::SelectionCache selections_;
  mutable SharedMutex mu_;
  std::map<TenantId, std::unique_ptr<TenantData>> tenants_ TICKSCOPE_GUARDED_BY(mu_);

  std::atomic<std::uint64_t> cut_{0};  // Number of the last cut; the consumer's thread writes it.
  // Consumer thread's own.
  std::uint64_t cut_offset_ = 0;
  TimeMs due_ms_ = 0;
  std::uint64_t samples_since_cut_ = 0;
  std::uint64_t series_since_cut_ = 0;

  mutable Mutex queue_mu_;
  std::deque<std::shared_ptr<const Job>> queue_ TICKSCOPE_GUARDED_BY(queue_mu_);
  Mutex work_mu_;
  std::uint64_t saved_cut_ TICKSCOPE_GUARDED_BY(work_mu_) = 0;
  TimeMs saved_due_ms_ TICKSCOPE_GUARDED_BY(work_mu_) = 0;
  // Where scrubbing is: the next page of the first block not before this one.
  std::pair<TenantId, std::string> scrubbed_ TICKSCOPE_GUARDED_BY(work_mu_);
  std::uint64_t scrub_page_ TICKSCOPE_GUARDED_BY(work_mu_) = 0;
  std::atomic<std::uint64_t> sealed_offset_{0};
};

}  // namespace tickscope::tsdb
