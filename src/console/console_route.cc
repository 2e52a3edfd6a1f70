#include "console/console_route.h"

#include <array>
#include <memory>
#include <utility>

#include "wire/json_fields.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::console {
namespace {

using wire::JsonWriter;

/// Of metrics lists and dashboards; far more than either may have.
constexpr std::size_t kAnswerBytesMax = 64U << 20;

struct EndpointCounters {
  EndpointCounters(MetricRegistry& metrics, std::string_view endpoint) {
    constexpr std::array<const char*, 3> kResults = {"success", "refused", "failed"};
    for (std::size_t i = 0; i < kResults.size(); ++i) {
      counters[i] = metrics.AddCounter(
          "tickscope_console_requests_total",
          "Requests of the console: answered, refused as they were, or failed on this side.",
          {{"endpoint", std::string(endpoint)}, {"result", kResults[i]}});
    }
  }
  void Count(int status) const { counters[status < 400 ? 0 : status < 500 ? 1 : 2]->Add(); }

  std::array<Counter*, 3> counters{};
};

struct ConsoleRoute {
  ConsoleHandler handler;
  EndpointCounters counters;

  [[nodiscard]] Result<http::Response> Run(const http::Request& request,
                                           const http::PathParameters& path) const {
    TICKSCOPE_ASSIGN_OR_RETURN(const TenantId tenant,
                               wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader)));
    TICKSCOPE_ASSIGN_OR_RETURN(const api::Parameters parameters, api::Parameters::Parse(request));
    return handler({.request = request, .path = path, .parameters = parameters, .tenant = tenant});
  }

  void Serve(const http::Request& request, const http::PathParameters& path, http::Respond& respond) const {
    auto result = Run(request, path);
    Finish(request, result ? *std::move(result) : api::ErrorAnswer(result.error()), respond);
  }

  void Finish(const http::Request& request, http::Response response, http::Respond& respond) const {
    counters.Count(response.status);
    // Nothing of it is the same for long, and much of it is not for everybody.
    response.headers.Set("Cache-Control", "no-store");
    response.headers.Set("X-Content-Type-Options", "nosniff");
    if (response.stream == nullptr && !response.headers.Has("Content-Encoding"))
      api::CompressAnswer(request, response);
    respond(std::move(response));
  }
};

Result<http::Response> Envelope(const std::function<Status(JsonWriter& json)>& write) {
  return api::SuccessAnswer(
      [&](JsonWriter& json) -> Result<api::Notes> {
        TICKSCOPE_RETURN_IF_ERROR(write(json));
        return api::Notes{};
      },
      kAnswerBytesMax);
}

}  // namespace

void ConsoleRoutes::Add(std::string_view method, std::string_view pattern, std::string_view endpoint,
                        ConsoleHandler handler) {
  const auto route = std::make_shared<const ConsoleRoute>(
      ConsoleRoute{std::move(handler), EndpointCounters(metrics_, endpoint)});
  router_.Add(
      method, pattern,
      [route, &pool = pool_](http::Request request, http::PathParameters path, http::Respond respond) {
        struct Pending {
          http::Request request;
          http::PathParameters path;
          http::Respond respond;
        };
        const auto pending =
            std::make_shared<Pending>(Pending{std::move(request), std::move(path), std::move(respond)});
        if (pool.Submit(
                [route, pending] { route->Serve(pending->request, pending->path, pending->respond); }))
          return;
        route->Finish(pending->request,
                      api::ErrorAnswer({ErrorCode::kUnavailable, "too many requests are waiting"}),
                      pending->respond);
      });
}

Result<http::Response> Success(const std::function<Status(JsonWriter& json)>& write) {
  return Envelope(write);
}

Result<http::Response> Created(const std::function<Status(JsonWriter& json)>& write) {
  TICKSCOPE_ASSIGN_OR_RETURN(http::Response response, Envelope(write));
  response.status = 201;
  return response;
}

Result<http::Response> Removed(std::string_view name) {
  return Envelope([name](JsonWriter& json) -> Status {
    json.BeginObject();
    WriteText("removed", name, json);
    json.EndObject();
    return {};
  });
}

http::Response Refusal(int status, std::string_view error_type, std::string_view message) {
  std::string body;
  JsonWriter json(body, kErrorMessageBytesMax * 8);
  json.BeginObject();
  WriteText("status", "error", json);
  WriteText("errorType", error_type, json);
  WriteText("error", message.substr(0, kErrorMessageBytesMax), json);
  json.EndObject();
  return api::TextAnswer(status, "application/json", std::move(body));
}

Result<std::string_view> JsonBody(const http::Request& request) {
  const std::string_view type = request.headers.Get("Content-Type");
  std::string_view bare = type.substr(0, type.find(';'));
  while (bare.ends_with(' '))
    bare.remove_suffix(1);
  if (!http::EqualsIgnoreCase(bare, "application/json"))
    return Fail(ErrorCode::kUnsupported, "want Content-Type application/json");
  return std::string_view(request.body);
}

}  // namespace tickscope::console
