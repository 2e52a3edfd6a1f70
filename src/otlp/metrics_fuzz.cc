// Fuzzes OTLP metrics: no request may crash, hang or allocate beyond its bound, and what comes out of it keeps what the
// gateway relies on. The first byte picks JSON or protobuf, the strategy and what is promoted.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "codec/histogram_codec.h"
#include "otlp/json_request.h"
#include "otlp/metrics_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tickscope;
  if (size == 0) return 0;
  const otlp::Translation translation{.names = static_cast<otlp::NameStrategy>(data[0] >> 1U & 3U),
                                      .promoted_attributes = {"service.name", "a"},
                                      .keeps_identifying_attributes = (data[0] & 8U) != 0,
                                      .promotes_scope = (data[0] & 16U) != 0};
  std::string message(reinterpret_cast<const char*>(data + 1), size - 1);
  if ((data[0] & 1U) != 0) {
    otlp::JsonRequests json;
    auto written = json.ToProtobuf(otlp::Signal::kMetrics, message);
    if (!written) return 0;
    message = *std::move(written);
  }
  otlp::MetricsRequest request(translation, 1);
  if (!request.Decode(message)) return 0;
  std::size_t samples = 0;
  std::size_t histograms = 0;
  std::vector<LabelView> labels;
  wire::ReceivedExemplar exemplar;
  for (const wire::ReceivedSeries& series : request.series()) {
    TICKSCOPE_CHECK(series.first_sample == samples && series.first_histogram == histograms);
    samples += series.sample_count;
    histograms += series.histogram_count;
    if (request.ReadLabels(series, labels)) {
      std::ranges::sort(labels, {}, &LabelView::name);
      TICKSCOPE_CHECK(std::ranges::adjacent_find(labels, {}, &LabelView::name) == labels.end());
    }
    static_cast<void>(request.ReadMetadata(series));
    for (std::uint32_t i = 0; i < series.exemplar_count; ++i)
      static_cast<void>(request.ReadExemplar(series, i, exemplar));
  }
  TICKSCOPE_CHECK(samples == request.values().size() && histograms == request.histograms().size());
  for (const wire::ReceivedHistogram& received : request.histograms())
    TICKSCOPE_CHECK(codec::ValidateHistogram(*received.histogram).has_value());
  return 0;
}
