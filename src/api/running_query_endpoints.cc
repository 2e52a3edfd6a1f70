// queries: those of the tenant that wait or run, and ending one. They run on the loop, so they answer when every worker is
// busy, which is when they are needed.
#include <fmt/format.h>

#include "api/endpoint.h"
#include "api/error_text.h"
#include "api/plan_json.h"
#include "wire/json_fields.h"

namespace tickscope::api {
namespace {

using wire::JsonWriter;

void WriteQuery(const queryfront::RunningQuery& query, JsonWriter& json) {
  json.BeginObject();
  WriteText("id", std::to_string(query.id), json);
  WriteText("tenant", query.identity.tenant, json);
  WriteText("user", query.identity.user, json);
  WriteText("class", queryfront::QueryClassName(query.identity.query_class), json);
  WriteText("state", query.state == queryfront::QueryState::kRunning ? "running" : "waiting", json);
  WriteText("query", query.text, json);
  WriteSeconds("start", query.start_ms, json);
  WriteSeconds("end", query.end_ms, json);
  WriteSeconds("step", query.step_ms, json);
  json.Key("ageSeconds");
  json.Number(std::chrono::duration<double>(query.age).count());
  json.Key("estimate");
  json.BeginObject();
  WriteCost(query.estimate, json);
  json.EndObject();
  WriteCount("samplesRead", query.samples, json);
  json.EndObject();
}

Result<Notes> HandleList(const ApiContext& api, const Call& call, JsonWriter& json) {
  json.BeginArray();
  for (const queryfront::RunningQuery& query : api.deps.front.running().List(call.tenant))
    WriteQuery(query, json);
  json.EndArray();
  return Notes{};
}

Result<Notes> HandleKill(const ApiContext& api, const Call& call, JsonWriter& json) {
  const std::string& text = call.path.find("id")->second;
  const auto id = ParseInteger(text);
  if (!id || *id <= 0)
    return InvalidParameter("id", "want the number of a running query, got " + Quoted(text));
  TICKSCOPE_RETURN_IF_ERROR(api.deps.front.running().Kill(call.tenant, static_cast<std::uint64_t>(*id)));
  json.BeginObject();
  json.Key("killed");
  json.String(std::to_string(*id));
  json.EndObject();
  return Notes{};
}

constexpr Endpoint kEndpoints[] = {
    {"queries", "/api/v1/queries", Methods::kGet, RunsOn::kLoop, HandleList},
    {"queries", "/api/v1/queries/{id}", Methods::kDelete, RunsOn::kLoop, HandleKill},
};

}  // namespace

std::span<const Endpoint> RunningQueryEndpoints() {
  return kEndpoints;
}

}  // namespace tickscope::api
