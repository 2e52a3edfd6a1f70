// Settings of `tickscope serve`: every one with its default here, readable from YAML and shown by `config show`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "access/access_config.h"
#include "api/cors.h"
#include "base/error.h"
#include "base/log.h"
#include "console/console_config.h"
#include "control/control_config.h"
#include "guard/guard_config.h"
#include "http/server.h"
#include "ingest/gateway.h"
#include "live/live_hub.h"
#include "otlp/delta_sums.h"
#include "otlp/translation.h"
#include "plugin/grpc_server.h"
#include "promql/engine.h"
#include "queryfront/query_front.h"
#include "queryfront/query_pool.h"
#include "roles/signal_config.h"
#include "roles/tier_process.h"
#include "roles/tls_config.h"
#include "sql/sql_engine.h"
#include "stream/embedded_log.h"
#include "tsdb/store.h"

namespace tickscope::roles {

struct ServeConfig {
  std::string data_directory = "data";
  std::string roles = "all";
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kLogfmt;
  http::ServerOptions http;
  TlsConfig tls;
  access::AccessConfig access;
  control::ControlConfig fleet;
  std::int64_t drain_timeout_ms = 10'000;
  std::string cors_origin = std::string(api::kAnyOrigin);
  ingest::GatewayOptions ingest;
  guard::GuardConfig guard;
  std::uint64_t ingest_threads = 2;
  std::uint64_t ingest_queue_max = 256;
  otlp::Translation otlp;
  std::string otlp_address;  ///< Of the listener for OTLP alone; empty for none.
  plugin::GrpcServerOptions otlp_grpc{.message_bytes_max = 16U << 20,
                                      .calls_max = 256};  ///< Without address: none.
  otlp::DeltaOptions otlp_delta;
  SignalConfig signals;
  stream::EmbeddedLogOptions stream;
  tsdb::StoreOptions store;
  TierConfig tiers;
  promql::EngineOptions engine;
  std::int64_t query_timeout_ms = 120'000;
  std::uint64_t query_threads = 2;
  std::uint64_t query_queue_max = 256;
  queryfront::QueryFrontOptions front;  ///< Slots and the queue's length are the two above.
  queryfront::QueryPoolOptions arrivals;
  queryfront::ResultCacheOptions result_cache;  ///< The directory is in the data directory.
  std::uint64_t response_bytes_max = 256U << 20;
  live::LiveOptions live;
  console::ConsoleConfig console;
  sql::SqlOptions sql;
  std::int64_t sql_timeout_ms = 30'000;
  std::uint64_t sql_queries = 1;
  std::uint64_t sql_queue_max = 16;
  bool freshness_probe = true;
  bool admin_api = false;
  bool core_dump_memory = false;
};

/// Reads YAML over `config`, which holds the defaults. Errors: kInvalidArgument listing every mistake with file, line
/// and column.
[[nodiscard]] Status ReadServeConfig(std::string_view yaml, const std::string& file_name,
                                     ServeConfig& config);

/// The configuration as YAML, every setting with a comment. Reads back to the same.
[[nodiscard]] std::string WriteServeConfig(const ServeConfig& config);

}  // namespace tickscope::roles
