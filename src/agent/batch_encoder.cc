#include "agent/batch_encoder.h"

#include <span>

namespace tickscope::agent {

void BatchEncoder::Encode(const BatchPart& part, wire::RemoteWriteProtocol protocol, std::string& body) {
  const WriteBatch& batch = *part.batch;
  samples_.clear();
  histograms_.clear();
  metadata_.clear();
  series_.clear();
  // The series point into the other vectors, which therefore must not grow.
  samples_.reserve(part.size());
  histograms_.reserve(part.size());
  metadata_.reserve(part.size());
  const Family* family = nullptr;
  for (std::size_t i = part.begin; i < part.end; ++i) {
    const BatchSample& sample = batch.samples[i];
    wire::WriteSeries series{.labels = &sample.series->labels};
    if (sample.histogram == kNoHistogram) {
      samples_.push_back(
          {.time_ms = sample.time_ms, .value = sample.value, .start_time_ms = sample.start_time_ms});
      series.samples = {&samples_.back(), 1};
    } else {
      histograms_.push_back({.time_ms = sample.time_ms,
                             .histogram = &batch.histograms[sample.histogram],
                             .start_time_ms = sample.start_time_ms});
      series.histograms = {&histograms_.back(), 1};
    }
    series.exemplars = std::span(batch.exemplars).subspan(sample.exemplar_begin, sample.exemplar_count);
    if (part.with_metadata && sample.series->family != nullptr) {
      if (sample.series->family.get() != family) {
        family = sample.series->family.get();
        metadata_.push_back(
            {.family = family->name, .type = family->type, .help = family->help, .unit = family->unit});
      }
      series.metadata = &metadata_.back();
    }
    series_.push_back(series);
  }
  (protocol == wire::RemoteWriteProtocol::kV1 ? v1_ : v2_).Encode(series_, body);
}

}  // namespace tickscope::agent
