#include "fleet/sample_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

namespace tickscope::fleet {
namespace {

Result<FloatSample> ToSample(const apiclient::ResultPoint& point) {
  FloatSample sample{.time_ms = point.time_ms, .value = 0};
  std::string_view text = point.value;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sample.value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(ErrorCode::kCorruption, fmt::format("query answer: want a float, got \"{}\"", point.value));
  }
  return sample;
}

class ApiSampleSource final : public SampleSource {
 public:
  explicit ApiSampleSource(apiclient::PrometheusClient client) : client_(std::move(client)) {}

  Result<std::vector<FetchedSeries>> Read(std::span<const std::string> servers, TimeMs after_ms,
                                          TimeMs until_ms) override {
    // Server names are ours: letters, digits and hyphens, nothing an expression would read otherwise.
    const std::string query =
        fmt::format("{{server=~\"{}\"}}[{}ms]", fmt::join(servers, "|"), until_ms - after_ms);
    TICKSCOPE_ASSIGN_OR_RETURN(const apiclient::QueryAnswer answer, client_.Instant(query, until_ms));
    if (answer.type != "matrix") {
      return Fail(ErrorCode::kCorruption, fmt::format("query answer: want a matrix, got {}", answer.type));
    }
    std::vector<FetchedSeries> all;
    all.reserve(answer.series.size());
    for (const apiclient::ResultSeries& series : answer.series) {
      FetchedSeries& fetched = all.emplace_back();
      fetched.labels = series.labels;
      fetched.samples.reserve(series.points.size());
      for (const apiclient::ResultPoint& point : series.points) {
        TICKSCOPE_ASSIGN_OR_RETURN(const FloatSample sample, ToSample(point));
        fetched.samples.push_back(sample);
      }
    }
    return all;
  }

 private:
  apiclient::PrometheusClient client_;
};

}  // namespace

std::unique_ptr<SampleSource> MakeApiSampleSource(apiclient::PrometheusClient client) {
  return std::make_unique<ApiSampleSource>(std::move(client));
}

}  // namespace tickscope::fleet
