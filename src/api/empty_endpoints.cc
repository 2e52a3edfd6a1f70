// rules, alerts, targets, Alertmanagers: this process loads no rules and scrapes nothing (the agent does), so
// their lists are empty. The parameters are checked all the same: a client's mistake is told before its page
// is empty.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/endpoint.h"
#include "api/error_text.h"

namespace tickscope::api {
namespace {

using wire::JsonWriter;

void WriteEmptyList(std::string_view key, JsonWriter& json) {
  json.Key(key);
  json.BeginArray();
  json.EndArray();
}

bool IsBoolean(std::string_view text) {
  constexpr std::array<std::string_view, 12> kForms = {"1", "t", "T", "TRUE",  "true",  "True",
                                                       "0", "f", "F", "FALSE", "false", "False"};
  return std::ranges::find(kForms, text) != kForms.end();
}

Status CheckRulesParameters(const ApiContext& api, const Parameters& parameters) {
  if (const auto type = parameters.Get("type"); !type.empty() && type != "alert" && type != "record") {
    return InvalidParameter("type", "not supported value " + Quoted(type));
  }
  if (const auto flag = parameters.Get("exclude_alerts"); !flag.empty() && !IsBoolean(flag)) {
    return InvalidParameter(
        "exclude_alerts",
        fmt::format("error converting exclude_alerts: strconv.ParseBool: parsing {}: invalid syntax",
                    Quoted(flag)));
  }
  for (const std::string_view text : parameters.All("match[]")) {
    TICKSCOPE_RETURN_IF_ERROR(promql::ParseSeriesSelector(text, api.deps.engine.options()));
  }
  const std::string_view limit_text = parameters.Get("group_limit");
  const std::string_view token = parameters.Get("group_next_token");
  if (limit_text.empty()) {
    if (token.empty()) return {};
    return InvalidParameter("group_next_token",
                            "group_limit needs to be present in order to paginate over the groups");
  }
  const auto limit = ParseInteger(limit_text);
  if (!limit) {
    return InvalidParameter(
        "group_limit", fmt::format("group_limit needs to be a valid number: strconv.ParseInt: parsing {}: "
                                   "invalid syntax",
                                   Quoted(limit_text)));
  }
  if (*limit <= 0) return InvalidParameter("group_limit", "group_limit needs to be greater than 0");
  if (!token.empty()) {
    return InvalidParameter("group_next_token",
                            fmt::format("invalid group_next_token '{}'. were rule groups changed?", token));
  }
  return {};
}

Result<Notes> HandleRules(const ApiContext& api, const Call& call, JsonWriter& json) {
  TICKSCOPE_RETURN_IF_ERROR(CheckRulesParameters(api, call.parameters));
  json.BeginObject();
  WriteEmptyList("groups", json);
  json.EndObject();
  return Notes{};
}

Result<Notes> HandleAlerts(const ApiContext&, const Call&, JsonWriter& json) {
  json.BeginObject();
  WriteEmptyList("alerts", json);
  json.EndObject();
  return Notes{};
}

Result<Notes> HandleTargets(const ApiContext&, const Call& call, JsonWriter& json) {
  json.BeginObject();
  WriteEmptyList("activeTargets", json);
  WriteEmptyList("droppedTargets", json);
  json.Key("droppedTargetCounts");
  // Counts are null when a state other than dropped is asked for.
  if (const auto state = call.parameters.Get("state");
      state.empty() || state == "any" || state == "dropped") {
    json.BeginObject();
    json.EndObject();
  } else {
    json.Null();
  }
  json.EndObject();
  return Notes{};
}

Result<Notes> HandleTargetMetadata(const ApiContext& api, const Call& call, JsonWriter& json) {
  const Parameters& parameters = call.parameters;
  if (const auto limit = parameters.Get("limit"); !limit.empty() && !ParseInteger(limit)) {
    return Fail(ErrorCode::kInvalidArgument, "limit must be a number");
  }
  if (const auto text = parameters.Get("match_target"); !text.empty()) {
    auto matchers = promql::ParseSeriesSelector(text, api.deps.engine.options());
    if (!matchers) return InvalidParameter("match_target", std::move(matchers).error());
  }
  json.BeginArray();
  json.EndArray();
  return Notes{};
}

Result<Notes> HandleScrapePools(const ApiContext&, const Call&, JsonWriter& json) {
  json.BeginObject();
  WriteEmptyList("scrapePools", json);
  json.EndObject();
  return Notes{};
}

Result<Notes> HandleAlertmanagers(const ApiContext&, const Call&, JsonWriter& json) {
  json.BeginObject();
  WriteEmptyList("activeAlertmanagers", json);
  WriteEmptyList("droppedAlertmanagers", json);
  json.EndObject();
  return Notes{};
}

constexpr Endpoint kEndpoints[] = {
    {"empty", "/api/v1/rules", Methods::kGet, RunsOn::kLoop, HandleRules},
    {"empty", "/api/v1/alerts", Methods::kGet, RunsOn::kLoop, HandleAlerts},
    {"empty", "/api/v1/alertmanagers", Methods::kGet, RunsOn::kLoop, HandleAlertmanagers},
    {"empty", "/api/v1/targets", Methods::kGet, RunsOn::kLoop, HandleTargets},
    {"empty", "/api/v1/targets/metadata", Methods::kGet, RunsOn::kLoop, HandleTargetMetadata},
    {"empty", "/api/v1/scrape_pools", Methods::kGet, RunsOn::kLoop, HandleScrapePools},
};

}  // namespace

std::span<const Endpoint> EmptyEndpoints() {
  return kEndpoints;
}

}  // namespace tickscope::api
