// ServeProcess: the parts of `tickscope serve`, made in order, ended in the reverse one.
//
//   HTTP (loop thread) -> ingest workers -> gateway -> stream (writer thread) -> consumer thread -> store
//                      -> query workers  -> engine  -----------------------------------------------^
//                      -> live workers   -> engine, once a step for all who follow the same query --^
//                      -> SQL workers    -> DuckDB  -> object store: the cold tier
//
// The listener opens first, so that health checks are answered while the stream is replayed; until that is done
// everything else is answered 503 with how far it is.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "access/gate.h"
#include "api/sources.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/threads.h"
#include "base/worker_pool.h"
#include "console/console.h"
#include "control/fleet_control.h"
#include "control/inventory.h"
#include "guard/guard.h"
#include "http/router.h"
#include "http/server.h"
#include "ingest/gateway.h"
#include "io/file_system.h"
#include "io/network.h"
#include "io/process_info.h"
#include "live/live_hub.h"
#include "model/mutation_log.h"
#include "otlp/export_service.h"
#include "otlp/grpc_endpoint.h"
#include "otlp/http_endpoint.h"
#include "plugin/grpc_server.h"
#include "promql/engine.h"
#include "queryfront/label_cache.h"
#include "queryfront/negative_cache.h"
#include "queryfront/query_front.h"
#include "queryfront/query_pool.h"
#include "roles/freshness_probe.h"
#include "roles/refusal_log.h"
#include "roles/role_table.h"
#include "roles/serve_config.h"
#include "roles/store_consumer.h"
#include "roles/tier_process.h"
#include "signals/loki_endpoint.h"
#include "signals/signal_gateway.h"
#include "sql/part_files.h"
#include "sql/sql_engine.h"
#include "stream/stream.h"
#include "tsdb/store.h"

namespace tickscope::roles {

/// What the process gets from outside; outlives it.
struct ServeEnvironment {
  io::FileSystem& fs;
  io::Network& network;
  io::ProcessInfo& process;
  const Clock& clock;
  Random& random;
  std::string version;
  /// Reads a secret of that many bytes that only this user may, or makes it (io/secret_file.h). Empty in made-up worlds.
  std::function<Result<std::string>(const std::string& path, std::size_t bytes)> keep_secret = {};
};

class ServeProcess final : private api::MetadataSource,
                           private api::HeadStatusSource,
                           private api::CardinalitySource,
                           private api::LimitStatusSource,
                           private api::GuardRejectSource,
                           private api::ExemplarSource,
                           private console::ProcessSource {
 public:
  /// Opens the data directory and starts listening. `on_failure` runs when the process can no longer keep its
  /// promises (a failed sync) and should end. Errors: what the directory, the log or the address say.
  [[nodiscard]] static Result<std::unique_ptr<ServeProcess>> Start(const ServeEnvironment& environment,
                                                                   ServeConfig config,
                                                                   std::function<void()> on_failure);
  ~ServeProcess() override;

  /// Replays the stream, then serves. Returns early once `stopping` is set.
  [[nodiscard]] tickscope::Status BecomeReady(const std::atomic<bool>& stopping);
  /// Takes over what may change while running (logging, ingest limits, the guard's rules); says what needs a restart.
  void Reload(const ServeConfig& config);
  /// Lets requests in progress finish, makes everything acknowledged durable, ends all threads.
  void Stop();

  /// "address:port" the HTTP server is bound to.
  [[nodiscard]] std::string address() const { return server_->address(); }
  /// The same of the gRPC server; empty when there is none.
  [[nodiscard]] std::string grpc_address() const {
    return grpc_server_ == nullptr ? std::string() : grpc_server_->address();
  }
  /// The same of the listener for OTLP; empty when there is none.
  [[nodiscard]] std::string otlp_address() const {
    return otlp_server_ == nullptr ? std::string() : otlp_server_->address();
  }

 private:
  ServeProcess(const ServeEnvironment& environment, ServeConfig config, RoleSet roles);

  [[nodiscard]] tickscope::Status OpenParts(std::function<void()> on_failure);
  [[nodiscard]] tickscope::Status Replay(const std::atomic<bool>& stopping);
  [[nodiscard]] tickscope::Status OpenStore(const std::function<void()>& on_failure);
  // What queries read.
  [[nodiscard]] const Queryable& Storage() const;
  [[nodiscard]] const CostSource* Costs() const;
  [[nodiscard]] const ReadPlanner* Reads() const;
  [[nodiscard]] tickscope::Status OpenQueryFront();
  // What a tenant's samples are in (ResultCache::Fingerprint).
  [[nodiscard]] std::optional<std::uint64_t> Fingerprint(const TenantId& tenant) const;
  void FlushResults();
  // Takes over what is private and which series may exist, both or neither.
  [[nodiscard]] tickscope::Status ReloadRules(const ServeConfig& config);
  void AddRoutes();
  [[nodiscard]] tickscope::Status OpenSql();
  void OpenLive();
  // In serve_console.cc, as all about it.
  [[nodiscard]] tickscope::Status OpenConsole();
  // Signs viewer links; made at the first start.
  [[nodiscard]] Result<std::string> ViewKey();
  // Whose a call is. Errors: as access::Gate::Admit.
  [[nodiscard]] Result<TenantId> TenantOf(const plugin::GrpcCall& call);
  [[nodiscard]] Result<TenantId> Identify(const plugin::GrpcCall& call) const;
  void AddProcessMetrics();
  [[nodiscard]] tickscope::Status Listen();
  [[nodiscard]] tickscope::Status ListenForCalls();
  [[nodiscard]] tickscope::Status OpenCredentials();
  void CheckCredentials();
  // False when something stays as it was.
  [[nodiscard]] bool ReloadCredentials(const ServeConfig& config);
  void Handle(const http::Router& router, http::Request request, http::Respond respond);
  [[nodiscard]] tickscope::Status Ready() const;

  [[nodiscard]] std::vector<api::MetadataFamily> Metadata(const api::MetadataRequest& request) const override;
  [[nodiscard]] api::HeadStatus Status(const TenantId& tenant, std::size_t top) const override;
  [[nodiscard]] api::Cardinality Count(const TenantId& tenant, const std::vector<Matcher>& matchers,
                                       const std::vector<std::string>& names, std::size_t top) const override;
  [[nodiscard]] double DistinctSeries(const TenantId& tenant, TimeMs start_ms, TimeMs end_ms) const override;
  [[nodiscard]] Result<std::vector<SeriesExemplars>> Exemplars(
      const TenantId& tenant, const std::vector<std::vector<Matcher>>& selectors, TimeMs start_ms,
      TimeMs end_ms, const QueryContext& context) const override;
  [[nodiscard]] api::LimitStatus Limits(const TenantId& tenant) const override;
  [[nodiscard]] api::GuardRejects Rejects(const TenantId& tenant) const override;
  // In serve_console.cc.
  [[nodiscard]] console::PlatformStatus Platform(const TenantId& tenant) const override;
  [[nodiscard]] console::SeriesCounts CountSeries(const TenantId& tenant,
                                                  std::size_t metrics_max) const override;
  [[nodiscard]] std::vector<TenantId> Tenants() const override;

  const ServeEnvironment environment_;
  ServeConfig config_;
  const RoleSet roles_;
  MetricRegistry metrics_;
  std::shared_ptr<tls::ServerContext> tls_;  // Null for plain HTTP.
  std::unique_ptr<access::Gate> gate_;
  RefusalLog refusals_{environment_.clock};
  std::unique_ptr<control::FleetControl> fleet_;  // With the gateway, as the inventory.
  std::unique_ptr<control::Inventory> inventory_;
  std::unique_ptr<Worker> credentials_watch_;
  std::atomic<bool> credentials_watch_stopping_{false};
  std::unique_ptr<MutationLog> mutations_;  // Before those who tell it.
  std::unique_ptr<stream::Stream> stream_;
  std::unique_ptr<guard::Guard> guard_;  // Outlives the gateway.
  std::unique_ptr<ingest::Gateway> gateway_;
  std::unique_ptr<signals::SignalGateway> signal_gateway_;
  std::unique_ptr<tsdb::Store> store_;
  std::unique_ptr<StoreConsumer> consumer_;
  std::unique_ptr<TierProcess> tiers_;
  promql::Engine engine_;
  std::unique_ptr<WorkerPool> ingest_pool_;
  std::unique_ptr<WorkerPool> query_pool_;     // What the API does beside queries.
  std::unique_ptr<console::Console> console_;  // With the query role.
  std::unique_ptr<queryfront::ResultCache> result_cache_;
  std::unique_ptr<queryfront::LabelCache> label_cache_;
  std::unique_ptr<console::NotingQueryable> noting_;
  std::unique_ptr<queryfront::NegativeCache> negative_cache_;
  std::unique_ptr<Worker> result_flusher_;
  std::atomic<bool> flusher_stopping_{false};
  std::unique_ptr<queryfront::QueryFront> query_front_;
  std::unique_ptr<queryfront::QueryPool> arrivals_;
  std::unique_ptr<sql::PartFiles> part_files_;
  std::unique_ptr<sql::SqlEngine> sql_engine_;
  std::unique_ptr<WorkerPool> sql_pool_;
  std::unique_ptr<WorkerPool> admin_pool_;  // One thread that lets others go first.
  std::unique_ptr<live::LiveHub> live_;     // Outlives the server, which tells it of clients that leave.
  std::unique_ptr<otlp::ExportService> otlp_;
  std::unique_ptr<otlp::HttpEndpoint> otlp_http_;
  std::unique_ptr<otlp::GrpcEndpoint> otlp_grpc_;
  std::unique_ptr<signals::LokiEndpoint> loki_;
  http::Router router_;
  http::Router otlp_router_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Server> otlp_server_;  // For those who send where SDKs send.
  std::unique_ptr<plugin::GrpcServer> grpc_server_;
  std::unique_ptr<FreshnessProbe> probe_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> draining_{false};
  bool stopped_ = false;
};

}  // namespace tickscope::roles
