#include "apiclient/tier_client.h"

#include <fmt/format.h>

#include <cmath>

#include "apiclient/json_data.h"
#include "http/router.h"

namespace tickscope::apiclient {
namespace {

using simdjson::dom::element;

constexpr std::string_view kNotAnAnswer = "not an answer of the tiers' API";

std::unexpected<Error> NotAnAnswer() {
  return Fail(ErrorCode::kCorruption, std::string(kNotAnAnswer));
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

std::string DeletePath(const std::vector<std::string>& selectors, const TimeSpan& span) {
  std::string query;
  const auto add = [&](std::string_view name, std::string_view value) {
    query += fmt::format("{}{}={}", query.empty() ? "" : "&", name, http::PercentEncode(value));
  };
  for (const std::string& selector : selectors)
    add("match[]", selector);
  if (span.start_ms) add("start", fmt::format("{:.3f}", static_cast<double>(*span.start_ms) / 1000));
  if (span.end_ms) add("end", fmt::format("{:.3f}", static_cast<double>(*span.end_ms) / 1000));
  return "admin/tsdb/delete_series?" + query;
}

}  // namespace

Result<TierAnswer> ReadTierAnswer(std::string_view json) {
  simdjson::dom::parser parser;
  TICKSCOPE_ASSIGN_OR_RETURN(const element data, DataOf(parser, json, kNotAnAnswer));
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
  TICKSCOPE_ASSIGN_OR_RETURN(const element data, DataOf(parser, json, kNotAnAnswer));
  bool ok = true;
  const DeleteCounts counts{CountOf(data, "series", ok), CountOf(data, "samples", ok)};
  if (!ok) return NotAnAnswer();
  return counts;
}

Result<TierClient> TierClient::Make(io::Network& network, PrometheusClientOptions options) {
  TICKSCOPE_ASSIGN_OR_RETURN(JsonApi api, JsonApi::Make(network, std::move(options)));
  return TierClient(std::move(api));
}

Result<TierAnswer> TierClient::Status() {
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Response response, api_.Call("GET", "status/tiers"));
  return ReadTierAnswer(response.body);
}

Result<DeleteCounts> TierClient::CountDelete(const std::vector<std::string>& selectors,
                                             const TimeSpan& span) {
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Response response,
                             api_.Call("POST", DeletePath(selectors, span) + "&dry_run=true"));
  return ReadDeleteCounts(response.body);
}

tickscope::Status TierClient::Delete(const std::vector<std::string>& selectors, const TimeSpan& span) {
  TICKSCOPE_ASSIGN_OR_RETURN(const http::Response response, api_.Call("POST", DeletePath(selectors, span)));
  if (response.status == 204) return {};
  const auto counts = ReadDeleteCounts(response.body);
  return counts ? tickscope::Status(NotAnAnswer()) : tickscope::Status(std::unexpected(counts.error()));
}

}  // namespace tickscope::apiclient
