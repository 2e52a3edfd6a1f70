// Generation: the samples one tenant got between two cuts, as rows by target, open to one writer and many
// readers at once.
//
// The 300 series of a game server come together with one timestamp, so what is kept is a row: the time once,
// and one double a series. A batch's run of series is copied into its row as it is. What does not fit a row
// (a straggler, a series with times of its own, a native histogram) is kept beside, in a chain by series.
//
//   target -> newest row -> older row -> ...      row: time, first column, width, values (MissingValue = none)
//   series -> newest beside -> older ...          beside: time, value or histogram, start timestamp
//   series -> newest start -> older ...           start: from which time on samples in rows have it
//
// Invariants   G1 a (series, time) is in a generation once; the writer looks before it adds.
//              G2 a row's time, columns and links never change; a value changes once, from missing to present.
//              G3 after Freeze nothing changes.
//              G4 starts of a series ascend in time. One is there before the first sample that has it, and never begins at
//                 or before a sample in a row that has another. A sample this does not allow for is kept beside.
// Threads      One writer. Readers take no lock: rows and entries are published by a release store of the
//              newest link, values are written by release stores and read by acquire loads. Who owns the generation keeps
//              it alive while a reader may look (tsdb/version.h).
// Memory       8 bytes a sample and 32 a row; 64 a sample beside; 24 a start of a series, and 8 a series that has some.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "codec/value_column.h"
#include "model/histogram.h"
#include "model/series_ref.h"
#include "tsdb/stable_array.h"

namespace tickscope::tsdb {

/// Number of a target within a catalog.
enum class TargetId : std::uint32_t {};

/// Memory that is freed all at once.
class Arena {
 public:
  [[nodiscard]] void* Allocate(std::size_t bytes);
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::size_t used_ = 0;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

/// Values a target's series had at one time.
struct Row {
  const Row* older;
  TimeMs time_ms;
  std::uint32_t first_column;
  std::uint32_t width;

  [[nodiscard]] double Get(std::uint32_t column) const {
    // atomic_ref wants what it could write to, though it only loads.
    double& value = const_cast<double&>(Values()[column - first_column]);
    return std::atomic_ref<double>(value).load(std::memory_order_acquire);
  }
  [[nodiscard]] bool Covers(std::uint32_t column) const {
    return column >= first_column && column - first_column < width;
  }
  [[nodiscard]] const double* Values() const { return reinterpret_cast<const double*>(this + 1); }
  [[nodiscard]] double* Values() { return reinterpret_cast<double*>(this + 1); }
};

/// A sample outside the rows.
struct Beside {
  const Beside* older;
  TimeMs time_ms;
  TimeMs newest_ms;  ///< Of this one and all older.
  double value;
  const HistogramPtr* histogram;  ///< Null for a float.
  TimeMs start_ms;                ///< Start timestamp, 0 for unset.
};

/// Samples of a series that are in rows from `from_ms` on have this start timestamp, 0 for unset, until the next.
struct RowStart {
  const RowStart* older;
  TimeMs from_ms;
  TimeMs start_ms;
};

class Generation {
 public:
  explicit Generation(std::uint64_t number) : number_(number) {}

  [[nodiscard]] std::uint64_t number() const { return number_; }

  // For readers.
  [[nodiscard]] const Row* NewestRow(TargetId target) const {
    const auto* head = rows_.Find(static_cast<std::size_t>(target));
    return head == nullptr ? nullptr : head->load(std::memory_order_acquire);
  }
  [[nodiscard]] const Beside* NewestBeside(SeriesRef ref) const {
    const auto* head = beside_.Find(ToIndex(ref));
    return head == nullptr ? nullptr : head->load(std::memory_order_acquire);
  }
  /// Null when no sample of the series has a start timestamp. Load it after the samples.
  [[nodiscard]] const RowStart* NewestStart(SeriesRef ref) const {
    const auto* head = starts_.Find(ToIndex(ref));
    return head == nullptr ? nullptr : head->load(std::memory_order_acquire);
  }
  [[nodiscard]] std::uint64_t sample_count() const { return sample_count_.load(std::memory_order_relaxed); }
  /// Range of times, for skipping; INT64_MAX and INT64_MIN while empty.
  [[nodiscard]] TimeMs min_time_ms() const { return min_time_ms_.load(std::memory_order_relaxed); }
  [[nodiscard]] TimeMs max_time_ms() const { return max_time_ms_.load(std::memory_order_relaxed); }

  // For the writer.
  /// `first_ref` is the target's, the series of column 0.
  Row* AddRow(TargetId target, SeriesRef first_ref, TimeMs time_ms, std::uint32_t first_column,
              std::uint32_t width);
  [[nodiscard]] Row* NewestRowForWriting(TargetId target) { return const_cast<Row*>(NewestRow(target)); }
  static void Set(Row& row, std::uint32_t column, double value) {
    std::atomic_ref<double>(row.Values()[column - row.first_column]).store(value, std::memory_order_release);
  }
  void AddBeside(SeriesRef ref, TimeMs time_ms, double value, HistogramPtr histogram, TimeMs start_ms);
  /// Requires: G4.
  void AddStart(SeriesRef ref, TimeMs from_ms, TimeMs start_ms);
  /// Whether any series has a start timestamp.
  [[nodiscard]] bool has_starts() const { return !series_with_starts_.empty(); }
  /// The sample beside the rows at that time, if there is one. Quick however many there are.
  [[nodiscard]] const Beside* FindBeside(SeriesRef ref, TimeMs time_ms);
  void NoteSamples(std::uint64_t count) { sample_count_.fetch_add(count, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t bytes() const {
    return arena_.bytes() + rows_.bytes() + beside_.bytes() + starts_.bytes();
  }

  // For who seals it.
  /// Targets with rows and series with samples beside, in order of first sight.
  struct TargetRows {
    TargetId target{};
    SeriesRef first_ref{};
  };
  [[nodiscard]] const std::vector<TargetRows>& targets() const { return targets_; }
  [[nodiscard]] const std::vector<SeriesRef>& series_beside() const { return series_beside_; }
  [[nodiscard]] const std::vector<SeriesRef>& series_with_starts() const { return series_with_starts_; }

 private:
  // A chain longer than this is looked up by a set of its own: an import of one series in random order must
  // not cost the square of its length.
  static constexpr std::size_t kChainScanMax = 32;
  struct ByTime {
    using is_transparent = void;
    bool operator()(const Beside* a, const Beside* b) const { return a->time_ms < b->time_ms; }
    bool operator()(const Beside* a, TimeMs b) const { return a->time_ms < b; }
    bool operator()(TimeMs a, const Beside* b) const { return a < b->time_ms; }
  };

  void NoteTime(TimeMs time_ms);

  const std::uint64_t number_;
  StableArray<std::atomic<Row*>> rows_;
  StableArray<std::atomic<Beside*>> beside_;
  StableArray<std::atomic<RowStart*>> starts_;
  Arena arena_;
  std::deque<HistogramPtr> histograms_;
  std::vector<TargetRows> targets_;
  std::vector<SeriesRef> series_beside_;
  std::vector<SeriesRef> series_with_starts_;
  std::unordered_map<std::uint32_t, std::set<const Beside*, ByTime>> deep_;
  std::atomic<TimeMs> min_time_ms_{INT64_MAX};
  std::atomic<TimeMs> max_time_ms_{INT64_MIN};
  std::atomic<std::uint64_t> sample_count_{0};
};

}  // namespace tickscope::tsdb
