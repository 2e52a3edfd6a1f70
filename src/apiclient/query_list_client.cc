#include "apiclient/query_list_client.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "http/router.h"

namespace tickscope::apiclient {
namespace {

using simdjson::dom::element;

constexpr std::size_t kShownBytesMax = 200;

std::unexpected<Error> NotAnAnswer() {
  return Fail(ErrorCode::kCorruption, "not an answer of the list of queries");
}

// The "data" of an answer, or its error.
Result<element> DataOf(simdjson::dom::parser& parser, std::string_view json) {
  element answer;
  if (parser.parse(json.data(), json.size()).get(answer) != simdjson::SUCCESS) return NotAnAnswer();
  std::string_view error;
  if (answer["error"].get(error) == simdjson::SUCCESS)
    return Fail(ErrorCode::kFailedPrecondition, std::string(error));
  element data;
  if (answer["data"].get(data) != simdjson::SUCCESS) return NotAnAnswer();
  return data;
}

}  // namespace

Result<std::vector<ListedQuery>> ReadQueryList(std::string_view json) {
  simdjson::dom::parser parser;
  TICKSCOPE_ASSIGN_OR_RETURN(const element data, DataOf(parser, json));
  simdjson::dom::array array;
  if (data.get(array) != simdjson::SUCCESS) return NotAnAnswer();
  std::vector<ListedQuery> list;
  for (const element& each : array) {
    ListedQuery& query = list.emplace_back();
    bool ok = true;
    const auto text = [&](const char* key, std::string& to) {
      std::string_view value;
      ok = ok && each[key].get(value) == simdjson::SUCCESS;
      to = value;
    };
    text("id", query.id);
    text("tenant", query.tenant);
    text("user", query.user);
    text("class", query.query_class);
    text("state", query.state);
    text("query", query.text);
    ok = ok && each["ageSeconds"].get(query.age_seconds) == simdjson::SUCCESS &&
         each["estimate"]["bytes"].get(query.estimated_bytes) == simdjson::SUCCESS &&
         each["samplesRead"].get(query.samples) == simdjson::SUCCESS;
    if (!ok) return NotAnAnswer();
  }
  return list;
}

QueryListClient::QueryListClient(PrometheusClientOptions options, http::Url url,
                                 std::unique_ptr<http::Client> http)
    : options_(std::move(options)), url_(std::move(url)), http_(std::move(http)) {}

Result<QueryListClient> QueryListClient::Make(io::Network& network, PrometheusClientOptions options) {
  TICKSCOPE_ASSIGN_OR_RETURN(http::Url url, http::ParseUrl(options.url));
  while (url.target.ends_with('/'))
    url.target.pop_back();
  auto http = http::Client::Make(network, options.http);
  return QueryListClient(std::move(options), std::move(url), std::move(http));
}

Result<http::Response> QueryListClient::Call(std::string_view method, std::string_view path) {
  http::Request request;
  request.method = method;
  request.target = fmt::format("{}/api/v1/{}", url_.target, path);
  request.headers.Set("Accept", "application/json");
  if (!options_.tenant.empty()) request.headers.Set("X-Scope-OrgID", options_.tenant);
  auto response = http_->Fetch(url_, std::move(request));
  if (!response) return FailWith(options_.url, std::move(response).error());
  if (!response->headers.Get("Content-Type").starts_with("application/json")) {
    return Fail(ErrorCode::kUnavailable, fmt::format("{}: HTTP {}: {}", options_.url, response->status,
                                                     response->body.substr(0, kShownBytesMax)));
  }
  return response;
}

Result<std::vector<ListedQuery>> QueryListClient::List() {
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Response response, Call("GET", "queries"));
  return ReadQueryList(response.body);
}

Status QueryListClient::Kill(std::string_view id) {
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Response response,
                             Call("DELETE", fmt::format("queries/{}", http::PercentEncode(id))));
  simdjson::dom::parser parser;
  TICKSCOPE_RETURN_IF_ERROR(DataOf(parser, response.body));
  return {};
}

}  // namespace tickscope::apiclient
