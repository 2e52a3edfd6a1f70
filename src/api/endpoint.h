// Endpoints as data: a path, the methods it takes and the function that writes its answer's "data".
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "api/answer.h"
#include "api/parameters.h"
#include "api/prometheus_api.h"
#include "base/memory_meter.h"
#include "http/abandonment.h"
#include "http/message.h"
#include "model/tenant.h"
#include "queryfront/query_request.h"

namespace tickscope::api {

struct ApiContext {
  PrometheusApiDependencies deps;
  PrometheusApiOptions options;
  TimeMs started_ms = 0;
};

/// One request as a handler sees it.
struct Call {
  const Parameters& parameters;
  const http::PathParameters& path;
  const TenantId& tenant;
  TimeMs arrived_ms = 0;                      ///< What "now" means to the query.
  std::chrono::nanoseconds arrived{0};        ///< On the monotonic clock; deadlines count from here.
  std::chrono::nanoseconds begun{0};          ///< When a worker took it up.
  http::Abandonment* abandonment = nullptr;   ///< Told once the client has gone; may be null.
  const queryfront::QueryIdentity& identity;  ///< Whom a query is counted for.
  http::Headers& answer_headers;              ///< Of the answer, also when it is an error.
};

using Handler = Result<Notes> (*)(const ApiContext& api, const Call& call, wire::JsonWriter& json);
/// Of an answer that is not JSON; its errors are plain text too.
using TextHandler = Result<std::string> (*)(const ApiContext& api, const Call& call);

enum class Methods : std::uint8_t { kGet, kGetAndPost, kDelete };
enum class RunsOn : std::uint8_t { kLoop, kPool, kQueryPool };

enum class Envelope : std::uint8_t { kPrometheus, kNone };

struct Endpoint {
  std::string_view name;  ///< In metrics; several may share one.
  std::string_view path;
  Methods methods;
  RunsOn runs_on;
  Handler handler;
  Envelope envelope = Envelope::kPrometheus;  ///< Of success; an error always has it.
  TextHandler text_handler = nullptr;         ///< Set instead of `handler`; the answer is an exposition.
};

/// Answers /federate. Errors: kInvalidArgument for a bad match[]; kResourceExhausted past the answer's bound; storage's.
[[nodiscard]] Result<std::string> FederateText(const ApiContext& api, const Call& call);

/// query, query_range, explain, format_query, parse_query.
[[nodiscard]] std::span<const Endpoint> QueryEndpoints();
/// query_exemplars.
[[nodiscard]] std::span<const Endpoint> ExemplarEndpoints();
/// series, labels, label values, metadata.
[[nodiscard]] std::span<const Endpoint> SeriesEndpoints();
/// queries: those that wait or run.
[[nodiscard]] std::span<const Endpoint> RunningQueryEndpoints();
/// status/*.
[[nodiscard]] std::span<const Endpoint> StatusEndpoints();
/// cardinality/*.
[[nodiscard]] std::span<const Endpoint> CardinalityEndpoints();
/// guard/rejects.
[[nodiscard]] std::span<const Endpoint> GuardEndpoints();
/// rules, alerts, targets and the like: nothing of theirs runs in this process, so the answers are empty.
[[nodiscard]] std::span<const Endpoint> EmptyEndpoints();

/// What a call's reads check: they end at its deadline, when its client has gone, or when all that was allocated for the
/// call passes the memory of a query. Lives on the thread that answers the call.
class CallContext {
 public:
  CallContext(const ApiContext& api, const Call& call, std::chrono::nanoseconds deadline);
  ~CallContext();
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  [[nodiscard]] const QueryContext& get() const { return context_; }
  [[nodiscard]] QueryContext& get() { return context_; }

 private:
  QueryContext context_;
  MemoryMeter meter_;
  MeteredThread metered_;
  http::Abandonment* const abandonment_;
};

/// When a call's reads end, unless the call asks for less: the API's longest query time after its arrival.
[[nodiscard]] std::chrono::nanoseconds DeadlineOf(const ApiContext& api, const Call& call);

/// The error of a call whose deadline passed before a worker took it up.
[[nodiscard]] std::unexpected<Error> TimedOutInQueue();

}  // namespace tickscope::api
