// The Prometheus HTTP API, health and /metrics: what Grafana, promtool and scripts talk to.
//
// Queries go through the query front (queryfront/query_front.h); other data endpoints run on a worker pool, each with a deadline; health, /metrics and the fixed answers run on
// the server's loop, so they still answer when every worker is busy. Nothing is kept between requests.
//
// Bounds    Answer text by response_bytes_max, time by query_timeout, waiting requests by the pool's queue:
//           when it is full the answer is 503 with Retry-After.
// Metrics   tickscope_api_requests_total{endpoint,result}, tickscope_api_request_seconds{endpoint}
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "api/cors.h"
#include "api/sources.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "http/router.h"
#include "model/queryable.h"
#include "promql/engine.h"
#include "queryfront/query_front.h"
#include "queryfront/query_pool.h"

namespace tickscope::api {

/// The Prometheus release whose API this is. Clients switch features on by it.
inline constexpr std::string_view kPrometheusVersion = "3.16.0";

struct PrometheusApiOptions {
  std::chrono::milliseconds query_timeout{120'000};  ///< The longest; `timeout` may shorten it.
  std::size_t response_bytes_max = 256 << 20;        ///< Before compression.
  std::string version;                               ///< Ours, for example "0.1.0".
  std::string hostname;
  std::string working_directory;
  std::string storage_retention;                      ///< As status/runtimeinfo shows it, for example "15d".
  std::size_t query_threads = 0;                      ///< Shown as GOMAXPROCS by status/runtimeinfo.
  std::string cors_origin = std::string(kAnyOrigin);  ///< A good pattern, as CorsPolicy::Make takes it.
  std::map<std::string, std::string> flags;           ///< As status/flags shows them.
};

/// Everything outlives the router.
struct PrometheusApiDependencies {
  const Queryable& storage;
  const promql::Engine& engine;
  const Clock& clock;
  WorkerPool& pool;  ///< For everything but queries.
  queryfront::QueryFront& front;
  queryfront::QueryPool& query_pool;
  MetricRegistry& metrics;
  const MetadataSource& metadata;
  const HeadStatusSource& head_status;
  std::function<Status()> ready;                   ///< An error's message says what is still missing.
  std::function<std::string()> config_yaml;        ///< The configuration in force, without secrets.
  const CardinalitySource* cardinality = nullptr;  ///< Null where nothing is stored.
  const LimitStatusSource* limits = nullptr;       ///< Null where nothing is written.
  const GuardRejectSource* guard = nullptr;        ///< Null where nothing is written.
  const ExemplarSource* exemplars = nullptr;       ///< Null where none are kept.
};

/// Adds every route. The tenant is X-Scope-OrgID's, else the default one.
void RegisterPrometheusApi(http::Router& router, const PrometheusApiDependencies& dependencies,
                           PrometheusApiOptions options);

}  // namespace tickscope::api
