// Target: series that are heard together, and the times they were heard at.
//
// The 300 series of a game server come with one timestamp each scrape, so the time is kept once for all of
// them: a row. A series' values then only say which row they begin at. Which series belong together is
// decided by the labels that name a source (job, instance, server, ...); a series that turns out to keep
// other times than its target gets a target of its own.
//
// Invariants   T1 times of rows ascend strictly.
//              T2 rows are numbered from 0 and never reused; old ones are trimmed, numbers stay.
// Threads      Externally locked.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "tsdb/chunk.h"

namespace tickscope::tsdb {

class Target {
 public:
  [[nodiscard]] bool empty() const { return times_ms_.empty(); }
  [[nodiscard]] TimeMs last_time() const { return times_ms_.back(); }
  [[nodiscard]] Row last_row() const { return first_row_ + static_cast<Row>(times_ms_.size()) - 1; }
  [[nodiscard]] Row first_row() const { return first_row_; }

  /// Adds a row. Requires: later than every other.
  Row Append(TimeMs time_ms) {
    times_ms_.push_back(time_ms);
    return last_row();
  }
  /// The row of a recent time, if it was heard then. Looks kRecentRows back.
  [[nodiscard]] std::optional<Row> FindRecent(TimeMs time_ms) const;
  [[nodiscard]] TimeMs TimeOf(Row row) const { return times_ms_[row - first_row_]; }
  /// Forgets rows before `row`.
  void TrimBefore(Row row);
  /// First row at or after `time_ms`; one past the last row when there is none.
  [[nodiscard]] Row RowAtOrAfter(TimeMs time_ms) const;

  /// How far back a late series of the target may be found: ten minutes at 10 s.
  static constexpr std::size_t kRecentRows = 64;

 private:
  Row first_row_ = 0;
  std::vector<TimeMs> times_ms_;
};

}  // namespace tickscope::tsdb
