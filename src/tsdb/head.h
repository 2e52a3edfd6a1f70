// Head: one tenant's recent series and samples, in memory, fed from the stream.
//
// Samples of a target are rows by time, of a series a column. The newest up to 16 values of a series are
// staged as doubles; a full stage is packed into a chunk, four chunks of 16 are merged into one of 64, two of
// 64 into one of 128. So a sample is encoded three times (some 50 ns together), and at rest it costs what
// codec/value_column.h says.
//
// What does not fit that form is kept beside it, exactly: samples older than the newest of their series
// ("late"), and native histograms. Reading merges the three.
//
// Invariants   H1 a (series, time) has one value: the first that came. An equal second one is a duplicate and
//                 dropped, another value is a conflict, dropped and counted.
//              H2 state is a function of the batches applied, in order: a replay gives the same head.
// Threads      One writer (Apply, DropBefore), any number of readers. A reader holds the lock for one series'
//              samples at a time; a waiting writer goes first.
// Memory       About 300 bytes a series at first points (128 staged values, 32 state, some 80 labels and
//              postings), then 0.6 to 1 byte a sample.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "codec/sample_batch.h"
#include "model/queryable.h"
#include "model/sample.h"
#include "tsdb/chunk.h"
#include "tsdb/series_index.h"
#include "tsdb/target.h"
#include "tsdb/writer_first_mutex.h"

namespace tickscope::tsdb {

/// What all heads count together.
struct HeadMetrics {
  explicit HeadMetrics(MetricRegistry& metrics);

  Gauge* series;
  Counter* series_created;
  Counter* samples;
  Counter* histograms;
  Counter* late;
  Counter* duplicates;
  Counter* conflicts;
  Counter* undefined;
  Counter* own_targets;
  Counter* chunks;
  Gauge* chunk_bytes;
};

/// Counts for status/tsdb.
struct HeadSummary {
  std::uint64_t series_count = 0;
  std::uint64_t label_pair_count = 0;
  std::uint64_t chunk_count = 0;
  TimeMs min_time_ms = 0;  ///< 0 when empty.
  TimeMs max_time_ms = 0;
  std::vector<NamedCount> series_by_metric;
  std::vector<NamedCount> values_by_label_name;
  std::vector<NamedCount> bytes_by_label_name;
  std::vector<NamedCount> series_by_label_pair;
};

class Head {
 public:
  explicit Head(HeadMetrics& metrics);
  ~Head();
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  /// Adds a batch's series and samples. Writer only.
  void Apply(const codec::SampleBatch& batch) TICKSCOPE_EXCLUDES(mu_);
  /// Forgets packed samples before `horizon_ms`, a slice of the series at a time. Writer only.
  void DropBefore(TimeMs horizon_ms) TICKSCOPE_EXCLUDES(mu_);

  /// Labels and refs of the series that match, sorted by labels.
  struct SelectedSeries {
    Labels labels;
    SeriesRef ref{};
  };
  /// Errors: kResourceExhausted over `series_max`; what `context` says.
  [[nodiscard]] Result<std::vector<SelectedSeries>> Select(const std::vector<Matcher>& matchers,
                                                           std::uint64_t series_max,
                                                           const QueryContext& context) const
      TICKSCOPE_EXCLUDES(mu_);
  /// Replaces `out` by the series' samples in [start, end]. Errors: kCorruption when a column does not
  /// decode.
  [[nodiscard]] Status ReadSamples(SeriesRef ref, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const
      TICKSCOPE_EXCLUDES(mu_);

  /// Whether a sample can lie in [start, end]: false outside what was ever appended and not dropped.
  [[nodiscard]] bool MayHold(TimeMs start_ms, TimeMs end_ms) const TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] std::vector<std::string> LabelNames(const std::vector<Matcher>& matchers) const
      TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] std::vector<std::string> LabelValues(std::string_view name,
                                                     const std::vector<Matcher>& matchers) const
      TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] HeadSummary Summarize(std::size_t limit) const TICKSCOPE_EXCLUDES(mu_);

 private:
  static constexpr std::size_t kStagedMax = 16;
  static constexpr std::size_t kSeriesPerBlock = 4096;
  using Stage = double[kStagedMax];

  struct SeriesState {
    ChunkList chunks;
    TimeMs last_time_ms = INT64_MIN;
    TargetId target{};
    Row staged_row = 0;             // Row of the first staged value.
    std::uint8_t staged_count = 0;  // Values staged, gaps included.
    std::uint8_t strikes = 0;       // Times its rows were too sparse for its target.
    bool owns_target = false;
    bool is_defined = false;
  };
  struct HistogramSample {
    TimeMs time_ms;
    HistogramPtr histogram;
  };

  void DefineSeries(const codec::SeriesDefinition& definition) TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] TargetId TargetFor(const std::vector<LabelView>& labels) TICKSCOPE_REQUIRES(mu_);
  void AppendFloat(std::uint32_t index, TimeMs time_ms, double value) TICKSCOPE_REQUIRES(mu_);
  void AppendLate(std::uint32_t index, TimeMs time_ms, double value) TICKSCOPE_REQUIRES(mu_);
  void AppendHistogram(std::uint32_t index, TimeMs time_ms, HistogramPtr histogram) TICKSCOPE_REQUIRES(mu_);
  void StageValue(SeriesState& series, std::uint32_t index, Row row, double value) TICKSCOPE_REQUIRES(mu_);
  void Seal(SeriesState& series, std::uint32_t index) TICKSCOPE_REQUIRES(mu_);
  void MergeNewest(SeriesState& series, std::size_t chunk_count) TICKSCOPE_REQUIRES(mu_);
  void PushChunk(SeriesState& series, Row first_row, std::span<const double> values) TICKSCOPE_REQUIRES(mu_);
  void MoveToOwnTarget(SeriesState& series, std::uint32_t index) TICKSCOPE_REQUIRES(mu_);
  [[nodiscard]] Stage& StageOf(std::uint32_t index) const TICKSCOPE_REQUIRES_SHARED(mu_) {
    return stages_[index / kSeriesPerBlock][index % kSeriesPerBlock];
  }
  // Float samples of the rows in [start, end], in time order.
  [[nodiscard]] Status ReadRows(std::uint32_t index, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const
      TICKSCOPE_REQUIRES_SHARED(mu_);
  void MergeBeside(std::uint32_t index, TimeMs start_ms, TimeMs end_ms, SampleColumns& out) const
      TICKSCOPE_REQUIRES_SHARED(mu_);

  HeadMetrics& metrics_;
  mutable WriterFirstMutex mu_;
  SeriesIndex index_ TICKSCOPE_GUARDED_BY(mu_);
  std::vector<SeriesState> series_ TICKSCOPE_GUARDED_BY(mu_);
  std::vector<std::unique_ptr<Stage[]>> stages_ TICKSCOPE_GUARDED_BY(mu_);
  std::deque<Target> targets_ TICKSCOPE_GUARDED_BY(mu_);
  // The target new series with these source labels join, and how many it has.
  struct OpenTarget {
    TargetId id{};
    std::uint32_t series_count = 0;
  };
  std::unordered_map<std::uint64_t, OpenTarget> open_targets_ TICKSCOPE_GUARDED_BY(mu_);
  std::unordered_map<std::uint32_t, std::vector<FloatSample>> late_ TICKSCOPE_GUARDED_BY(mu_);
  std::unordered_map<std::uint32_t, std::vector<HistogramSample>> histograms_ TICKSCOPE_GUARDED_BY(mu_);
  std::uint64_t chunk_count_ TICKSCOPE_GUARDED_BY(mu_) = 0;
  TimeMs min_time_ms_ TICKSCOPE_GUARDED_BY(mu_) = INT64_MAX;
  TimeMs max_time_ms_ TICKSCOPE_GUARDED_BY(mu_) = INT64_MIN;
};

}  // namespace tickscope::tsdb
