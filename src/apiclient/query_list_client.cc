#include "apiclient/query_list_client.h"

#include <fmt/format.h>

#include "apiclient/json_data.h"
#include "http/router.h"

namespace tickscope::apiclient {
namespace {

using simdjson::dom::element;

constexpr std::string_view kNotAnAnswer = "not an answer of the list of queries";

std::unexpected<Error> NotAnAnswer() {
  return Fail(ErrorCode::kCorruption, std::string(kNotAnAnswer));
}

}  // namespace

Result<std::vector<ListedQuery>> ReadQueryList(std::string_view json) {
  simdjson::dom::parser parser;
  TICKSCOPE_ASSIGN_OR_RETURN(const element data, DataOf(parser, json, kNotAnAnswer));
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

Result<QueryListClient> QueryListClient::Make(io::Network& network, PrometheusClientOptions options) {
  TICKSCOPE_ASSIGN_OR_RETURN(JsonApi api, JsonApi::Make(network, std::move(options)));
  return QueryListClient(std::move(api));
}

Result<std::vector<ListedQuery>> QueryListClient::List() {
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Response response, api_.Call("GET", "queries"));
  return ReadQueryList(response.body);
}

Status QueryListClient::Kill(std::string_view id) {
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Response response,
                             api_.Call("DELETE", fmt::format("queries/{}", http::PercentEncode(id))));
  simdjson::dom::parser parser;
  TICKSCOPE_RETURN_IF_ERROR(DataOf(parser, response.body, kNotAnAnswer));
  return {};
}

}  // namespace tickscope::apiclient
