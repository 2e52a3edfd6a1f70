#include "roles/fleet_endpoints.h"

#include <charconv>
#include <memory>
#include <utility>

#include "base/duration.h"
#include "control/schema_number.h"
#include "wire/delivery_headers.h"
#include "wire/json_fields.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::roles {
namespace {

constexpr std::size_t kAnswerBytesMax = 16U << 20;
constexpr std::size_t kPageMax = 10'000;
constexpr std::size_t kPageDefault = 1'000;

http::Response Json(std::string body) {
  http::Response response{.status = 200, .body = std::move(body)};
  response.headers.Set("Content-Type", "application/json");
  return response;
}

http::Response Failure(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      return http::TextResponse(400, error.message);
    case ErrorCode::kFailedPrecondition:
      return http::TextResponse(409, error.message);
    default:
      return http::TextResponse(503, error.message);
  }
}

std::string Parameter(const http::Request& request, std::string_view name) {
  for (auto& [key, value] : http::ParseForm(request.query())) {
    if (key == name) return std::move(value);
  }
  return {};
}

http::Response IncidentAnswer(const control::FleetSettings& settings) {
  std::string body;
  wire::JsonWriter json(body, kAnswerBytesMax);
  json.BeginObject();
  WriteText("status", "success", json);
  json.Key("data");
  json.BeginObject();
  WriteFlag("active", settings.cadence_ms > 0, json);
  WriteCount("generation", settings.generation, json);
  WriteText("cadence", FormatDurationMs(settings.cadence_ms), json);
  WriteSeconds("until", settings.until_ms, json);
  WriteText("remaining",
            FormatDurationMs(settings.until_ms > settings.now_ms ? settings.until_ms - settings.now_ms : 0),
            json);
  WriteText("schema_version", control::SchemaNumberText(settings.schema_version), json);
  WriteCount("key_epoch", settings.key_epoch, json);
  json.EndObject();
  json.EndObject();
  return Json(std::move(body));
}

http::Response Begin(control::FleetControl& control, const http::Request& request) {
  const std::string ttl_text = Parameter(request, "ttl");
  const std::string cadence_text = Parameter(request, "cadence");
  const auto ttl_ms = ParseDurationMs(ttl_text);
  if (!ttl_ms) return http::TextResponse(400, "ttl: want a duration such as 30m");
  Result<std::int64_t> cadence_ms = control.config().incident_cadence_ms;
  if (!cadence_text.empty()) cadence_ms = ParseDurationMs(cadence_text);
  if (!cadence_ms) return http::TextResponse(400, "cadence: want a duration such as 5s");
  const auto begun = control.Begin(*cadence_ms, *ttl_ms);
  return begun ? IncidentAnswer(*begun) : Failure(begun.error());
}

http::Response ListAgents(const control::Inventory& inventory, const Clock& clock,
                          const http::Request& request) {
  TenantId tenant;
  if (const std::string_view named = request.headers.Get(wire::kTenantHeader); !named.empty()) {
    auto parsed = wire::ParseTenantHeader(named);
    if (!parsed) return http::TextResponse(400, parsed.error().message);
    tenant = *std::move(parsed);
  }
  std::size_t limit = kPageDefault;
  if (const std::string text = Parameter(request, "limit"); !text.empty()) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || limit == 0 || limit > kPageMax)
      return http::TextResponse(400, "limit: want 1 to 10000");
  }
  const control::Inventory::Page page = inventory.List(tenant, Parameter(request, "after"), limit);
  const TimeMs now_ms = clock.NowMs();
  std::string body;
  wire::JsonWriter json(body, kAnswerBytesMax);
  json.BeginObject();
  WriteText("status", "success", json);
  json.Key("data");
  json.BeginObject();
  WriteCount("total", page.total, json);
  WriteText("next", page.next_after, json);
  json.Key("agents");
  json.BeginArray();
  for (const control::SeenAgent& agent : page.agents) {
    json.BeginObject();
    WriteText("tenant", agent.tenant, json);
    WriteText("sender", agent.sender, json);
    WriteText("address", agent.address, json);
    WriteText("version", agent.report.version, json);
    WriteCount("generation", agent.report.generation, json);
    WriteSeconds("cadence_seconds", agent.report.cadence_ms, json);
    WriteText("schema_version", control::SchemaNumberText(agent.report.schema_version), json);
    WriteCount("key_epoch", agent.report.key_epoch, json);
    WriteSeconds("lag_seconds", agent.report.lag_ms, json);
    WriteCount("rejected_samples", agent.report.rejects, json);
    WriteCount("lost_samples", agent.report.lost, json);
    WriteSeconds("seen", agent.seen_ms, json);
    WriteSeconds("silent_seconds", now_ms - agent.seen_ms, json);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  json.EndObject();
  return Json(std::move(body));
}

using Handle = http::Response (*)(control::FleetControl&, const http::Request&);

void AddChange(http::Router& router, const char* method, control::FleetControl& control, WorkerPool& pool,
               Handle handle) {
  router.Add(
      method, "/api/v1/fleet/incident",
      [&control, &pool, handle](http::Request request, const http::PathParameters&, http::Respond respond) {
        auto reply = std::make_shared<http::Respond>(std::move(respond));
        const bool is_taken = pool.Submit(
            [&control, handle, reply, request = std::move(request)] { (*reply)(handle(control, request)); });
        if (!is_taken) (*reply)(http::TextResponse(503, "too much waits: ask again"));
      });
}

}  // namespace

void RegisterFleetEndpoints(http::Router& router, control::FleetControl& control,
                            control::Inventory& inventory, const Clock& clock, WorkerPool& pool) {
  AddChange(router, "POST", control, pool, Begin);
  AddChange(router, "DELETE", control, pool, [](control::FleetControl& fleet, const http::Request&) {
    const auto ended = fleet.End();
    return ended ? IncidentAnswer(*ended) : Failure(ended.error());
  });
  router.Add("GET", "/api/v1/fleet/incident",
             [&control](const http::Request&, const http::PathParameters&, http::Respond respond) {
               respond(IncidentAnswer(control.Current()));
             });
  router.Add("GET", std::string(control::kSettingsPath),
             [&control](const http::Request&, const http::PathParameters&, http::Respond respond) {
               auto made = control.SignedSettings();
               if (!made) return respond(Failure(made.error()));
               http::Response response = http::TextResponse(200, "");
               response.body = std::move(made->text);
               response.headers.Set(control::kSignatureHeader, made->signature);
               respond(std::move(response));
             });
  router.Add("GET", "/api/v1/fleet/agents",
             [&inventory, &clock](const http::Request& request, const http::PathParameters&,
                                  http::Respond respond) { respond(ListAgents(inventory, clock, request)); });
}

void ObservePush(const control::FleetControl& control, control::Inventory& inventory, const Clock& clock,
                 http::Request& request, http::Respond& respond) {
  const std::string_view text = request.headers.Get(control::kAgentHeader);
  if (text.empty() || request.method != "POST") return;
  auto report = control::ParseReport(text);
  auto tenant = wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader));
  const std::string sender =
      request.sender.empty() ? std::string(request.headers.Get(wire::kSenderHeader)) : request.sender;
  if (!report || !tenant || !wire::IsSenderName(sender)) return;
  inventory.Note({.tenant = *std::move(tenant),
                  .sender = sender,
                  .report = *std::move(report),
                  .seen_ms = clock.NowMs(),
                  .address = request.remote_address});
  respond = [header = control.generation_header(),
             respond = std::move(respond)](http::Response response) mutable {
    if (!header.empty()) response.headers.Set(control::kGenerationHeader, header);
    respond(std::move(response));
  };
}

}  // namespace tickscope::roles
