#include <algorithm>
#include <string_view>

#include "api/endpoint.h"
#include "api/guard_route.h"
#include "api/sources.h"
#include "wire/json_fields.h"

namespace tickscope::api {
namespace {

using wire::JsonWriter;

void WriteTime(std::string_view key, TimeMs time_ms, JsonWriter& json) {
  json.Key(key);
  json.Number(static_cast<double>(time_ms) / 1000);
}

void WriteSample(const GuardRejects::Sample& sample, JsonWriter& json) {
  json.BeginObject();
  WriteTime("at", sample.time_ms, json);
  json.Key("labels");
  json.BeginArray();
  for (const std::string& label : sample.labels)
    json.String(label);
  json.EndArray();
  if (!sample.value.empty()) WriteText("value", sample.value, json);
  json.EndObject();
}

void WriteSignals(const std::vector<GuardRejects::SignalEntry>& entries, std::size_t limit,
                  JsonWriter& json) {
  json.Key("signals");
  json.BeginArray();
  const std::size_t count = limit == 0 ? entries.size() : std::min(limit, entries.size());
  for (std::size_t i = 0; i < count; ++i) {
    const GuardRejects::SignalEntry& entry = entries[i];
    json.BeginObject();
    WriteText("source", entry.source, json);
    WriteText("action", entry.action, json);
    WriteText("reason", entry.reason, json);
    WriteText("kind", entry.kind, json);
    WriteText("owner", entry.owner, json);
    if (!entry.sender.empty()) WriteText("sender", entry.sender, json);
    WriteText("field", entry.field, json);
    WriteText("sample", entry.sample, json);
    json.Key("count");
    json.Number(static_cast<double>(entry.count));
    WriteTime("firstSeen", entry.first_ms, json);
    WriteTime("lastSeen", entry.last_ms, json);
    json.EndObject();
  }
  json.EndArray();
}

Result<Notes> WriteRejects(const GuardRejects& rejects, const Parameters& parameters, JsonWriter& json) {
  TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t limit, parameters.Limit());
  const std::size_t count = limit == 0 ? rejects.entries.size() : std::min(limit, rejects.entries.size());
  json.BeginObject();
  WriteText("mode", rejects.mode, json);
  json.Key("rejects");
  json.BeginArray();
  for (std::size_t i = 0; i < count; ++i) {
    const GuardRejects::Entry& entry = rejects.entries[i];
    json.BeginObject();
    WriteText("source", entry.source, json);
    WriteText("reason", entry.reason, json);
    if (!entry.kind.empty()) WriteText("kind", entry.kind, json);
    WriteText("owner", entry.owner, json);
    WriteText("metric", entry.metric, json);
    if (!entry.label.empty()) WriteText("label", entry.label, json);
    json.Key("series");
    json.Number(static_cast<double>(entry.series));
    WriteTime("firstSeen", entry.first_ms, json);
    WriteTime("lastSeen", entry.last_ms, json);
    json.Key("samples");
    json.BeginArray();
    for (const GuardRejects::Sample& sample : entry.samples)
      WriteSample(sample, json);
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  WriteSignals(rejects.signals, limit, json);
  json.EndObject();
  return Notes{};
}

Result<Notes> HandleRejects(const ApiContext& api, const Call& call, JsonWriter& json) {
  GuardRejects rejects{.mode = "off", .entries = {}, .signals = {}};
  if (api.deps.guard != nullptr) rejects = api.deps.guard->Rejects(call.tenant);
  return WriteRejects(rejects, call.parameters, json);
}

// A ring of redacted names and samples is far smaller.
constexpr std::size_t kAnswerBytesMax = 4U << 20;

constexpr std::string_view kRejectsPath = "/api/v1/guard/rejects";

constexpr Endpoint kEndpoints[] = {
    {"guard", kRejectsPath, Methods::kGet, RunsOn::kPool, HandleRejects},
};

}  // namespace

void RegisterGuardRoute(http::Router& router, const GuardRejectSource& source) {
  router.Add("GET", kRejectsPath,
             [&source](const http::Request& request, const http::PathParameters&, http::Respond respond) {
               const auto answer = [&]() -> Result<http::Response> {
                 TICKSCOPE_ASSIGN_OR_RETURN(const Parameters parameters, Parameters::Parse(request));
                 return SuccessAnswer(
                     [&](JsonWriter& json) {
                       return WriteRejects(source.Rejects(TenantId(kDefaultTenant)), parameters, json);
                     },
                     kAnswerBytesMax);
               }();
               respond(answer ? *answer : ErrorAnswer(answer.error()));
             });
}

std::span<const Endpoint> GuardEndpoints() {
  return kEndpoints;
}

}  // namespace tickscope::api
