// RunningTotal: what counters counted together, restarts of each left out.
//
//   IncreaseOf(before, sample)   what a counter counted between two of its samples
//   NumberTotal, Histogram       where increases are added up
//
// A counter began anew when its start lies after the sample before, or when it fell. Then all it says was counted since. The first sample
// of a counter says how much it counted since its start, if it tells one: that counts whole when it began after aggregation did, for then nobody
// else counted it. Without a start it is where counting begins, as it is for rate().
//
// Threads   Plain data.
#pragma once

#include <cstdint>

#include "aggregate/input_series.h"
#include "model/histogram.h"

namespace tickscope::aggregate {

/// A sum with what rounding took from it (Neumaier): a year of small increases of a large total is exact to the last digit.
struct NumberTotal {
  double sum = 0;
  double compensation = 0;

  void Add(double value);
  [[nodiscard]] double value() const { return sum + compensation; }
};

/// Not negative. `before` is null for the first sample; `began_ms` is when aggregation began.
[[nodiscard]] double IncreaseOf(const InputSample* before, const InputSample& sample, TimeMs began_ms);

/// The same of histograms: adds it to `total`. False when they do not add up, as the total has buckets of another kind: it is a new one
/// then. The total has at most `buckets_max` buckets, by coarser ones.
[[nodiscard]] bool AddIncrease(const InputSample* before, const InputSample& sample, TimeMs began_ms,
                               std::uint32_t buckets_max, HistogramPtr& total);

}  // namespace tickscope::aggregate
