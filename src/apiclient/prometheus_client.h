// PrometheusClient: asks a server that speaks the Prometheus HTTP API.
//
// Threads   Not thread-safe; one client a thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apiclient/prometheus_answer.h"
#include "base/error.h"
#include "http/client.h"

namespace tickscope::apiclient {

struct PrometheusClientOptions {
  std::string url = "http://127.0.0.1:9280";  ///< A path in it goes before /api/v1.
  std::string tenant;                         ///< Sent as X-Scope-OrgID unless empty.
  http::ClientOptions http;
};

/// A span of time to look for series in; open where nothing is set.
struct TimeSpan {
  std::optional<TimeMs> start_ms;
  std::optional<TimeMs> end_ms;
};

class PrometheusClient {
 public:
  /// `network` outlives the client. Errors: as http::ParseUrl.
  [[nodiscard]] static Result<PrometheusClient> Make(io::Network& network, PrometheusClientOptions options);

  // Errors of all: as http::Client::Fetch, with the URL; as prometheus_answer.h.

  /// Without a time the server takes its own now.
  [[nodiscard]] Result<QueryAnswer> Instant(std::string_view query, std::optional<TimeMs> time_ms);
  [[nodiscard]] Result<QueryAnswer> Range(std::string_view query, TimeMs start_ms, TimeMs end_ms,
                                          std::int64_t step_ms);
  [[nodiscard]] Result<SeriesAnswer> Series(const std::vector<std::string>& selectors, const TimeSpan& span);
  [[nodiscard]] Result<TextsAnswer> LabelNames(const std::vector<std::string>& selectors,
                                               const TimeSpan& span);
  [[nodiscard]] Result<TextsAnswer> LabelValues(std::string_view label,
                                                const std::vector<std::string>& selectors,
                                                const TimeSpan& span);

 private:
  using Form = std::vector<std::pair<std::string_view, std::string>>;

  PrometheusClient(PrometheusClientOptions options, http::Url url, std::unique_ptr<http::Client> http);
  [[nodiscard]] Result<std::string> Call(std::string_view method, std::string_view path, const Form& form);
  [[nodiscard]] static Form SeriesForm(const std::vector<std::string>& selectors, const TimeSpan& span);

  PrometheusClientOptions options_;
  http::Url url_;
  std::unique_ptr<http::Client> http_;
};

}  // namespace tickscope::apiclient
