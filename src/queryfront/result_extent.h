// Extent: what an expression gave at consecutive steps, packed, to be cut, joined and given again.
//
// Invariants   E1 series are sorted by labels, each once, each with at least one step.
//              E2 a series' steps ascend; a value a step. No step list means every step of the extent.
// Threads      Immutable once shared.
// Memory       8 bytes a step of a series that is always there, 12 of others, 16 more with histograms.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "codec/varint.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "promql/engine.h"
#include "queryfront/query_shape.h"

namespace tickscope::queryfront {

struct ExtentSeries {
  Labels labels;
  std::vector<std::uint32_t> steps;      ///< Empty: all.
  std::vector<double> values;            ///< 0 where there is a histogram.
  std::vector<HistogramPtr> histograms;  ///< Empty, or one a value, null for floats.
};

struct Extent {
  TimeMs first_ms = 0;
  std::int64_t step_ms = 1;
  std::uint32_t count = 0;   ///< Steps, one or more.
  std::uint64_t number = 0;  ///< Of the last change of the past that it has (model/mutation_log.h).
  std::vector<ExtentSeries> series;

  [[nodiscard]] TimeMs At(std::uint32_t step) const {
    return first_ms + static_cast<std::int64_t>(step) * step_ms;
  }
  [[nodiscard]] TimeMs last_ms() const { return At(count - 1); }
  /// Bytes of memory.
  [[nodiscard]] std::uint64_t memory_bytes() const;
  [[nodiscard]] bool has_histograms() const;
};
using ExtentPtr = std::shared_ptr<const Extent>;

/// Steps first_ms, first_ms + step_ms, ... (`count`) of a sorted matrix whose points lie on them; others are left out.
[[nodiscard]] Extent PackExtent(const promql::Matrix& matrix, TimeMs first_ms, std::int64_t step_ms,
                                std::uint32_t count, std::uint64_t number);
/// Steps of an extent that are not after `until_ms`.
[[nodiscard]] std::uint32_t StepsUntil(const Extent& extent, TimeMs until_ms);
/// The `count` steps of an extent from the `from`-th on. Requires that it has them.
[[nodiscard]] Extent Slice(const Extent& extent, std::uint32_t from, std::uint32_t count);
/// One matrix of extents that follow each other in time, none overlapping, of one step.
[[nodiscard]] promql::Matrix UnpackExtents(std::span<const ExtentPtr> extents);
/// One extent of several that follow without a gap; its number is the least of theirs.
[[nodiscard]] Extent Join(std::span<const ExtentPtr> extents);
/// What is left of an extent when steps in [cut.min, cut.max] go: nothing, one or two extents. The same one when none goes.
[[nodiscard]] std::vector<ExtentPtr> CutOut(const ExtentPtr& extent, const TimeSpan& cut);

/// Appends the extent. Requires: no histograms.
void PutExtent(const Extent& extent, Bytes& out);
/// Reads one extent off the reader, believing nothing. Errors: kCorruption.
[[nodiscard]] Result<Extent> TakeExtent(codec::FieldReader& reader);

}  // namespace tickscope::queryfront
