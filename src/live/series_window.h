// SeriesWindow: what a range query answers, kept step by step, and what changes in it.
//
// Each series has a number, given at its first point and never again, so that a change can name it in a few bytes. Merge
// takes an answer for a span of steps and tells what is different from what was here: points that are new or have changed,
// points that are gone, series that appeared or vanished.
//
// Invariants   W1 points of a series ascend in time, all on steps; a series without points is not kept.
//              W2 applying every Change to what the window held before gives what it holds after.
// Threads      One owner.
// Memory       About 32 bytes a point, and the labels.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <vector>

#include "model/labels.h"
#include "promql/engine.h"

namespace tickscope::live {

/// Names a series of one window.
enum class SeriesNumber : std::uint64_t {};

struct SeriesChange {
  SeriesNumber number{};
  Labels labels;                      ///< Set when the number is new.
  bool is_new = false;                ///< The number was not told before.
  std::vector<promql::Point> points;  ///< New, or other than before. Ascending.
  std::vector<TimeMs> gone;           ///< Times that have no point any more. Ascending.
};

struct Change {
  std::vector<SeriesChange> series;
  std::vector<SeriesNumber>
      vanished;  ///< Had a point at the last step before, and have none at the last step now.
  std::vector<SeriesNumber>
      forgotten;  ///< Have no point in the window any more; the number is not used again.
  [[nodiscard]] bool empty() const { return series.empty() && vanished.empty() && forgotten.empty(); }
};

class SeriesWindow {
 public:
  struct Series {
    SeriesNumber number{};
    std::deque<promql::Point> points;
  };

  /// Replaces the steps from `from_ms` to `to_ms` by what `matrix` says about them; its points lie within.
  [[nodiscard]] Change Merge(promql::Matrix matrix, TimeMs from_ms, TimeMs to_ms);
  /// Drops points before `oldest_ms`; adds series left without points to `forgotten`.
  void Trim(TimeMs oldest_ms, std::vector<SeriesNumber>& forgotten);
  void Clear();

  /// By labels, as a query answers them.
  [[nodiscard]] const std::map<Labels, Series>& series() const { return series_; }
  [[nodiscard]] std::size_t point_count() const { return point_count_; }

 private:
  // Makes the points from `from_ms` to `to_ms` of a series those of `points`; notes the difference.
  void MergePoints(std::vector<promql::Point> points, TimeMs from_ms, TimeMs to_ms, Series& series,
                   SeriesChange& change);

  std::map<Labels, Series> series_;
  std::size_t point_count_ = 0;
  std::uint64_t next_number_ = 0;
  TimeMs newest_ms_ = std::numeric_limits<TimeMs>::min();  // Latest step merged.
};

}  // namespace tickscope::live
