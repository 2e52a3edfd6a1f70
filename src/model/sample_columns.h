// Work on SampleColumns that all who gather samples from several places need.
#pragma once

#include <cstddef>

#include "model/queryable.h"

namespace tickscope {

/// Brings samples after the first `from` in order of time; of equal times the first counts.
void SortSamples(SampleColumns& samples, std::size_t from);

/// Adds `more` behind `samples`, whatever either has of histograms and start times.
void AppendSamples(const SampleColumns& more, SampleColumns& samples);

}  // namespace tickscope
