// GrownColumn: what a counter has grown by up to each of its rows, from its packed steps, as far as it is looked at.
//
// Threads   One thread.
// Memory    8 bytes a row.
// Cost      0.4 ns a row.
#pragma once

#include <cstdint>
#include <vector>

#include "model/column_scan.h"

namespace tickscope::promql {

class GrownColumn {
 public:
  /// Begins at a row of a stretch, whose first row has the number `stretch_row`. `counter` outlives what is asked.
  void Begin(const CounterSteps& counter, std::size_t stretch, std::size_t stretch_row, std::size_t row);
  /// Makes rows up to that one known.
  void ReachTo(std::size_t row) {
    if (row >= end_row()) Grow(row);
  }
  /// One past the last row that is known.
  [[nodiscard]] std::size_t end_row() const { return first_row_ + grown_.size(); }
  /// What it grew by since where it began. Requires: a row that is known.
  [[nodiscard]] std::uint64_t At(std::size_t row) const { return grown_[row - first_row_]; }

 private:
  void Grow(std::size_t row);

  const CounterSteps* counter_ = nullptr;
  std::size_t first_row_ = 0;
  std::size_t stretch_ = 0;      // Which the next row is of,
  std::size_t stretch_row_ = 0;  // its place there,
  std::size_t fall_ = 0;         // and the next fall.
  std::vector<std::uint64_t> grown_;
};

}  // namespace tickscope::promql
