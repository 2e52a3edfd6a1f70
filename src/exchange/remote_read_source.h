// RemoteReadSource: samples of another server, asked for by Prometheus remote read, window by window.
//
// Takes streamed chunks where the server has them, samples otherwise. Answers over bytes_max are refused by the client:
// ask for shorter windows then.
//
// Threads   Not thread-safe.
// Memory    One window's answer, and its samples while they are handed on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "exchange/sample_flow.h"
#include "http/client.h"
#include "io/network.h"
#include "model/matcher.h"

namespace tickscope::exchange {

struct RemoteReadOptions {
  std::string url;     ///< Of the endpoint, as in http://127.0.0.1:9090/api/v1/read.
  std::string tenant;  ///< Sent as X-Scope-OrgID unless empty.
  std::vector<Matcher> matchers;
  TimeWindow range;
  std::int64_t window_ms = 2 * 3'600'000;
  http::ClientOptions http;
};

struct ReadSeries {
  Labels labels;
  SampleColumns samples;
};

/// Asks for one window: its series sorted by labels, each once, samples in order. Errors: what the client says;
/// kUnavailable or kInvalidArgument with what the server said; as wire::DecodeReadAnswer; all name the URL.
[[nodiscard]] Result<std::vector<ReadSeries>> ReadRemote(http::Client& client,
                                                         const RemoteReadOptions& options,
                                                         const TimeWindow& window);

class RemoteReadSource final : public SampleSource {
 public:
  /// `network` outlives the source. Errors: as http::ParseUrl.
  [[nodiscard]] static Result<std::unique_ptr<RemoteReadSource>> Make(io::Network& network,
                                                                      RemoteReadOptions options);
  [[nodiscard]] Result<bool> Next(Labels& labels, SampleColumns& samples) override;

 private:
  explicit RemoteReadSource(RemoteReadOptions options, std::unique_ptr<http::Client> client)
      : options_(std::move(options)), client_(std::move(client)), next_ms_(options_.range.start_ms) {}

  const RemoteReadOptions options_;
  const std::unique_ptr<http::Client> client_;
  TimeMs next_ms_;  // Start of the next window.
  std::vector<ReadSeries> series_;
  std::size_t next_series_ = 0;
};

}  // namespace tickscope::exchange
