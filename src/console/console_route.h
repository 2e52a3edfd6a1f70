// ConsoleRoutes: how the console's endpoints are reached: a worker, the tenant, parameters or a JSON body, an answer in the API's
// envelope, counted.
//
// A body is only read when it says that it is JSON: a form of another site's page cannot say so, so no page of others can
// make a browser change anything here.
//
// Threads   Filled before the server starts. Handlers run on the pool; what they borrow outlives the router.
// Metrics   tickscope_console_requests_total{endpoint,result}
#pragma once

#include <functional>
#include <string_view>

#include "api/answer.h"
#include "api/parameters.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "http/router.h"
#include "model/tenant.h"

namespace tickscope::console {

/// One request as a handler sees it.
struct ConsoleCall {
  const http::Request& request;
  const http::PathParameters& path;
  const api::Parameters& parameters;
  const TenantId& tenant;
};

using ConsoleHandler = std::function<Result<http::Response>(const ConsoleCall& call)>;

class ConsoleRoutes {
 public:
  /// Everything outlives the router's handlers.
  ConsoleRoutes(http::Router& router, WorkerPool& pool, MetricRegistry& metrics)
      : router_(router), pool_(pool), metrics_(metrics) {}

  /// `endpoint` names it in metrics.
  void Add(std::string_view method, std::string_view pattern, std::string_view endpoint,
           ConsoleHandler handler);

 private:
  http::Router& router_;
  WorkerPool& pool_;
  MetricRegistry& metrics_;
};

/// The envelope around what `write` writes, as 200. Errors: the writer's.
[[nodiscard]] Result<http::Response> Success(const std::function<Status(wire::JsonWriter& json)>& write);
/// The same as 201.
[[nodiscard]] Result<http::Response> Created(const std::function<Status(wire::JsonWriter& json)>& write);
/// {"removed":"NAME"}.
[[nodiscard]] Result<http::Response> Removed(std::string_view name);
/// An error with a status of its own: 412, 413.
[[nodiscard]] http::Response Refusal(int status, std::string_view error_type, std::string_view message);

/// The JSON body of a request. Errors: kUnsupported unless Content-Type is application/json.
[[nodiscard]] Result<std::string_view> JsonBody(const http::Request& request);

}  // namespace tickscope::console
