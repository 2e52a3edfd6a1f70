// ToldIncreases: what a file of increases tells of a counter beside its last values, put into the steps between these.
//
// Last values tell what a counter grew by from window to window, but where it was reset and overtook its old value within a
// window, and where it begins or goes on after a gap (docs/formats/rollup.md). Of a fleet that restarts every day that is a window in
// three hundred of nearly all series: so those are mended, and the rest stays as it is packed. What comes of it is what
// RowsAsSamples makes rows of, but for the rows of a reset within a window (CounterSteps::hidden).
//
// Threads   One thread.
#pragma once

#include <cstdint>
#include <deque>

#include "model/column_scan.h"

namespace tickscope::rollup {

class ToldIncreases {
 public:
  explicit ToldIncreases(std::int64_t resolution_ms) : resolution_ms_(resolution_ms) {}

  /// Puts `told`, ascending, into the steps of `out` from the stretch on, which are last values of one series from the window
  /// before `start_ms` on; that window's row goes. False, with `out` of no use, when steps cannot tell it. What `out` shows of
  /// this lives until the next call.
  [[nodiscard]] bool PutInto(const SampleColumns& told, TimeMs start_ms, std::size_t from, CounterSteps& out);

 private:
  // Parts the stretch before the row and puts a row with `value` a window before it.
  void Begin(std::size_t stretch, std::size_t row, double value, CounterSteps& out);

  const std::int64_t resolution_ms_;
  std::deque<TimeMs> times_ms_;  // Of rows that were put in.
  std::uint64_t version_ = 0;
};

}  // namespace tickscope::rollup
