// Head: one tenant's newest samples, fed from the stream, not yet in a segment.
//
// It is a list of generations (tsdb/generation.h): the newest takes samples, the ones before it are frozen and
// wait to be sealed into files. This class is the writer's side: it decides where a sample goes and sees to it
// that none is kept twice. Readers hold the generations themselves (tsdb/version.h).
//
// Invariants   H1 a (series, time) has one value: the first that came. An equal second one is a duplicate and
//                 dropped; another value is a conflict, dropped and counted. Its start timestamp comes with it.
//              H2 what is kept is a function of the batches applied, in order; cuts do not change it.
// Threads      One writer. No locks but for a series seen for the first time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "codec/sample_batch.h"
#include "tsdb/catalog.h"
#include "tsdb/generation.h"
#include "tsdb/stored_sample.h"

namespace tickscope::tsdb {

/// What all heads count together.
struct HeadMetrics {
  explicit HeadMetrics(MetricRegistry& metrics);

  Gauge* series;
  Counter* series_created;
  Counter* samples;
  Counter* histograms;
  Counter* beside;
  Counter* duplicates;
  Counter* conflicts;
  Counter* undefined;
  Counter* rows;
};

/// Finds a sample in what was sealed. Called by the writer for samples that may have come before: retries and
/// stragglers.
class SealedSamples {
 public:
  virtual ~SealedSamples() = default;
  [[nodiscard]] virtual std::optional<StoredSample> Find(SeriesRef ref, TimeMs time_ms) const = 0;
};

class Head {
 public:
  /// `sealed` and `metrics` outlive the head.
  Head(HeadMetrics& metrics, const SealedSamples& sealed, std::uint64_t first_generation);
  ~Head();
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  /// Adds a batch's series and samples. `epoch` is that of its record.
  void Apply(const codec::SampleBatch& batch, std::uint64_t epoch);
  /// Adds a series, if it is not there.
  void Define(SeriesRef ref, std::span<const LabelView> labels, std::uint64_t epoch);
  /// What is learned from files at start: no sample of the series beside rows is newer than this.
  void NoteBeside(SeriesRef ref, TimeMs time_ms);
  /// Definitions so far are in files: the next cut need not name them.
  void ForgetDefined() { defined_.clear(); }
  /// Forgets frozen generations up to `number`: they are in files now.
  void DropSealed(std::uint64_t number);
  /// Goes on with another catalog, right after a Cut, and forgets what it knows of series that are not in it.
  void ReplaceCatalog(std::shared_ptr<Catalog> catalog);

  [[nodiscard]] const std::shared_ptr<Catalog>& catalog() const { return catalog_; }
  /// Oldest first; the last one takes samples. Each with the catalog its targets are of.
  struct Stretch {
    std::shared_ptr<Generation> generation;
    std::shared_ptr<Catalog> catalog;
  };
  /// Freezes the newest generation and opens the next, `next_number`.
  struct Frozen {
    Stretch stretch;
    std::vector<SeriesRef> defined;  ///< Series first seen in it, ascending.
  };
  [[nodiscard]] Frozen Cut(std::uint64_t next_number);
  [[nodiscard]] const std::vector<SeriesRef>& defined() const { return defined_; }
  [[nodiscard]] const std::vector<Stretch>& stretches() const { return stretches_; }
  [[nodiscard]] Generation& newest() const { return *stretches_.back().generation; }

 private:
  // Consecutive series of a target, each with values at the same times.
  struct Run {
    SeriesPlace place;
    std::uint32_t length = 1;
    std::size_t points = 1;
  };

  void AppendFloats(const codec::FloatColumns& floats);
  [[nodiscard]] Run FindRun(const codec::FloatColumns& floats, std::size_t at, SeriesPlace place) const;
  // Samples of consecutive columns at one time: values[0], values[stride], ..., and their starts, null when unset.
  struct Stride {
    const double* values;
    const TimeMs* starts_ms;
    std::size_t step;

    [[nodiscard]] double value(std::size_t i) const { return values[i * step]; }
    [[nodiscard]] TimeMs start_ms(std::size_t i) const {
      return starts_ms == nullptr ? 0 : starts_ms[i * step];
    }
  };
  void AppendStretch(SeriesPlace place, std::uint32_t length, TimeMs time_ms, const Stride& samples);
  // Requires: no row holds a sample of these series that is newer.
  void FillRow(TargetState& target, Row& row, SeriesPlace place, std::uint32_t length, const Stride& samples);
  void AppendOne(SeriesPlace place, SeriesRef ref, TimeMs time_ms, double value, TimeMs start_ms);
  // Sees to it that a sample of that start may be in a row at that time; false when it may not.
  [[nodiscard]] bool AllowStart(SeriesPlace place, SeriesRef ref, TimeMs time_ms, TimeMs start_ms);
  void AppendHistogram(const codec::HistogramEntry& entry);
  void PutBeside(TargetState& target, SeriesRef ref, TimeMs time_ms, double value, HistogramPtr histogram,
                 TimeMs start_ms);
  [[nodiscard]] bool AllowsRow(const TargetState& target, std::uint32_t length) const;
  Row* FindRow(TargetId target, TimeMs time_ms, std::uint32_t column) const;
  // What is stored for that series at that time, wherever it is.
  [[nodiscard]] std::optional<StoredSample> Find(SeriesPlace place, SeriesRef ref, TimeMs time_ms) const;
  void CountRepeated(const StoredSample& stored, double value, const Histogram* histogram);

  HeadMetrics& metrics_;
  const SealedSamples& sealed_;
  std::shared_ptr<Catalog> catalog_;
  std::vector<Stretch> stretches_;
  std::vector<SeriesRef> defined_;  // Since the last cut.
  // Newest time beside the rows, of series that have any since this process began.
  std::unordered_map<std::uint32_t, TimeMs> last_beside_ms_;
};

}  // namespace tickscope::tsdb
