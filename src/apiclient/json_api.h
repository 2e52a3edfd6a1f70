// JsonApi: calls of a server's API that answer with JSON. What clients of one endpoint each are made of.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "apiclient/prometheus_client.h"
#include "base/error.h"

namespace tickscope::apiclient {

class JsonApi {
 public:
  /// `network` outlives this. Errors: as http::ParseUrl.
  [[nodiscard]] static Result<JsonApi> Make(io::Network& network, PrometheusClientOptions options);

  /// Calls "/api/v1/<path>", the query included. Errors: as http::Client::Fetch, with the URL; kUnavailable for an answer that
  /// is not JSON, unless it is a 204.
  [[nodiscard]] Result<http::Response> Call(std::string_view method, std::string_view path);

 private:
  JsonApi(PrometheusClientOptions options, http::Url url, std::unique_ptr<http::Client> http);

  PrometheusClientOptions options_;
  http::Url url_;
  std::unique_ptr<http::Client> http_;
};

}  // namespace tickscope::apiclient
