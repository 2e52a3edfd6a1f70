// Merging samples of one series that are decoded: what native histograms, and floats among them, go through.
//
// Threads   Pure functions.
#pragma once

#include <cstdint>
#include <span>

#include "model/queryable.h"

namespace tickscope::compact {

struct SampleConflicts {
  std::uint64_t duplicates = 0;  ///< Samples left out because an equal one was before.
  std::uint64_t conflicts = 0;   ///< Because another one was.
};

/// Whether two doubles are the same bits; NaNs carry meaning.
[[nodiscard]] bool SameBits(double a, double b);

/// Whether two histograms are equal, bit for bit.
[[nodiscard]] bool SameHistogram(const Histogram& a, const Histogram& b);

/// Merges columns, each ascending in time, into one that is strictly ascending; at equal times the first column wins.
[[nodiscard]] SampleColumns MergeSamples(std::span<SampleColumns> columns, SampleConflicts& counts);

/// Keeps the samples `keep` accepts by time. Returns how many went.
template <typename Keep>
std::uint64_t FilterSamples(SampleColumns& samples, Keep keep) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!keep(samples.times_ms[i])) continue;
    samples.times_ms[kept] = samples.times_ms[i];
    samples.values[kept] = samples.values[i];
    if (!samples.histograms.empty()) samples.histograms[kept] = samples.histograms[i];
    if (!samples.start_times_ms.empty()) samples.start_times_ms[kept] = samples.start_times_ms[i];
    ++kept;
  }
  const std::uint64_t gone = samples.size() - kept;
  samples.times_ms.resize(kept);
  samples.values.resize(kept);
  if (!samples.histograms.empty()) samples.histograms.resize(kept);
  if (!samples.start_times_ms.empty()) samples.start_times_ms.resize(kept);
  return gone;
}

}  // namespace tickscope::compact
