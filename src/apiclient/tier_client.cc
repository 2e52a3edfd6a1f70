#include "apiclient/tier_client.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>

#include "http/router.h"

namespace tickscope::apiclient {
namespace {

using simdjson::dom::element;

constexpr std::size_t kShownBytesMax = 200;

std::unexpected<Error> NotAnAnswer() {
  return Fail(ErrorCode::kCorruption, "not an answer of the tiers' API");
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

std::uint64_t CountOf(const element& parent, std::string_view key, bool& ok) {
  std::uint64_t value = 0;
  ok = ok && parent.at_key(key).get(value) == simdjson::SUCCESS;
  return value;
}

std::int64_t MsOf(const element& parent, std::string_view key, bool& ok) {
  double seconds = 0;
  ok = ok && parent.at_key(key).get(seconds) == simdjson::SUCCESS && std::abs(seconds) < 1e15;
  return ok ? std::llround(seconds * 1000) : 0;
}

std::string TextOf(const element& parent, std::string_view key, bool& ok) {
  std::string_view text;
  ok = ok && parent.at_key(key).get(text) == simdjson::SUCCESS;
  return std::string(text);
}

std::string QueryOf(const std::vector<std::string>& selectors, const TimeSpan& span) {
  std::string query;
  const auto add = [&](std::string_view name, std::string_view value) {
    query += fmt::format("{}{}={}", query.empty() ? "" : "&", name, http::PercentEncode(value));
  };
  for (const std::string& selector : selectors)
    add("match[]", selector);
  if (span.start_ms) add("start", fmt::format("{:.3f}", static_cast<double>(*span.start_ms) / 1000));
  if (span.end_ms) add("end", fmt::format("{:.3f}", static_cast<double>(*span.end_ms) / 1000));
  return query;
}

}  // namespace

Result<TierAnswer> ReadTierAnswer(std::string_view json) {
  simdjson::dom::parser parser;
  TICKSCOPE_ASSIGN_OR_RETURN(const element data, DataOf(parser, json));
  TierAnswer answer;
  bool ok = true;
  answer.store = TextOf(data, "store", ok);
  answer.blocks_to_upload = CountOf(data, "blocks_to_upload", ok);
  answer.upload_lag_ms = MsOf(data, "upload_lag_seconds", ok);
  answer.merges_pending = CountOf(data, "merges_pending", ok);
  answer.merge_lag_ms = MsOf(data, "merge_lag_seconds", ok);
  answer.deletes_pending = CountOf(data, "deletes_pending", ok);
  answer.last_error = TextOf(data, "last_error", ok);
  simdjson::dom::array tiers;
  ok = ok && data["tiers"].get(tiers) == simdjson::SUCCESS;
  if (!ok) return NotAnAnswer();
  for (const element& each : tiers) {
    TierAnswer::Tier& tier = answer.tiers.emplace_back();
    tier.name = TextOf(each, "tier", ok);
    tier.blocks = CountOf(each, "blocks", ok);
    tier.bytes = CountOf(each, "bytes", ok);
    tier.from_ms = MsOf(each, "from", ok);
    tier.until_ms = MsOf(each, "until", ok);
    tier.keep_ms = MsOf(each, "keep_seconds", ok);
  }
  if (!ok) return NotAnAnswer();
  return answer;
}

Result<DeleteCounts> ReadDeleteCounts(std::string_view json) {
  simdjson::dom::parser parser;
  TICKSCOPE_ASSIGN_OR_RETURN(const element data, DataOf(parser, json));
  bool ok = true;
  const DeleteCounts counts{CountOf(data, "series", ok), CountOf(data, "samples", ok)};
  if (!ok) return NotAnAnswer();
  return counts;
}

TierClient::TierClient(PrometheusClientOptions options, http::Url url, std::unique_ptr<http::Client> http)
    : options_(std::move(options)), url_(std::move(url)), http_(std::move(http)) {}

Result<TierClient> TierClient::Make(io::Network& network, PrometheusClientOptions options) {
  TICKSCOPE_ASSIGN_OR_RETURN(http::Url url, http::ParseUrl(options.url));
  while (url.target.ends_with('/'))
    url.target.pop_back();
  auto http = http::Client::Make(network, options.http);
  return TierClient(std::move(options), std::move(url), std::move(http));
}

Result<http::Response> TierClient::Call(std::string_view method, std::string_view path,
                                        const std::string& query) {
  http::Request request;
  request.method = method;
  request.target = fmt::format("{}/api/v1/{}{}{}", url_.target, path, query.empty() ? "" : "?", query);
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

Result<TierAnswer> TierClient::Status() {
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Response response, Call("GET", "status/tiers", {}));
  return ReadTierAnswer(response.body);
}

Result<DeleteCounts> TierClient::CountDelete(const std::vector<std::string>& selectors,
                                             const TimeSpan& span) {
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Response response, Call("POST", "admin/tsdb/delete_series",
                                                                 QueryOf(selectors, span) + "&dry_run=true"));
  return ReadDeleteCounts(response.body);
}

tickscope::Status TierClient::Delete(const std::vector<std::string>& selectors, const TimeSpan& span) {
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Response response,
                             Call("POST", "admin/tsdb/delete_series", QueryOf(selectors, span)));
  if (response.status == 204) return {};
  const auto counts = ReadDeleteCounts(response.body);
  return counts ? tickscope::Status(NotAnAnswer()) : tickscope::Status(std::unexpected(counts.error()));
}

}  // namespace tickscope::apiclient
