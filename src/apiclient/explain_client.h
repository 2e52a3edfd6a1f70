// ExplainClient: how a server would evaluate a query, or did (docs/queries.md).
//
// Threads   Not thread-safe; one client a thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apiclient/json_api.h"
#include "base/error.h"

namespace tickscope::apiclient {

struct Explanation {
  std::string tree;  ///< For people, a node a line.
  std::string json;  ///< The answer's data, in one line.
};

/// Errors: kCorruption when it is not such an answer; the server's own error.
[[nodiscard]] Result<Explanation> ReadExplanation(std::string_view json);

class ExplainClient {
 public:
  /// `network` outlives the client. Errors: as http::ParseUrl.
  [[nodiscard]] static Result<ExplainClient> Make(io::Network& network, PrometheusClientOptions options);

  /// Parameters as explain takes them: query, analyze, time or start, end and step. Errors: as http::Client::Fetch; the server's
  /// own.
  [[nodiscard]] Result<Explanation> Explain(
      const std::vector<std::pair<std::string, std::string>>& parameters);

 private:
  explicit ExplainClient(JsonApi api) : api_(std::move(api)) {}

  JsonApi api_;
};

}  // namespace tickscope::apiclient
