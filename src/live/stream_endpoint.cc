#include "live/stream_endpoint.h"

#include <string>
#include <utility>

#include "api/answer.h"
#include "api/parameters.h"
#include "http/stream_body.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::live {
namespace {

constexpr std::string_view kPath = "/api/v1/stream";
// Of 64 queries with the largest numbers, and then some.
constexpr std::size_t kLastEventIdBytesMax = 4096;

std::string LastEventId(const http::Request& request) {
  std::string id(request.headers.Get("Last-Event-ID"));
  if (id.empty()) {
    for (auto& [name, value] : http::ParseForm(request.query())) {
      if (name == "last_event_id") id = std::move(value);
    }
  }
  if (id.size() > kLastEventIdBytesMax) id.clear();
  return id;
}

Result<http::Response> Answer(LiveHub& hub, const promql::Engine& engine, Counter& refused,
                              const http::Request& request) {
  TICKSCOPE_ASSIGN_OR_RETURN(const TenantId tenant,
                             wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader)));
  auto queries = ReadLiveQueries(request, engine.options(), hub.options().queries);
  if (!queries) {
    refused.Add();
    return std::unexpected(std::move(queries).error());
  }
  TICKSCOPE_ASSIGN_OR_RETURN(auto body, hub.Subscribe(tenant, *std::move(queries), LastEventId(request)));
  http::Response response;
  response.headers.Set("Content-Type", "text/event-stream; charset=utf-8");
  response.headers.Set("Cache-Control", "no-store");
  // Proxies must not gather events before they pass them on.
  response.headers.Set("X-Accel-Buffering", "no");
  response.stream = std::move(body);
  return response;
}

}  // namespace

void RegisterStream(http::Router& router, LiveHub& hub, const promql::Engine& engine,
                    MetricRegistry& metrics) {
  Counter* const refused = LiveMetrics(metrics).refused[static_cast<std::size_t>(RefusalReason::kRequest)];
  const auto serve = [&hub, &engine, refused](http::Request request, const http::PathParameters&,
                                              http::Respond respond) {
    auto response = Answer(hub, engine, *refused, request);
    respond(response ? *std::move(response) : api::ErrorAnswer(response.error()));
  };
  router.Add("GET", kPath, serve);
  router.Add("POST", kPath, serve);
}

}  // namespace tickscope::live
