// cardinality/*: which labels make many series. label_names and label_values answer as Mimir does, without the envelope
// of Prometheus' API; series is ours.
#include <fmt/format.h>

#include <cmath>

#include "api/endpoint.h"
#include "api/error_text.h"
#include "api/time_text.h"
#include "wire/json_fields.h"

namespace tickscope::api {
namespace {

using wire::JsonWriter;

constexpr std::size_t kTopDefault = 20;
constexpr std::size_t kTopMax = 500;
constexpr std::size_t kNamesMax = 100;

struct CardinalityQuery {
  std::vector<Matcher> matchers;
  std::size_t top = kTopDefault;
};

Result<CardinalityQuery> ReadQuery(const ApiContext& api, const Parameters& parameters) {
  CardinalityQuery query;
  if (const std::string_view selector = parameters.Get("selector"); !selector.empty()) {
    auto matchers = promql::ParseSeriesSelector(selector, api.deps.engine.options());
    if (!matchers) return InvalidParameter("selector", std::move(matchers).error());
    query.matchers = *std::move(matchers);
  }
  if (const std::string_view text = parameters.Get("limit"); !text.empty()) {
    const auto limit = ParseInteger(text);
    if (!limit || *limit < 0 || *limit > static_cast<std::int64_t>(kTopMax)) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("'limit' param must be a number from 0 to {}", kTopMax));
    }
    query.top = static_cast<std::size_t>(*limit);
  }
  if (const std::string_view method = parameters.Get("count_method");
      !method.empty() && method != "inmemory" && method != "active") {
    return Fail(ErrorCode::kInvalidArgument, "unknown count method: want inmemory or active");
  }
  return query;
}

void WriteCounts(std::string_view list, std::string_view name_key, std::string_view count_key,
                 const std::vector<NamedCount>& counts, JsonWriter& json) {
  json.Key(list);
  json.BeginArray();
  for (const auto& [name, count] : counts) {
    json.BeginObject();
    json.Key(name_key);
    json.String(name);
    WriteCount(count_key, count, json);
    json.EndObject();
  }
  json.EndArray();
}

Result<Notes> HandleLabelNames(const ApiContext& api, const Call& call, JsonWriter& json) {
  TICKSCOPE_ASSIGN_OR_RETURN(const CardinalityQuery query, ReadQuery(api, call.parameters));
  const Cardinality found = api.deps.cardinality->Count(call.tenant, query.matchers, {}, query.top);
  json.BeginObject();
  WriteCount("label_values_count_total", found.value_count, json);
  WriteCount("label_names_count", found.name_count, json);
  WriteCounts("cardinality", "label_name", "label_values_count", found.top_names, json);
  json.EndObject();
  return Notes{};
}

Result<Notes> HandleLabelValues(const ApiContext& api, const Call& call, JsonWriter& json) {
  TICKSCOPE_ASSIGN_OR_RETURN(const CardinalityQuery query, ReadQuery(api, call.parameters));
  std::vector<std::string> names;
  for (const std::string_view name : call.parameters.All("label_names[]")) {
    if (name.empty())
      return Fail(ErrorCode::kInvalidArgument, "invalid label name in 'label_names[]': it is empty");
    names.emplace_back(name);
  }
  if (names.empty()) return Fail(ErrorCode::kInvalidArgument, "'label_names[]' param is required");
  if (names.size() > kNamesMax) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("too many 'label_names[]': got {}, want at most {}", names.size(), kNamesMax));
  }
  const Cardinality found = api.deps.cardinality->Count(call.tenant, query.matchers, names, query.top);
  json.BeginObject();
  WriteCount("series_count_total", found.series_count, json);
  json.Key("labels");
  json.BeginArray();
  for (const Cardinality::Label& label : found.labels) {
    json.BeginObject();
    json.Key("label_name");
    json.String(label.name);
    WriteCount("label_values_count", label.value_count, json);
    WriteCount("series_count", label.series_count, json);
    WriteCounts("cardinality", "label_value", "series_count", label.top_values, json);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return Notes{};
}

Result<Notes> HandleSeries(const ApiContext& api, const Call& call, JsonWriter& json) {
  TICKSCOPE_ASSIGN_OR_RETURN(const TimeMs start_ms, call.parameters.TimeOr("start", kEarliestTimeMs));
  TICKSCOPE_ASSIGN_OR_RETURN(const TimeMs end_ms, call.parameters.TimeOr("end", kLatestTimeMs));
  const Cardinality active = api.deps.cardinality->Count(call.tenant, {}, {}, 0);
  json.BeginObject();
  WriteCount("active_series", active.series_count, json);
  WriteCount("distinct_series_estimate",
             static_cast<std::uint64_t>(
                 std::llround(api.deps.cardinality->DistinctSeries(call.tenant, start_ms, end_ms))),
             json);
  json.EndObject();
  return Notes{};
}

constexpr Endpoint kEndpoints[] = {
    {"cardinality", "/api/v1/cardinality/label_names", Methods::kGetAndPost, RunsOn::kPool, HandleLabelNames,
     Envelope::kNone},
    {"cardinality", "/api/v1/cardinality/label_values", Methods::kGetAndPost, RunsOn::kPool,
     HandleLabelValues, Envelope::kNone},
    {"cardinality", "/api/v1/cardinality/series", Methods::kGet, RunsOn::kPool, HandleSeries},
};

}  // namespace

std::span<const Endpoint> CardinalityEndpoints() {
  return kEndpoints;
}

}  // namespace tickscope::api
