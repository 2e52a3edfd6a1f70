#include "apiclient/explain_client.h"

#include "apiclient/json_data.h"
#include "http/router.h"

namespace tickscope::apiclient {
namespace {

using simdjson::dom::element;

constexpr std::string_view kNotAnAnswer = "not an answer of explain";

}  // namespace

Result<Explanation> ReadExplanation(std::string_view json) {
  simdjson::dom::parser parser;
  TICKSCOPE_ASSIGN_OR_RETURN(const element data, DataOf(parser, json, kNotAnAnswer));
  Explanation explanation;
  std::string_view tree;
  if (data["text"].get(tree) != simdjson::SUCCESS)
    return Fail(ErrorCode::kCorruption, std::string(kNotAnAnswer));
  explanation.tree = tree;
  explanation.json = simdjson::minify(data);
  return explanation;
}

Result<ExplainClient> ExplainClient::Make(io::Network& network, PrometheusClientOptions options) {
  TICKSCOPE_ASSIGN_OR_RETURN(JsonApi api, JsonApi::Make(network, std::move(options)));
  return ExplainClient(std::move(api));
}

Result<Explanation> ExplainClient::Explain(
    const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string path = "explain";
  for (const auto& [name, value] : parameters) {
    path += path.size() == std::string_view("explain").size() ? '?' : '&';
    path += name;
    path += '=';
    path += http::PercentEncode(value);
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Response response, api_.Call("GET", path));
  return ReadExplanation(response.body);
}

}  // namespace tickscope::apiclient
