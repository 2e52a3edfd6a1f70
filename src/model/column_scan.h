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

/// A counter of whole numbers, as what it grew by from sample to sample. After a reset that is the whole new value.
struct CounterSteps {
  /// Where a stretch begins in which the counter only rises: at the first row, after resets, and here and there.
  struct Anchor {
    std::uint32_t row = 0;
    double value = 0;
    double grown = 0;  ///< Sum of the steps up to here.
  };
  std::vector<TimeMs> times_ms;      ///< Strictly ascending.
  std::vector<std::uint32_t> steps;  ///< One a time; 0 for the first.
  std::vector<Anchor> anchors;       ///< Ascending.
  double last = 0;                   ///< Value of the last row.
  double grown = 0;                  ///< Sum of all steps.

  void Clear();
  /// Adds a sample that begins a stretch. False, with nothing added, when it is not later than what is there, below 0, or a step
  /// of 2^32 or more.
  [[nodiscard]] bool BeginStretch(TimeMs time_ms, double value);
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
  /// storage has no quicker way to tell. Errors: as Append.
  [[nodiscard]] virtual Result<bool> AppendSteps(std::uint32_t series, CounterSteps& out);
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
