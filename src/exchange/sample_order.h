// Bringing a series' samples in order.
#pragma once

#include "exchange/sample_flow.h"
#include "model/queryable.h"

namespace tickscope::exchange {

/// Appends samples [from, to) of `more`.
void AppendSamples(const SampleColumns& more, std::size_t from, std::size_t to, SampleColumns& out);

/// Sorts by time; of several samples at one time the first stays.
void SortFirstWins(SampleColumns& samples);

/// Drops samples outside the window. Requires: in time order.
void ClipTo(const TimeWindow& window, SampleColumns& samples);

/// Drops samples inside any of the windows. Requires: in time order.
void CutOut(const std::vector<TimeWindow>& windows, SampleColumns& samples);

}  // namespace tickscope::exchange
