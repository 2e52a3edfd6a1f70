#include "api/prometheus_api.h"

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "api/answer.h"
#include "api/endpoint.h"
#include "api/http_error.h"
#include "api/parameters.h"
#include "api/process_routes.h"
#include "api/query_identity.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::api {
namespace {

using std::chrono::nanoseconds;

constexpr std::string_view kSuccess = "success";
constexpr std::string_view kExpositionText = "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8";

// Instruments of one endpoint. The results are `success` and the error types of http_error.h.
class EndpointMetrics {
 public:
  EndpointMetrics(MetricRegistry& metrics, std::string_view endpoint)
      : seconds_(metrics.AddHistogram("tickscope_api_request_seconds",
                                      "Time from a request's arrival to its answer, waiting included.",
                                      {{"endpoint", std::string(endpoint)}}, kLatencyBucketsSeconds)) {
    const auto add = [&](std::string_view result) {
      counters_.emplace_back(
          result, metrics.AddCounter("tickscope_api_requests_total", "Requests answered, by result.",
                                     {{"endpoint", std::string(endpoint)}, {"result", std::string(result)}}));
    };
    add(kSuccess);
    for (const HttpError& error : HttpErrors())
      add(error.type);
  }

  void Count(std::string_view result, nanoseconds took) const {
    seconds_->Observe(std::chrono::duration<double>(took).count());
    for (const auto& [name, counter] : counters_) {
      if (name != result) continue;
      counter->Add();
      return;
    }
  }

 private:
  HistogramMetric* seconds_;
  std::vector<std::pair<std::string_view, Counter*>> counters_;
};

// A request on its way through the pool.
struct Pending {
  http::Request request;
  http::PathParameters path;
  http::Respond respond;
  TimeMs arrived_ms = 0;
  nanoseconds arrived{0};
  http::Headers answer_headers;  // What the handler adds to the answer.
};

class Route {
 public:
  Route(std::shared_ptr<const ApiContext> api, const Endpoint& endpoint)
      : api_(std::move(api)),
        endpoint_(endpoint),
        cors_(*CorsPolicy::Make(api_->options.cors_origin)),
        metrics_(api_->deps.metrics, endpoint.name) {}

  static void Serve(const std::shared_ptr<const Route>& route, http::Request request,
                    http::PathParameters path, http::Respond respond) {
    const Clock& clock = route->api_->deps.clock;
    auto pending = std::make_shared<Pending>(Pending{
        std::move(request), std::move(path), std::move(respond), clock.NowMs(), clock.Monotonic(), {}});
    if (route->endpoint_.runs_on == RunsOn::kLoop) {
      route->Finish(*pending, route->Run(*pending));
      return;
    }
    if (route->endpoint_.runs_on == RunsOn::kQueryPool) {
      const Status taken = route->api_->deps.query_pool.Submit(
          ArrivalOf(pending->request), [route, pending] { route->Finish(*pending, route->Run(*pending)); });
      if (!taken) route->Finish(*pending, std::unexpected(taken.error()));
      return;
    }
    if (!route->api_->deps.pool.Submit([route, pending] { route->Finish(*pending, route->Run(*pending)); })) {
      route->Finish(*pending,
                    Fail(ErrorCode::kUnavailable, "too many requests are waiting for a query worker"));
    }
  }

  [[nodiscard]] http::Response AnswerOptions(const http::Request& request) const {
    http::Response response{.status = 204, .headers = {}, .body = {}};
    cors_.Apply(request, response);
    return response;
  }

 private:
  [[nodiscard]] Result<http::Response> Run(Pending& pending) const {
    TICKSCOPE_ASSIGN_OR_RETURN(const TenantId tenant,
                               wire::ParseTenantHeader(pending.request.headers.Get(wire::kTenantHeader)));
    TICKSCOPE_ASSIGN_OR_RETURN(const Parameters parameters, Parameters::Parse(pending.request));
    const queryfront::QueryIdentity identity = IdentityOf(pending.request, tenant);
    const Call call{.parameters = parameters,
                    .path = pending.path,
                    .tenant = tenant,
                    .arrived_ms = pending.arrived_ms,
                    .arrived = pending.arrived,
                    .begun = api_->deps.clock.Monotonic(),
                    .abandonment = pending.request.abandonment.get(),
                    .identity = identity,
                    .answer_headers = pending.answer_headers};
    if (call.abandonment != nullptr && call.abandonment->told())
      return Fail(ErrorCode::kCancelled, "the client has gone");
    if (call.begun > DeadlineOf(*api_, call)) return TimedOutInQueue();
    if (endpoint_.text_handler != nullptr) {
      TICKSCOPE_ASSIGN_OR_RETURN(std::string text, endpoint_.text_handler(*api_, call));
      return TextAnswer(200, kExpositionText, std::move(text));
    }
    const auto write = [&](wire::JsonWriter& json) { return endpoint_.handler(*api_, call, json); };
    if (endpoint_.envelope == Envelope::kNone) return BareAnswer(write, api_->options.response_bytes_max);
    return SuccessAnswer(write, api_->options.response_bytes_max);
  }

  // Answers and counts. Compression happens here, on the thread that made the answer.
  void Finish(Pending& pending, Result<http::Response> result) const {
    const std::string_view name = result ? kSuccess : HttpErrorFor(result.error().code).type;
    http::Response response = result ? *std::move(result) : AnswerTo(result.error());
    for (const auto& [header, value] : pending.answer_headers.fields())
      response.headers.Set(header, value);
    CompressAnswer(pending.request, response);
    cors_.Apply(pending.request, response);
    metrics_.Count(name, api_->deps.clock.Monotonic() - pending.arrived);
    pending.respond(std::move(response));
  }

  [[nodiscard]] http::Response AnswerTo(const Error& error) const {
    if (endpoint_.text_handler == nullptr) return ErrorAnswer(error);
    return TextAnswer(HttpErrorFor(error.code).status, "text/plain; charset=utf-8", error.message + "\n");
  }

  const std::shared_ptr<const ApiContext> api_;
  const Endpoint& endpoint_;  // A row of a static table.
  const CorsPolicy cors_;
  const EndpointMetrics metrics_;
};

void RegisterEndpoint(http::Router& router, const std::shared_ptr<const ApiContext>& api,
                      const Endpoint& endpoint) {
  const auto route = std::make_shared<const Route>(api, endpoint);
  const auto serve = [route](http::Request request, http::PathParameters path, http::Respond respond) {
    Route::Serve(route, std::move(request), std::move(path), std::move(respond));
  };
  router.Add(endpoint.methods == Methods::kDelete ? "DELETE" : "GET", endpoint.path, serve);
  if (endpoint.methods == Methods::kGetAndPost) router.Add("POST", endpoint.path, serve);
  // What a browser asks before it sends what a plain form could not.
  router.Add("OPTIONS", endpoint.path,
             [route](const http::Request& request, const http::PathParameters&, http::Respond respond) {
               respond(route->AnswerOptions(request));
             });
}

}  // namespace

CallContext::CallContext(const ApiContext& api, const Call& call, nanoseconds deadline)
    : context_(api.deps.clock, deadline),
      meter_(api.deps.engine.options().memory_bytes_max),
      metered_(&meter_),
      abandonment_(call.abandonment) {
  if (abandonment_ != nullptr) abandonment_->Watch([this] { context_.Cancel(); });
}

CallContext::~CallContext() {
  if (abandonment_ != nullptr) abandonment_->StopWatching();
}

nanoseconds DeadlineOf(const ApiContext& api, const Call& call) {
  return call.arrived + api.options.query_timeout;
}

std::unexpected<Error> TimedOutInQueue() {
  return Fail(ErrorCode::kDeadlineExceeded, "query timed out in query queue");
}

void RegisterPrometheusApi(http::Router& router, const PrometheusApiDependencies& dependencies,
                           PrometheusApiOptions options) {
  RegisterProcessRoutes(router, {dependencies.ready, dependencies.metrics});
  const auto api = std::make_shared<const ApiContext>(
      ApiContext{dependencies, std::move(options), dependencies.clock.NowMs()});
  for (const auto endpoints : {QueryEndpoints(), ExemplarEndpoints(), SeriesEndpoints(), StatusEndpoints(),
                               EmptyEndpoints(), RunningQueryEndpoints()}) {
    for (const Endpoint& endpoint : endpoints)
      RegisterEndpoint(router, api, endpoint);
  }
  if (dependencies.cardinality == nullptr) return;
  for (const Endpoint& endpoint : GuardEndpoints())
    RegisterEndpoint(router, api, endpoint);
  for (const Endpoint& endpoint : CardinalityEndpoints())
    RegisterEndpoint(router, api, endpoint);
}

}  // namespace tickscope::api
