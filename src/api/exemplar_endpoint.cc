// query_exemplars: the exemplars of the series an expression selects. Nothing is evaluated.
#include "api/endpoint.h"
#include "api/result_json.h"
#include "api/time_text.h"
#include "promql/parser.h"
#include "promql/selectors.h"

namespace tickscope::api {
namespace {

using wire::JsonWriter;

void WriteExemplar(const Exemplar& exemplar, JsonWriter& json) {
  json.BeginObject();
  json.Key("labels");
  WriteLabels(exemplar.labels, json);
  json.Key("value");
  json.FloatString(exemplar.value);
  json.Key("timestamp");
  json.SecondsFromMs(exemplar.time_ms);
  json.EndObject();
}

Result<Notes> HandleQueryExemplars(const ApiContext& api, const Call& call, JsonWriter& json) {
  TICKSCOPE_ASSIGN_OR_RETURN(const TimeMs start_ms, call.parameters.TimeOr("start", kEarliestTimeMs));
  TICKSCOPE_ASSIGN_OR_RETURN(const TimeMs end_ms, call.parameters.TimeOr("end", kLatestTimeMs));
  if (end_ms < start_ms) {
    return Fail(ErrorCode::kInvalidArgument, "end timestamp must not be before start timestamp");
  }
  TICKSCOPE_ASSIGN_OR_RETURN(const promql::ExprPtr expr,
                             promql::ParseExpr(call.parameters.Get("query"), api.deps.engine.options()));
  const auto selectors = promql::SelectorsOf(*expr);
  if (selectors.empty()) return Notes{};  // 204, as the reference has it.
  const CallContext context(api, call, DeadlineOf(api, call));
  std::vector<SeriesExemplars> selected;
  if (api.deps.exemplars != nullptr) {
    TICKSCOPE_ASSIGN_OR_RETURN(
        selected, api.deps.exemplars->Exemplars(call.tenant, selectors, start_ms, end_ms, context.get()));
  }
  json.BeginArray();
  for (const SeriesExemplars& series : selected) {
    if (json.full()) break;
    json.BeginObject();
    json.Key("seriesLabels");
    WriteLabels(series.series, json);
    json.Key("exemplars");
    json.BeginArray();
    for (const Exemplar& exemplar : series.exemplars)
      WriteExemplar(exemplar, json);
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  return Notes{};
}

constexpr Endpoint kEndpoints[] = {
    {"query_exemplars", "/api/v1/query_exemplars", Methods::kGetAndPost, RunsOn::kPool, HandleQueryExemplars},
};

}  // namespace

std::span<const Endpoint> ExemplarEndpoints() {
  return kEndpoints;
}

}  // namespace tickscope::api
