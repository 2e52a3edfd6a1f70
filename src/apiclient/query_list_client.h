// QueryListClient: which queries a server runs, and ending one (docs/queries.md).
//
// Threads   Not thread-safe; one client a thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apiclient/prometheus_client.h"
#include "base/error.h"

namespace tickscope::apiclient {

struct ListedQuery {
  std::string id;
  std::string tenant;
  std::string user;
  std::string query_class;
  std::string state;  ///< "waiting" or "running".
  std::string text;
  double age_seconds = 0;
  double estimated_bytes = 0;
  double samples = 0;  ///< Read so far.
};

/// Errors: kCorruption when it is not such an answer; the server's own error.
[[nodiscard]] Result<std::vector<ListedQuery>> ReadQueryList(std::string_view json);

class QueryListClient {
 public:
  /// `network` outlives the client. Errors: as http::ParseUrl.
  [[nodiscard]] static Result<QueryListClient> Make(io::Network& network, PrometheusClientOptions options);

  // Errors of both: as http::Client::Fetch; the server's own.

  [[nodiscard]] Result<std::vector<ListedQuery>> List();
  [[nodiscard]] Status Kill(std::string_view id);

 private:
  QueryListClient(PrometheusClientOptions options, http::Url url, std::unique_ptr<http::Client> http);
  [[nodiscard]] Result<http::Response> Call(std::string_view method, std::string_view path);

  PrometheusClientOptions options_;
  http::Url url_;
  std::unique_ptr<http::Client> http_;
};

}  // namespace tickscope::apiclient
