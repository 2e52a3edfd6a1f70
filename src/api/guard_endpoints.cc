#include <algorithm>
#include <string_view>

#include "api/endpoint.h"
#include "api/sources.h"

namespace tickscope::api {
namespace {

using wire::JsonWriter;

void WriteText(std::string_view key, std::string_view value, JsonWriter& json) {
  json.Key(key);
  json.String(value);
}

void WriteTime(std::string_view key, TimeMs time_ms, JsonWriter& json) {
  json.Key(key);
  json.Number(static_cast<double>(time_ms) / 1000);
}

Result<Notes> HandleRejects(const ApiContext& api, const Call& call, JsonWriter& json) {
  GuardRejects rejects{.mode = "off", .entries = {}};
  if (api.deps.guard != nullptr) rejects = api.deps.guard->Rejects(call.tenant);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::size_t limit, call.parameters.Limit());
  const std::size_t count = limit == 0 ? rejects.entries.size() : std::min(limit, rejects.entries.size());
  json.BeginObject();
  WriteText("mode", rejects.mode, json);
  json.Key("rejects");
  json.BeginArray();
  for (std::size_t i = 0; i < count; ++i) {
    const GuardRejects::Entry& entry = rejects.entries[i];
    json.BeginObject();
    WriteText("reason", entry.reason, json);
    if (!entry.kind.empty()) WriteText("kind", entry.kind, json);
    WriteText("owner", entry.owner, json);
    WriteText("metric", entry.metric, json);
    if (!entry.label.empty()) WriteText("label", entry.label, json);
    json.Key("series");
    json.Number(static_cast<double>(entry.series));
    WriteTime("firstSeen", entry.first_ms, json);
    WriteTime("lastSeen", entry.last_ms, json);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return Notes{};
}

constexpr Endpoint kEndpoints[] = {
    {"guard", "/api/v1/guard/rejects", Methods::kGet, RunsOn::kPool, HandleRejects},
};

}  // namespace

std::span<const Endpoint> GuardEndpoints() {
  return kEndpoints;
}

}  // namespace tickscope::api
