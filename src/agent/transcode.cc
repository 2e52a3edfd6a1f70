#include "agent/transcode.h"

#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "wire/otlp_encode.h"
#include "wire/remote_write_decode.h"
#include "wire/remote_write_encode.h"

namespace tickscope::agent {
namespace {

// Of one request; what is in the spool was made by this agent.
constexpr std::size_t kMessageBytesMax = 256U << 20;

// What a series to be encoded borrows.
struct OneSeries {
  Labels labels;
  std::vector<wire::WriteSample> samples;
  std::vector<wire::WriteHistogram> histograms;
  std::vector<Exemplar> exemplars;
  MetricMetadata metadata;
  wire::WriteMetadata metadata_sent;
};

// 2.0 does not send a family's name: it is the series' own, but for the parts of a classic histogram or a summary.
std::string_view FamilyOf(std::string_view name, wire::MetricType type) {
  const bool has_parts = type == wire::MetricType::kHistogram || type == wire::MetricType::kGaugeHistogram ||
                         type == wire::MetricType::kSummary;
  for (const std::string_view part : {"_bucket", "_sum", "_count", "_gsum", "_gcount"}) {
    if (has_parts && name.ends_with(part)) return name.substr(0, name.size() - part.size());
  }
  return name;
}

Result<OneSeries> Read(const wire::ReceivedRequest& request, const wire::ReceivedSeries& series) {
  OneSeries one;
  std::vector<LabelView> labels;
  TICKSCOPE_RETURN_IF_ERROR(request.ReadLabels(series, labels));
  one.labels = Labels::FromSorted(labels);
  for (std::uint32_t i = series.first_sample; i < series.first_sample + series.sample_count; ++i) {
    one.samples.push_back({.time_ms = request.times_ms()[i],
                           .value = request.values()[i],
                           .start_time_ms = request.starts_ms().empty() ? 0 : request.starts_ms()[i]});
  }
  for (std::uint32_t i = series.first_histogram; i < series.first_histogram + series.histogram_count; ++i) {
    const wire::ReceivedHistogram& histogram = request.histograms()[i];
    one.histograms.push_back({.time_ms = histogram.time_ms,
                              .histogram = histogram.histogram.get(),
                              .start_time_ms = histogram.start_ms});
  }
  for (std::uint32_t i = 0; i < series.exemplar_count; ++i) {
    wire::ReceivedExemplar exemplar;
    TICKSCOPE_RETURN_IF_ERROR(request.ReadExemplar(series, i, exemplar));
    one.exemplars.push_back({Labels::FromSorted(exemplar.labels), exemplar.value, exemplar.time_ms});
  }
  TICKSCOPE_ASSIGN_OR_RETURN(one.metadata, request.ReadMetadata(series));
  return one;
}

// Decodes a request and gives its series to `encode`.
Status Transcode(std::string_view v2, const std::function<void(std::span<const wire::WriteSeries>)>& encode) {
  Bytes message;
  TICKSCOPE_RETURN_IF_ERROR(wire::DecompressSnappy(v2, kMessageBytesMax, message));
  wire::RemoteWriteRequest request(0);
  TICKSCOPE_RETURN_IF_ERROR(request.Decode(wire::RemoteWriteProtocol::kV2, message));
  std::deque<OneSeries> kept;
  std::vector<wire::WriteSeries> all;
  for (const wire::ReceivedSeries& series : request.series()) {
    TICKSCOPE_ASSIGN_OR_RETURN(OneSeries read, Read(request, series));
    OneSeries& one = kept.emplace_back(std::move(read));
    wire::WriteSeries& sent = all.emplace_back(wire::WriteSeries{.labels = &one.labels,
                                                                 .samples = one.samples,
                                                                 .histograms = one.histograms,
                                                                 .exemplars = one.exemplars});
    if (const auto type = wire::MetricTypeFromName(one.metadata.type)) {
      one.metadata_sent = {.family = FamilyOf(one.labels.Get("__name__"), *type),
                           .type = *type,
                           .help = one.metadata.help,
                           .unit = one.metadata.unit};
      sent.metadata = &one.metadata_sent;
    }
  }
  encode(all);
  return {};
}

}  // namespace

Status EncodeAsV1(std::string_view v2, std::string& v1) {
  return Transcode(v2, [&](std::span<const wire::WriteSeries> series) {
    wire::RemoteWriteEncoder(wire::RemoteWriteProtocol::kV1).Encode(series, v1);
  });
}

Result<std::size_t> EncodeAsOtlp(std::string_view v2, std::string& message) {
  std::size_t left_out = 0;
  TICKSCOPE_RETURN_IF_ERROR(Transcode(v2, [&](std::span<const wire::WriteSeries> series) {
    left_out = wire::OtlpEncoder().Encode(series, message);
  }));
  return left_out;
}

}  // namespace tickscope::agent
