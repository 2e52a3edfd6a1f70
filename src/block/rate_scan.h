// RateScan: sums of rate() over many series of a block, straight from its columns.
//
// What sum by (...) (rate(counter[range])) comes to for one block: a series is decoded once, and at each step adds the
// increase over its window, extrapolated as Prometheus does, to its group. What depends on times only is worked out
// once for each time column, so that a series without resets and gaps costs two loads and a multiplication a step.
//
// Threads  One thread; scans of one block may run side by side.
// Source   Prometheus, promql/functions.go, extrapolatedRate: the formula, documented in its querying docs for rate().
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "block/block_reader.h"

namespace tickscope::block {

/// The steps of a range query and the window that ends at each.
struct RateGrid {
  TimeMs start_ms = 0;
  std::int64_t step_ms = 0;
  std::size_t step_count = 0;
  std::int64_t range_ms = 0;
};

class RateScan {
 public:
  /// `block` outlives the scan.
  RateScan(const BlockReader& block, RateGrid grid);

  /// Adds the series' rate at each step to `sums`, and one to `counts` where it has one. Errors: kCorruption.
  [[nodiscard]] Status Add(SeriesId id, std::span<double> sums, std::span<std::uint32_t> counts);

 private:
  // The window of a step in a time column.
  struct Window {
    std::uint32_t first = 0;  ///< Rows [first, end).
    std::uint32_t end = 0;
    double sampled = 0;   ///< Seconds from the first sample to the last.
    double to_start = 0;  ///< Seconds the increase is extended to either side.
    double to_end = 0;
    double per_increase = 0;  ///< Rate for an increase of 1, extended to both sides.
  };

  [[nodiscard]] Status LoadTimes(TimesId id);
  [[nodiscard]] static Window Extend(std::int64_t first_ms, std::int64_t last_ms, std::size_t count,
                                     std::int64_t start_ms, std::int64_t end_ms);
  [[nodiscard]] double RateOf(const Window& window, double increase, double first) const;
  void AddPlain(std::span<const double> values, std::span<double> sums,
                std::span<std::uint32_t> counts) const;
  void AddAny(std::span<const double> values, std::span<double> sums, std::span<std::uint32_t> counts) const;

  const BlockReader& block_;
  Cursor cursor_;
  const RateGrid grid_;
  TimesId times_id_{};
  bool has_times_ = false;
  std::vector<TimeMs> times_ms_;
  std::vector<Window> windows_;
  std::vector<double> values_;
};

}  // namespace tickscope::block
