#include "agent/batch_encoder.h"

#include <algorithm>
#include <span>

namespace tickscope::agent {
namespace {

// Labels that the parts of a histogram or summary share.
bool IsShared(const LabelView& label) {
  return label.name != kMetricName && label.name != "le" && label.name != "quantile";
}

bool ArePartsOfOne(const Series& a, const Series& b) {
  if (a.family == nullptr || a.family != b.family) return false;
  const wire::MetricType type = a.family->type;
  if (type != wire::MetricType::kHistogram && type != wire::MetricType::kSummary) return false;
  std::vector<LabelView> shared;
  for (const LabelView& label : a.labels) {
    if (IsShared(label)) shared.push_back(label);
  }
  std::size_t at = 0;
  for (const LabelView& label : b.labels) {
    if (!IsShared(label)) continue;
    if (at == shared.size() || shared[at].name != label.name || shared[at].value != label.value) return false;
    ++at;
  }
  return at == shared.size();
}

}  // namespace

void BatchEncoder::Gather(const BatchPart& part) {
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
}

void BatchEncoder::Encode(const BatchPart& part, wire::RemoteWriteProtocol protocol, std::string& body) {
  Gather(part);
  (protocol == wire::RemoteWriteProtocol::kV1 ? v1_ : v2_).Encode(series_, body);
}

std::size_t BatchEncoder::EncodeOtlp(const BatchPart& part, std::string& message) {
  Gather(part);
  return otlp_.Encode(series_, message);
}

std::size_t EndOfPart(const WriteBatch& batch, std::size_t begin, std::size_t samples_max) {
  const std::vector<BatchSample>& samples = batch.samples;
  std::size_t end = std::min(begin + samples_max, samples.size());
  while (end < samples.size() && ArePartsOfOne(*samples[end - 1].series, *samples[end].series))
    ++end;
  return end;
}

}  // namespace tickscope::agent
