// ColumnScan: storage as a vectorised query sees it: series as numbers, labels as numbers of pairs, samples as columns.
//
// A query that sums up a hundred thousand series wants neither their label sets nor their samples one by one. It asks which
// label pairs a series has, by number, and for its columns, in any order it likes, from as many threads as it likes.
//
// Threads   A ColumnScan is immutable once made; each ColumnReader belongs to one thread. The scan outlives its readers, and
//           the storage and the QueryContext outlive the scan.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/labels.h"
#include "model/queryable.h"

namespace tickscope {

/// Where a counter began again.
struct CounterFall {
  std::uint32_t row = 0;  ///< Of the first sample after it, within its stretch.
  double before = 0;
  double after = 0;  ///< Less than `before`, and all of it counts as growth.
};

/// Consecutive samples of a counter of whole numbers as they are packed: what it grew by from one to the next.
struct StepStretch {
  std::span<const TimeMs> times_ms;  ///< Strictly ascending, at least one.
  /// Of two stretches of one reader: equal places of times and equal versions, equal times.
  std::uint64_t times_version = 0;
  std::span<const std::uint32_t> steps;  ///< From each sample to the next, modulo 2^32.
  double first = 0;                      ///< Value of the first sample, 0 or more.
  double last = 0;
  double grown = 0;            ///< From the first to the last, falls counted as resets are.
  std::size_t falls_from = 0;  ///< Its falls, ascending, among CounterSteps::falls.
  std::size_t falls_to = 0;
};

/// What a counter grew by before a row beyond what the rows show: within a window of which only the last value is a row it was
/// reset and grew again.
struct HiddenGrowth {
  std::uint32_t row =
      0;  ///< Among the rows of all stretches; it grew by this after the one before, and shortly before this one.
  double grown = 0;  ///< A whole number.
};

/// A counter of whole numbers in stretches. What spans show lives until the reader is asked for the next series.
struct CounterSteps {
  std::vector<StepStretch> stretches;
  std::vector<CounterFall> falls;
  /// Ascending. The samples have rows of these that are not told, so only where a range begins and ends at rows does it come to
  /// the same.
  std::vector<HiddenGrowth> hidden;

  void Clear() {
    stretches.clear();
    falls.clear();
    hidden.clear();
  }
  [[nodiscard]] std::span<const CounterFall> FallsOf(const StepStretch& stretch) const {
    return std::span(falls).subspan(stretch.falls_from, stretch.falls_to - stretch.falls_from);
  }
  [[nodiscard]] std::size_t row_count() const;
  /// What it grew by from the end of the stretch before to the beginning of this one, which is not the first.
  [[nodiscard]] double RiseInto(std::size_t stretch) const {
    const double rise = stretches[stretch].first - stretches[stretch - 1].last;
    return rise >= 0 ? rise : stretches[stretch].first;
  }
  /// Whether each stretch is later than the one before, and no step into one is 2^32 or more: else it is not to be used.
  [[nodiscard]] bool IsInOrder() const;
};

/// What consecutive samples come to: floats without NaN, staleness markers or start timestamps.
struct SampleSummary {
  std::size_t at = 0;  ///< It stands before this row of the samples beside it.
  TimeMs first_ms = 0;
  TimeMs last_ms = 0;
  std::uint32_t count = 0;  ///< At least 1.
  std::uint32_t resets = 0;
  double first = 0;
  double last = 0;
  double min = 0;
  double max = 0;
  double sum = 0;    ///< Rounded once when all are decimals of one scale.
  double grown = 0;  ///< As a counter, from the first to the last.
};

/// A series' samples, some of them by what they come to.
struct SampleParts {
  SampleColumns samples;
  std::vector<SampleSummary> summaries;

  void Clear() {
    samples.Clear();
    summaries.clear();
  }
};

class ColumnReader {
 public:
  virtual ~ColumnReader() = default;
  /// Appends the series' samples in the range that was asked for, in strictly ascending time. True when they are known to
  /// be floats without staleness markers, NaN or start timestamps, of which none is less than the one before.
  /// Errors: kUnsupported when this series is not told in columns, and Select has to; kCorruption; what QueryContext::Check
  /// says.
  [[nodiscard]] virtual Result<bool> Append(std::uint32_t series, SampleColumns& out) = 0;
  /// Appends the series' samples in the range as steps. False, with `out` of no use, when they are no such counter, or the
  /// storage has no quicker way to tell. Who asks sees to it that they are in order. Errors: as Append.
  [[nodiscard]] virtual Result<bool> AppendSteps(std::uint32_t series, CounterSteps& out);
  /// Appends the series' samples in the range; those that lie between two neighbours of `edges`, which ascend, or on the later
  /// one, may be told by what they come to, when storage knows that without reading them. False, with `out` of no use, when
  /// they are not floats, or storage knows of none. Who asks sees to it that they are in order. Errors: as Append.
  [[nodiscard]] virtual Result<bool> AppendParts(std::uint32_t series, std::span<const TimeMs> edges,
                                                 SampleParts& out);
};

class ColumnScan {
 public:
  virtual ~ColumnScan() = default;

  [[nodiscard]] virtual std::uint32_t series_count() const = 0;
  /// The label pairs of a series, in order of label name.
  [[nodiscard]] virtual std::span<const std::uint32_t> PairsOf(std::uint32_t series) const = 0;
  /// One past the greatest number of a pair. Different numbers are different pairs.
  [[nodiscard]] virtual std::uint32_t pair_count() const = 0;
  /// Text of a pair that a series has; lives as long as the scan.
  [[nodiscard]] virtual LabelView PairText(std::uint32_t pair) const = 0;
  /// About how many samples all series have in the range.
  [[nodiscard]] virtual std::uint64_t EstimateSamples() const = 0;
  [[nodiscard]] virtual std::unique_ptr<ColumnReader> NewReader() const = 0;
  /// As SeriesSet::spans.
  [[nodiscard]] std::span<const ReadSpan> spans() const { return spans_; }
  /// Who makes a scan tells, before others see it.
  void SetSpans(std::vector<ReadSpan> spans) { spans_ = std::move(spans); }

 private:
  std::vector<ReadSpan> spans_;
};

}  // namespace tickscope
