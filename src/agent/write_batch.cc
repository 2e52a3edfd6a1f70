#include "agent/write_batch.h"

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

}  // namespace tickscope::agent
