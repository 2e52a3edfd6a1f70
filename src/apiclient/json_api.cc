#include "apiclient/json_api.h"

#include <fmt/format.h>

namespace tickscope::apiclient {
namespace {

constexpr std::size_t kShownBytesMax = 200;

}  // namespace

JsonApi::JsonApi(PrometheusClientOptions options, http::Url url, std::unique_ptr<http::Client> http)
    : options_(std::move(options)), url_(std::move(url)), http_(std::move(http)) {}

Result<JsonApi> JsonApi::Make(io::Network& network, PrometheusClientOptions options) {
  TICKSCOPE_ASSIGN_OR_RETURN(http::Url url, http::ParseUrl(options.url));
  while (url.target.ends_with('/'))
    url.target.pop_back();
  auto http = http::Client::Make(network, options.http);
  return JsonApi(std::move(options), std::move(url), std::move(http));
}

Result<http::Response> JsonApi::Call(std::string_view method, std::string_view path) {
  http::Request request;
  request.method = method;
  request.target = fmt::format("{}/api/v1/{}", url_.target, path);
  request.headers.Set("Accept", "application/json");
  if (!options_.tenant.empty()) request.headers.Set("X-Scope-OrgID", options_.tenant);
  auto response = http_->Fetch(url_, std::move(request));
  if (!response) return FailWith(options_.url, std::move(response).error());
  if (response->status != 204 && !response->headers.Get("Content-Type").starts_with("application/json")) {
    return Fail(ErrorCode::kUnavailable, fmt::format("{}: HTTP {}: {}", options_.url, response->status,
                                                     response->body.substr(0, kShownBytesMax)));
  }
  return response;
}

}  // namespace tickscope::apiclient
