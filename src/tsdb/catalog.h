// Catalog: the series of one tenant that the store holds in memory: their labels, and the target and column of
// each.
//
// A target is a range of consecutive series numbers with the same source labels (job, instance, server, ...):
// a sender's series are numbered together, and come together from then on. So a series' column is its number
// less the target's first.
//
// A catalog grows while it is used. It is replaced as a whole, at a cut, by one without the series that are
// gone (Rebuild).
//
// Invariants   C1 a defined series has a place, and keeps it.
//              C2 a target has at most kTargetWidthMax columns.
// Threads      One writer. PlaceOf is for any thread, on series found in the index; the index is read under
//              its lock, which the writer takes for new series only.
// Memory       Some 80 bytes a series: labels as numbers, postings, place.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "model/labels.h"
#include "model/series_ref.h"
#include "tsdb/generation.h"
#include "tsdb/series_index.h"
#include "tsdb/stable_array.h"
#include "tsdb/writer_first_mutex.h"

namespace tickscope::tsdb {

inline constexpr std::uint32_t kTargetWidthMax = 4096;

/// Where a series' values are in the rows.
struct SeriesPlace {
  TargetId target{};
  std::uint32_t column = 0;
};

/// What the writer knows of a target.
struct TargetState {
  SeriesRef first_ref{};
  std::uint32_t width = 0;
  std::uint64_t source = 0;             ///< Hash of the source labels.
  TimeMs last_row_ms = INT64_MIN;       ///< No row of the target is newer.
  TimeMs last_beside_ms = INT64_MIN;    ///< No sample beside of any of its series is newer.
  TimeMs unknown_until_ms = INT64_MIN;  ///< Up to here samples may be in files, from before this process.
  std::uint32_t row_fill = 0;           ///< Values in the newest row.
  std::uint8_t strikes = 0;             ///< Rows in a row that stayed nearly empty.
};

/// Hash of the labels that say where a series comes from; series equal in it share their times.
[[nodiscard]] std::uint64_t SourceHash(std::span<const LabelView> labels);

class Catalog {
 public:
  Catalog() = default;
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // Writer.
  /// Adds a series; false when it is there already. `epoch` is the stream's, of this definition.
  bool Define(SeriesRef ref, std::span<const LabelView> labels, std::uint64_t epoch) TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] TargetState& target(TargetId id) { return targets_[static_cast<std::size_t>(id)]; }
  [[nodiscard]] const TargetState& target(TargetId id) const {
    return targets_[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] std::size_t target_count() const { return targets_.size(); }
  /// Samples of every target up to `time_ms` may be in files.
  void SetUnknownUntil(TimeMs time_ms);
  [[nodiscard]] std::size_t series_count() const { return series_count_; }
  [[nodiscard]] std::uint64_t EpochOf(SeriesRef ref) const;
  /// One past the highest number ever defined here or handed to ReserveRefs.
  [[nodiscard]] std::uint32_t next_ref() const { return next_ref_.load(std::memory_order_acquire); }
  void ReserveRefs(std::uint32_t next_ref);

  // Any thread.
  [[nodiscard]] std::optional<SeriesPlace> PlaceOf(SeriesRef ref) const {
    const auto* place = places_.Find(ToIndex(ref));
    const std::uint64_t packed = place == nullptr ? 0 : place->load(std::memory_order_acquire);
    if (packed == 0) return std::nullopt;
    return SeriesPlace{static_cast<TargetId>((packed >> 32) - 1), static_cast<std::uint32_t>(packed)};
  }
  [[nodiscard]] WriterFirstMutex& mutex() const TICKSCOPE_THREAD_ANNOTATION(lock_returned(mu_)) {
    return mu_;
  }
  [[nodiscard]] const SeriesIndex& index() const TICKSCOPE_REQUIRES_SHARED(mu_) { return index_; }
  /// Defined series in [from, to), ascending.
  [[nodiscard]] std::vector<SeriesRef> Defined(std::uint32_t from, std::uint32_t to) const;

 private:
  mutable WriterFirstMutex mu_;
  SeriesIndex index_ TICKSCOPE_GUARDED_BY(mu_);
  StableArray<std::atomic<std::uint64_t>>
      places_;  // Target + 1 in the high half, column in the low; 0: none.
  StableArray<std::atomic<std::uint32_t>> epochs_;  // Low half of the epoch of the last definition.
  std::vector<TargetState> targets_;                // Writer's own.
  std::size_t series_count_ = 0;                    // Writer's own.
  std::atomic<std::uint32_t> next_ref_{0};
};

}  // namespace tickscope::tsdb
