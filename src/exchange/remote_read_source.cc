#include "exchange/remote_read_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "exchange/sample_order.h"
#include "wire/remote_read.h"
#include "wire/remote_write_headers.h"

namespace tickscope::exchange {
namespace {

constexpr std::size_t kQuotedBytesMax = 256;

// What a server's refusal means here; its text is shortened and made one line.
Error Refused(const std::string& url, const http::Response& response) {
  std::string said = response.body.substr(0, kQuotedBytesMax);
  std::ranges::replace_if(said, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  const bool may_pass = response.status >= 500 || response.status == 429;
  return {may_pass ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument,
          fmt::format("{}: remote read answered {}: {}", url, response.status, said)};
}

}  // namespace

Result<std::vector<ReadSeries>> ReadRemote(http::Client& client, const RemoteReadOptions& options,
                                           const TimeWindow& window) {
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Url url, http::ParseUrl(options.url));
  http::Request request;
  request.method = "POST";
  request.headers.Set("Content-Type", wire::kRemoteReadMediaType);
  request.headers.Set("Content-Encoding", "snappy");
  request.headers.Set("X-Prometheus-Remote-Read-Version", "0.1.0");
  if (!options.tenant.empty()) request.headers.Set(wire::kTenantHeader, options.tenant);
  request.body = wire::EncodeReadRequest(
      {.start_ms = window.start_ms, .end_ms = window.end_ms, .matchers = options.matchers});
  auto response = client.Fetch(url, std::move(request));
  if (!response) return FailWith(options.url, std::move(response).error());
  if (response->status != 200) return std::unexpected(Refused(options.url, *response));
  std::vector<ReadSeries> all;
  Status decoded = wire::DecodeReadAnswer(response->headers.Get("Content-Type"), response->body,
                                          options.http.response_bytes_max,
                                          [&all](const Labels& labels, SampleColumns& samples) -> Status {
                                            // A series comes in several frames.
                                            if (all.empty() || all.back().labels != labels)
                                              all.push_back({labels, {}});
                                            AppendSamples(samples, 0, samples.size(), all.back().samples);
                                            return {};
                                          });
  if (!decoded) return FailWith(options.url, std::move(decoded).error());
  std::ranges::stable_sort(all, [](const ReadSeries& a, const ReadSeries& b) { return a.labels < b.labels; });
  std::vector<ReadSeries> merged;
  for (ReadSeries& series : all) {
    if (!merged.empty() && merged.back().labels == series.labels) {
      AppendSamples(series.samples, 0, series.samples.size(), merged.back().samples);
    } else {
      merged.push_back(std::move(series));
    }
  }
  for (ReadSeries& series : merged) {
    SortFirstWins(series.samples);
    ClipTo(window, series.samples);
  }
  std::erase_if(merged, [](const ReadSeries& series) { return series.samples.size() == 0; });
  return merged;
}

Result<std::unique_ptr<RemoteReadSource>> RemoteReadSource::Make(io::Network& network,
                                                                 RemoteReadOptions options) {
  TICKSCOPE_RETURN_IF_ERROR(http::ParseUrl(options.url));
  auto client = http::Client::Make(network, options.http);
  return std::unique_ptr<RemoteReadSource>(new RemoteReadSource(std::move(options), std::move(client)));
}

Result<bool> RemoteReadSource::Next(Labels& labels, SampleColumns& samples) {
  while (next_series_ == series_.size()) {
    if (next_ms_ > options_.range.end_ms) return false;
    const TimeMs end_ms = std::min(options_.range.end_ms, next_ms_ + options_.window_ms - 1);
    TICKSCOPE_ASSIGN_OR_RETURN(series_, ReadRemote(*client_, options_, {next_ms_, end_ms}));
    next_series_ = 0;
    next_ms_ = end_ms + 1;
  }
  ReadSeries& series = series_[next_series_++];
  labels = std::move(series.labels);
  samples = std::move(series.samples);
  return true;
}

}  // namespace tickscope::exchange
