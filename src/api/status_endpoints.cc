// status/*: what this process is and how it is set up, in the fields the reference has. Those that only make
// sense for a Go process are empty or zero.
#include <fmt/format.h>

#include <algorithm>

#include "api/endpoint.h"
#include "base/civil_time.h"
#include "wire/json_fields.h"

namespace tickscope::api {
namespace {

using wire::JsonWriter;

constexpr std::size_t kTopDefault = 10;
constexpr std::size_t kTopMax = 10'000;

// `version` is what clients switch on; which Tickscope it is stands in `revision`. There is no member
// `features`: Grafana takes one as the sign of a Mimir, whose ruler API is not served here.
Result<Notes> HandleBuildInfo(const ApiContext& api, const Call&, JsonWriter& json) {
  json.BeginObject();
  WriteText("version", kPrometheusVersion, json);
  WriteText("revision", "tickscope-" + api.options.version, json);
  WriteText("branch", "", json);
  WriteText("buildUser", "", json);
  WriteText("buildDate", "", json);
  WriteText("goVersion", "", json);
  json.EndObject();
  return Notes{};
}

Result<Notes> HandleRuntimeInfo(const ApiContext& api, const Call& call, JsonWriter& json) {
  json.BeginObject();
  WriteText("startTime", FormatUtcTime(api.started_ms), json);
  WriteText("CWD", api.options.working_directory, json);
  WriteText("hostname", api.options.hostname, json);
  WriteText("serverTime", FormatUtcTime(call.arrived_ms), json);
  json.Key("reloadConfigSuccess");
  json.Bool(true);
  WriteText("lastConfigTime", FormatUtcTime(api.started_ms), json);
  WriteCount("corruptionCount", 0, json);
  WriteCount("goroutineCount", 0, json);
  WriteCount("GOMAXPROCS", api.options.query_threads, json);
  WriteCount("GOMEMLIMIT", 0, json);
  WriteText("GOGC", "", json);
  WriteText("GODEBUG", "", json);
  WriteText("storageRetention", api.options.storage_retention, json);
  json.EndObject();
  return Notes{};
}

Result<Notes> HandleFlags(const ApiContext& api, const Call&, JsonWriter& json) {
  json.BeginObject();
  for (const auto& [name, value] : api.options.flags)
    WriteText(name, value, json);
  json.EndObject();
  return Notes{};
}

Result<Notes> HandleConfig(const ApiContext& api, const Call&, JsonWriter& json) {
  json.BeginObject();
  WriteText("yaml", api.deps.config_yaml(), json);
  json.EndObject();
  return Notes{};
}

Result<std::size_t> ReadTop(const Parameters& parameters) {
  const std::string_view text = parameters.Get("limit");
  if (text.empty()) return kTopDefault;
  const auto limit = ParseInteger(text);
  if (!limit || *limit < 1) return Fail(ErrorCode::kInvalidArgument, "limit must be a positive number");
  const auto top = static_cast<std::size_t>(*limit);
  if (top > kTopMax) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("limit must not exceed {}", kTopMax));
  }
  return top;
}

void WriteCounts(std::string_view key, const std::vector<NamedCount>& counts, JsonWriter& json) {
  json.Key(key);
  json.BeginArray();
  for (const auto& [name, count] : counts) {
    json.BeginObject();
    WriteText("name", name, json);
    WriteCount("value", count, json);
    json.EndObject();
  }
  json.EndArray();
}

Result<Notes> HandleTsdb(const ApiContext& api, const Call& call, JsonWriter& json) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t top, ReadTop(call.parameters));
  const HeadStatus head = api.deps.head_status.Status(call.tenant, top);
  json.BeginObject();
  json.Key("headStats");
  json.BeginObject();
  WriteCount("numSeries", head.series_count, json);
  WriteCount("numLabelPairs", head.label_pair_count, json);
  WriteCount("chunkCount", head.chunk_count, json);
  json.Key("minTime");
  json.Int(head.min_time_ms);
  json.Key("maxTime");
  json.Int(head.max_time_ms);
  json.EndObject();
  WriteCounts("seriesCountByMetricName", head.series_by_metric, json);
  WriteCounts("labelValueCountByLabelName", head.values_by_label, json);
  WriteCounts("memoryInBytesByLabelName", head.value_bytes_by_label, json);
  WriteCounts("seriesCountByLabelValuePair", head.series_by_label_pair, json);
  json.EndObject();
  return Notes{};
}

// Ours: where a tenant stands against its limits, whose samples were added up instead, and who is late.
Result<Notes> HandleLimits(const ApiContext& api, const Call& call, JsonWriter& json) {
  if (api.deps.limits == nullptr)
    return Fail(ErrorCode::kNotFound, "this process takes no writes: ask one that has the gateway role");
  TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t top, ReadTop(call.parameters));
  const LimitStatus status = api.deps.limits->Limits(call.tenant);
  json.BeginObject();
  WriteCount("activeSeries", status.active_series, json);
  WriteCount("seriesMax", status.series_max, json);
  WriteCount("seriesPerMetricMax", status.series_per_metric_max, json);
  json.Key("budgets");
  json.BeginArray();
  for (const LimitStatus::Budget& budget : status.budgets) {
    json.BeginObject();
    WriteText("match", budget.selector, json);
    WriteCount("activeSeries", budget.active_series, json);
    WriteCount("seriesMax", budget.series_max, json);
    json.EndObject();
  }
  json.EndArray();
  json.Key("overflow");
  json.BeginArray();
  for (std::size_t i = 0; i < std::min(top, status.overflow.size()); ++i) {
    json.BeginObject();
    WriteText("series", status.overflow[i].series, json);
    WriteCount("sources", status.overflow[i].sources, json);
    json.EndObject();
  }
  json.EndArray();
  json.Key("lateSenders");
  json.BeginArray();
  for (std::size_t i = 0; i < std::min(top, status.late_senders.size()); ++i) {
    const LimitStatus::LateSender& late = status.late_senders[i];
    json.BeginObject();
    WriteText("sender", late.sender, json);
    WriteCount("taken", late.taken, json);
    WriteCount("refused", late.refused, json);
    json.Key("latestBySeconds");
    json.Number(static_cast<double>(late.latest_by_ms) / 1000);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return Notes{};
}

constexpr Endpoint kEndpoints[] = {
    {"status", "/api/v1/status/buildinfo", Methods::kGet, RunsOn::kLoop, HandleBuildInfo},
    {"status", "/api/v1/status/runtimeinfo", Methods::kGet, RunsOn::kLoop, HandleRuntimeInfo},
    {"status", "/api/v1/status/flags", Methods::kGet, RunsOn::kLoop, HandleFlags},
    {"status", "/api/v1/status/config", Methods::kGet, RunsOn::kLoop, HandleConfig},
    {"status", "/api/v1/status/tsdb", Methods::kGet, RunsOn::kPool, HandleTsdb},
    {"status", "/api/v1/status/limits", Methods::kGet, RunsOn::kPool, HandleLimits},
};

}  // namespace

std::span<const Endpoint> StatusEndpoints() {
  return kEndpoints;
}

}  // namespace tickscope::api
