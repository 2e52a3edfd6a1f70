// QueryListClient: which queries a server runs, and ending one (docs/queries.md).
//
// Threads   Not thread-safe; one client a thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apiclient/json_api.h"
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
  explicit QueryListClient(JsonApi api) : api_(std::move(api)) {}

  JsonApi api_;
};

}  // namespace tickscope::apiclient
