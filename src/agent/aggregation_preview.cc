#include "agent/aggregation_preview.h"

#include "model/labels.h"

namespace tickscope::agent {

bool AggregationPreview::Take(const BatchSample& sample) {
  const auto match = rules_.MatchOf(sample.series->labels, sample.histogram != kNoHistogram);
  if (!match) return true;
  for (const schema::AggregateFunction function : match->group.functions) {
    Sum& sum = sums_[LabelsOf(match->group, function).ToString()];
    ++sum.series;
    sum.every_ms = match->group.every_ms;
  }
  return match->keep_raw;
}

}  // namespace tickscope::agent
