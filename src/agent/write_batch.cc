#include "agent/write_batch.h"

#include <algorithm>
#include <utility>

#include "model/sample.h"

namespace tickscope::agent {

std::size_t WriteBatch::Bytes() const {
  std::size_t bytes = sizeof(WriteBatch) + samples.capacity() * sizeof(BatchSample) +
                      histograms.capacity() * sizeof(Histogram) + exemplars.capacity() * sizeof(Exemplar);
  for (const Histogram& h : histograms) {
    bytes += (h.positive_spans.capacity() + h.negative_spans.capacity()) * sizeof(BucketSpan);
    bytes += (h.positive_buckets.capacity() + h.negative_buckets.capacity() + h.custom_bounds.capacity()) *
             sizeof(double);
  }
  for (const Exemplar& exemplar : exemplars)
    bytes += exemplar.labels.packed().size();
  return bytes;
}

void AddStaleMarker(const SeriesPtr& series, std::uint32_t ordinal, bool is_histogram, TimeMs time_ms,
                    WriteBatch& batch) {
  BatchSample marker{.series = series, .time_ms = time_ms, .value = StaleNan(), .ordinal = ordinal};
  if (is_histogram) {
    marker.value = 0;
    marker.histogram = static_cast<std::uint32_t>(batch.histograms.size());
    batch.histograms.emplace_back().sum = StaleNan();
  }
  batch.samples.push_back(std::move(marker));
}

void SortByOrdinal(std::vector<BatchSample>& samples) {
  const auto earlier = [](const BatchSample& a, const BatchSample& b) { return a.ordinal < b.ordinal; };
  if (!std::is_sorted(samples.begin(), samples.end(), earlier))
    std::stable_sort(samples.begin(), samples.end(), earlier);
}

}  // namespace tickscope::agent
