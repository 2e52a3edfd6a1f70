#include "roles/serve.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/process_routes.h"
#include "api/prometheus_api.h"
#include "api/remote_read_endpoint.h"
#include "api/tier_api.h"
#include "base/duration.h"
#include "base/log.h"
#include "ingest/remote_write_endpoint.h"
#include "io/process_info.h"
#include "live/stream_endpoint.h"
#include "roles/admin_endpoints.h"
#include "roles/fingerprint.h"
#include "roles/fleet_endpoints.h"
#include "roles/guard_rejects.h"
#include "roles/open_guard.h"
#include "roles/stream_endpoint.h"
#include "sql/sql_endpoint.h"
#include "wire/tenant_header.h"

namespace tickscope::roles {
namespace {

std::vector<api::NamedCount> ToPairs(const std::vector<tsdb::NamedCount>& counts) {
  std::vector<api::NamedCount> pairs;
  pairs.reserve(counts.size());
  for (const tsdb::NamedCount& count : counts)
    pairs.emplace_back(count.name, count.count);
  return pairs;
}

// Imports and snapshots that wait for one that is going on; more are answered 503.
constexpr std::size_t kAdminQueueMax = 64;
/// A crash loses results of this long.
constexpr std::chrono::seconds kFlushEvery{15};

constexpr std::int64_t kForeverMs = 1000LL * 365 * 24 * 3'600'000;

// wire::kTenantHeader in lower case, as gRPC has names of headers.
constexpr std::string_view kTenantMetadata = "x-scope-orgid";
constexpr std::string_view kAuthorizationMetadata = "authorization";

// Answered while the stream is replayed, too.
bool IsAboutTheProcess(std::string_view path) {
  return path.starts_with("/-/") || path == "/metrics";
}

}  // namespace

ServeProcess::ServeProcess(const ServeEnvironment& environment, ServeConfig config, RoleSet roles)
    : environment_(environment), config_(std::move(config)), roles_(roles), engine_(config_.engine) {}

ServeProcess::~ServeProcess() {
  Stop();
}

Result<std::unique_ptr<ServeProcess>> ServeProcess::Start(const ServeEnvironment& environment,
                                                          ServeConfig config,
                                                          std::function<void()> on_failure) {
  TICKSCOPE_ASSIGN_OR_RETURN(const RoleSet roles, ParseRoles(config.roles));
  std::unique_ptr<ServeProcess> process(new ServeProcess(environment, std::move(config), roles));
  TICKSCOPE_RETURN_IF_ERROR(process->OpenParts(std::move(on_failure)));
  return process;
}

tickscope::Status ServeProcess::OpenParts(std::function<void()> on_failure) {
  if (roles_.keeps_samples()) TICKSCOPE_RETURN_IF_ERROR(OpenStore(on_failure));
  if (config_.tiers.enabled && (roles_.compact || roles_.store || roles_.query)) {
    TierConfig tiers = config_.tiers;
    tiers.worker.compacts = roles_.compact;
    TICKSCOPE_ASSIGN_OR_RETURN(
        tiers_, TierProcess::Open({environment_.fs, environment_.clock, environment_.random, metrics_}, tiers,
                                  config_.data_directory, store_.get(), config_.store.query_series_max,
                                  mutations_.get()));
  }
  query_pool_ = std::make_unique<WorkerPool>(config_.query_threads, config_.query_queue_max);
  TICKSCOPE_RETURN_IF_ERROR(OpenConsole());
  if (store_ != nullptr) TICKSCOPE_RETURN_IF_ERROR(OpenQueryFront());
  if (roles_.query) TICKSCOPE_RETURN_IF_ERROR(OpenSql());
  AddProcessMetrics();
  AddRoutes();
  TICKSCOPE_RETURN_IF_ERROR(OpenCredentials());
  return Listen();
}

tickscope::Status ServeProcess::OpenCredentials() {
  TICKSCOPE_ASSIGN_OR_RETURN(gate_, access::Gate::Open(environment_.fs, metrics_, config_.access));
  if (config_.tls.server.is_on()) {
    TICKSCOPE_ASSIGN_OR_RETURN(
        tls_, tls::ServerContext::Load(environment_.fs, environment_.clock, metrics_, config_.tls.server));
  }
  credentials_watch_ = SystemThreads().Start("credentials", [this, began = false]() mutable {
    if (credentials_watch_stopping_) return Turn::Done();
    if (std::exchange(began, true)) CheckCredentials();
    return Turn::Wait(std::chrono::milliseconds(config_.tls.check_interval_ms));
  });
  return {};
}

void ServeProcess::CheckCredentials() {
  const auto say = [](const char* what, const Result<bool>& reloaded) {
    if (!reloaded) {
      Log(LogLevel::kError, "credentials stay as they were",
          {{"what", what}, {"error", reloaded.error().message}});
    } else if (*reloaded) {
      Log(LogLevel::kInfo, "credentials taken up", {{"what", what}});
    }
  };
  if (tls_ != nullptr) say("tls", tls_->Reload());
  say("access", gate_->Reload());
}

tickscope::Status ServeProcess::Listen() {
  const auto start = [this](const std::string& address, const http::Router& router) {
    http::ServerOptions options = config_.http;
    options.address = address;
    options.tls = tls_;
    return http::Server::Start(
        environment_.network, std::move(options),
        [this, &router](http::Request request, http::Respond respond) {
          Handle(router, std::move(request), std::move(respond));
        },
        metrics_);
  };
  TICKSCOPE_ASSIGN_OR_RETURN(server_, start(config_.http.address, router_));
  if (otlp_ == nullptr) return {};
  if (!config_.otlp_address.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(otlp_server_, start(config_.otlp_address, otlp_router_));
  }
  if (!config_.otlp_grpc.address.empty()) return ListenForCalls();
  return {};
}

tickscope::Status ServeProcess::ListenForCalls() {
  plugin::GrpcServerOptions options = config_.otlp_grpc;
  options.handshake_timeout = config_.http.header_timeout;
  if (tls_ != nullptr) {
    options.certificate = [tls = tls_] {
      const std::shared_ptr<const tls::PemFiles> files = tls->files();
      return plugin::GrpcCertificate{
          .chain = files->certificate, .key = files->key, .client_ca = files->ca, .owner = files};
    };
  }
  TICKSCOPE_ASSIGN_OR_RETURN(
      grpc_server_, plugin::StartGrpcServer(options, [this](plugin::GrpcCall& call) -> plugin::GrpcTaker {
        if (ready_) return otlp_grpc_->Handle(call);
        const auto ready = Ready();
        call.Answer(
            otlp::GrpcEndpoint::AnswerOf(ready ? Error{ErrorCode::kUnavailable, "starting"} : ready.error()));
        return nullptr;
      }));
  return {};
}

const Queryable& ServeProcess::Storage() const {
  if (tiers_ != nullptr) return tiers_->queryable();
  return *store_;
}

const ReadPlanner* ServeProcess::Reads() const {
  if (tiers_ != nullptr) return &tiers_->queryable();
  return store_.get();
}

const CostSource* ServeProcess::Costs() const {
  if (tiers_ != nullptr) return &tiers_->queryable();
  return store_.get();
}

tickscope::Status ServeProcess::OpenStore(const std::function<void()>& on_failure) {
  stream::EmbeddedLogOptions log_options = config_.stream;
  log_options.directory = config_.data_directory + "/stream";
  log_options.on_failure = on_failure;
  TICKSCOPE_ASSIGN_OR_RETURN(stream_, stream::OpenEmbeddedLog(environment_.fs, environment_.clock, metrics_,
                                                              std::move(log_options)));
  if (roles_.gateway) {
    ingest_pool_ = std::make_unique<WorkerPool>(config_.ingest_threads, config_.ingest_queue_max);
    gateway_ = std::make_unique<ingest::Gateway>(*stream_, environment_.clock, environment_.random, metrics_,
                                                 config_.ingest);
    TICKSCOPE_ASSIGN_OR_RETURN(guard_,
                               OpenGuard(environment_.fs, config_.guard, environment_.clock, metrics_));
    gateway_->SetGuard(*guard_);
    TICKSCOPE_ASSIGN_OR_RETURN(auto rules, MakePrivacyRules(config_.signals, config_.guard));
    signal_gateway_ = std::make_unique<signals::SignalGateway>(*stream_, environment_.clock, metrics_,
                                                               config_.signals.limits, std::move(rules));
    inventory_ = std::make_unique<control::Inventory>(metrics_, config_.fleet.agents_max);
    TICKSCOPE_ASSIGN_OR_RETURN(
        fleet_, control::FleetControl::Open(environment_.fs, environment_.clock, metrics_, config_.fleet,
                                            config_.data_directory + "/fleet"));
  }
  tsdb::StoreOptions store_options = config_.store;
  store_options.directory = config_.data_directory + "/store";
  mutations_ = std::make_unique<MutationLog>(config_.result_cache.settle_ms);
  store_options.mutations = mutations_.get();
  // With tiers, blocks leave when the object store has them, and retention is the tiers'. An import of last year is rolled up
  // before its raw samples go, too.
  if (config_.tiers.enabled) store_options.retention_ms = kForeverMs;
  TICKSCOPE_ASSIGN_OR_RETURN(store_, tsdb::Store::Open(environment_.fs, metrics_, std::move(store_options)));
  consumer_ = std::make_unique<StoreConsumer>(*stream_, *store_, environment_.clock, metrics_, on_failure);
  return {};
}

std::optional<std::uint64_t> ServeProcess::Fingerprint(const TenantId& tenant) const {
  std::string all;
  for (const tsdb::Store::BlockFile& block : store_->Blocks()) {
    if (block.tenant == tenant) all += block.name + "\n";
  }
  if (tiers_ != nullptr) {
    const auto history = tiers_->Fingerprint(tenant);
    if (!history) return std::nullopt;
    all += std::to_string(*history);
  }
  return FingerprintOf(all);
}

tickscope::Status ServeProcess::OpenQueryFront() {
  queryfront::ResultCacheOptions cache = config_.result_cache;
  cache.directory = config_.data_directory + "/cache/query";
  result_cache_ = std::make_unique<queryfront::ResultCache>(
      &environment_.fs, *mutations_, metrics_, std::move(cache),
      [this](const TenantId& tenant) { return Fingerprint(tenant); });
  TICKSCOPE_RETURN_IF_ERROR(result_cache_->Open(store_->replay_offset()));
  const LabelStateSource& states =
      tiers_ != nullptr ? static_cast<const LabelStateSource&>(tiers_->queryable()) : *store_;
  label_cache_ =
      std::make_unique<queryfront::LabelCache>(Storage(), states, metrics_, config_.result_cache.label_bytes);
  noting_ = std::make_unique<console::NotingQueryable>(Storage(),
                                                       console_ == nullptr ? nullptr : &console_->usage());
  negative_cache_ = std::make_unique<queryfront::NegativeCache>(*noting_, states, metrics_,
                                                                config_.result_cache.negative_bytes);
  queryfront::QueryFrontOptions options = config_.front;
  options.admission.slots_max = config_.query_threads;
  options.admission.waiting_max = config_.query_queue_max;
  query_front_ = std::make_unique<queryfront::QueryFront>(
      queryfront::QueryFrontDependencies{.storage = *negative_cache_,
                                         .engine = config_.engine,
                                         .clock = environment_.clock,
                                         .metrics = metrics_,
                                         .costs = Costs(),
                                         .reads = Reads(),
                                         .cache = result_cache_.get()},
      std::move(options));
  arrivals_ = std::make_unique<queryfront::QueryPool>(metrics_, config_.arrivals);
  return {};
}

tickscope::Status ServeProcess::OpenSql() {
  if (tiers_ == nullptr) return {};
  if (tiers_->object_directory().empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(part_files_, sql::CachedPartFiles::Open(tiers_->objects(), environment_.fs,
                                                                       config_.data_directory + "/tier/sql",
                                                                       config_.tiers.cache_bytes));
  } else {
    part_files_ = sql::MakeDirectoryPartFiles(tiers_->object_directory());
  }
  sql_engine_ =
      std::make_unique<sql::SqlEngine>(tiers_->objects(), *part_files_, SystemThreads(), config_.sql);
  sql_pool_ = std::make_unique<WorkerPool>(config_.sql_queries, config_.sql_queue_max);
  return {};
}

void ServeProcess::OpenLive() {
  live::LiveOptions options = config_.live;
  options.query_timeout_ms = config_.query_timeout_ms;
  // Followed queries go the way of all others: counted, limited, listed, kept by step.
  const auto evaluate = [this](const live::RangeQuery& query,
                               QueryContext& context) -> Result<promql::QueryResult> {
    queryfront::QueryRequest request;
    request.identity = {
        .tenant = query.tenant, .user = "live", .query_class = queryfront::QueryClass::kDashboard};
    request.text = query.text;
    request.start_ms = query.start_ms;
    request.end_ms = query.end_ms;
    request.step_ms = query.step_ms;
    queryfront::QueryOutcome outcome = query_front_->Run(request, context);
    if (!outcome) return std::unexpected(std::move(outcome.error().error));
    return *outcome->result;
  };
  live_ = std::make_unique<live::LiveHub>(options, live::LiveHub::Dependencies{.evaluate = evaluate,
                                                                               .clock = environment_.clock,
                                                                               .random = environment_.random,
                                                                               .metrics = metrics_,
                                                                               .threads = SystemThreads()});
  live::RegisterStream(router_, *live_, engine_, metrics_);
}

void ServeProcess::AddRoutes() {
  if (sql_engine_ != nullptr) {
    sql::RegisterSql(router_, *sql_engine_, *sql_pool_, environment_.clock, metrics_,
                     {.timeout = std::chrono::milliseconds(config_.sql_timeout_ms)});
  }
  if (gateway_ != nullptr) {
    ingest::RegisterRemoteWrite(router_, *gateway_, *ingest_pool_);
    otlp_ = std::make_unique<otlp::ExportService>(
        *gateway_, *signal_gateway_, environment_.random, metrics_,
        otlp::ExportOptions{
            .translation = config_.otlp, .delta = config_.otlp_delta, .clock = &environment_.clock});
    otlp_http_ = std::make_unique<otlp::HttpEndpoint>(*otlp_, *ingest_pool_);
    otlp_http_->Register(router_, "/api/v1/otlp");
    otlp_http_->Register(otlp_router_, "");
    otlp_grpc_ = std::make_unique<otlp::GrpcEndpoint>(
        *otlp_, *ingest_pool_, [this](const plugin::GrpcCall& call) { return TenantOf(call); });
    loki_ = std::make_unique<signals::LokiEndpoint>(*signal_gateway_, *ingest_pool_);
    loki_->Register(router_, "/loki/api/v1/push");
    loki_->Register(otlp_router_, "/loki/api/v1/push");
    RegisterFleetEndpoints(router_, *fleet_, *inventory_, environment_.clock, *query_pool_);
  }
  if (stream_ != nullptr) RegisterStreamTail(router_, *stream_, *query_pool_);
  if (tiers_ != nullptr) {
    api::RegisterTierApi(router_, {.tiers = *tiers_,
                                   .clock = environment_.clock,
                                   .pool = *query_pool_,
                                   .parse_selector = ParseStoredSelector,
                                   .admin_api = config_.admin_api && store_ != nullptr,
                                   .query_timeout = std::chrono::milliseconds(config_.query_timeout_ms)});
  }
  if (store_ == nullptr) {
    api::RegisterProcessRoutes(router_, {[this] { return Ready(); }, metrics_});
    api::RegisterLandingPage(router_, environment_.version);
    return;
  }
  api::PrometheusApiOptions options;
  options.query_timeout = std::chrono::milliseconds(config_.query_timeout_ms);
  options.response_bytes_max = config_.response_bytes_max;
  options.version = environment_.version;
  options.storage_retention = FormatDurationMs(config_.stream.retention_age_ms);
  options.query_threads = config_.query_threads;
  options.cors_origin = config_.cors_origin;
  options.flags = {{"storage.tsdb.path", config_.data_directory},
                   {"web.listen-address", config_.http.address},
                   {"roles", config_.roles}};
  const api::PrometheusApiDependencies dependencies{
      .storage = *label_cache_,
      .engine = engine_,
      .clock = environment_.clock,
      .pool = *query_pool_,
      .front = *query_front_,
      .query_pool = *arrivals_,
      .metrics = metrics_,
      .metadata = *this,
      .head_status = *this,
      .ready = [this] { return Ready(); },
      .config_yaml = [this] { return WriteServeConfig(config_); },
      .cardinality = this,
      .limits = gateway_ != nullptr ? this : nullptr,
      .guard = guard_ != nullptr ? this : nullptr,
      .exemplars = this};
  api::RegisterRemoteRead(router_, dependencies, options);
  // All of an imported block is decoded before the store takes it: neither queries nor writes wait for that.
  admin_pool_ = std::make_unique<WorkerPool>(1, kAdminQueueMax);
  static_cast<void>(admin_pool_->Submit([] { io::LowerThreadPriority(); }));
  if (roles_.query) OpenLive();
  if (console_ != nullptr) {
    console_->AddRoutes(router_);
  } else {
    api::RegisterLandingPage(router_, environment_.version);
  }
  RegisterAdminEndpoints(router_, {.fs = environment_.fs,
                                   .store = *store_,
                                   .clock = environment_.clock,
                                   .random = environment_.random,
                                   .pool = *admin_pool_,
                                   .guard = guard_.get(),
                                   .data_directory = config_.data_directory,
                                   .disk_free_bytes_min = config_.stream.disk_free_bytes_min,
                                   .is_enabled = config_.admin_api});
  api::RegisterPrometheusApi(router_, dependencies, std::move(options));
}

Result<TenantId> ServeProcess::TenantOf(const plugin::GrpcCall& call) {
  auto tenant = Identify(call);
  if (!tenant) refusals_.Tell("grpc", call.remote_address(), tenant.error());
  return tenant;
}

Result<TenantId> ServeProcess::Identify(const plugin::GrpcCall& call) const {
  // The gate looks at requests; a call is one as far as it is concerned.
  http::Request request;
  if (tls_ != nullptr) {
    TICKSCOPE_ASSIGN_OR_RETURN(request.peer, tls_->Verify(call.certificate(), call.intermediates()));
  }
  for (const auto& [name, header] : {std::pair{kTenantMetadata, wire::kTenantHeader},
                                     std::pair{kAuthorizationMetadata, std::string_view("Authorization")}}) {
    if (const std::string_view value = call.header(name); !value.empty()) request.headers.Set(header, value);
  }
  TICKSCOPE_RETURN_IF_ERROR(gate_->Admit(access::Scope::kWrite, request));
  return wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader));
}

void ServeProcess::AddProcessMetrics() {
  const auto add = [this](const char* name, const char* help, double (*read)(const io::ProcessUsage&)) {
    metrics_.AddCallbackGauge(name, help, {}, [this, read] {
      const auto usage = environment_.process.Read();
      return usage ? read(*usage) : 0.0;
    });
  };
  add("process_resident_memory_bytes", "Memory in use.",
      [](const io::ProcessUsage& usage) { return static_cast<double>(usage.resident_bytes); });
  add("process_cpu_seconds_total", "User and system time of all threads.",
      [](const io::ProcessUsage& usage) { return usage.cpu_seconds; });
  add("process_open_fds", "Open file descriptors.",
      [](const io::ProcessUsage& usage) { return static_cast<double>(usage.open_file_count); });
}

tickscope::Status ServeProcess::Ready() const {
  if (draining_) return Fail(ErrorCode::kUnavailable, "draining: the process is about to end");
  if (ready_) return {};
  return Fail(ErrorCode::kUnavailable,
              consumer_ == nullptr
                  ? std::string("starting")
                  : fmt::format("replaying the stream: {:.0f} % done", consumer_->replay_progress() * 100));
}

void ServeProcess::Handle(const http::Router& router, http::Request request, http::Respond respond) {
  if (!ready_ && !IsAboutTheProcess(request.path())) {
    const auto ready = Ready();
    http::Response response;
    response.status = 503;
    response.headers.Set("Retry-After", "1");
    response.headers.Set("Content-Type", "text/plain; charset=utf-8");
    response.body = (ready ? std::string("starting") : ready.error().message) + "\n";
    respond(std::move(response));
    return;
  }
  if (!IsAboutTheProcess(request.path()) &&
      !(console_ != nullptr && console::IsForEverybody(request, router))) {
    const auto admitted = gate_->Admit(access::ScopeOf(request.method, request.path()), request);
    if (!admitted) {
      refusals_.Tell("http", request.remote_address, admitted.error());
      const bool is_unknown = admitted.error().code == ErrorCode::kUnauthenticated;
      http::Response response = http::TextResponse(is_unknown ? 401 : 403, admitted.error().message);
      if (is_unknown) response.headers.Set("WWW-Authenticate", "Bearer");
      return respond(std::move(response));
    }
  }
  if (fleet_ != nullptr) ObservePush(*fleet_, *inventory_, environment_.clock, request, respond);
  router.Handle(std::move(request), std::move(respond));
}

tickscope::Status ServeProcess::BecomeReady(const std::atomic<bool>& stopping) {
  const std::chrono::nanoseconds started = environment_.clock.Monotonic();
  if (store_ != nullptr) TICKSCOPE_RETURN_IF_ERROR(Replay(stopping));
  if (stopping) return {};
  // After the replay, which the first listing need not slow down.
  if (tiers_ != nullptr) tiers_->Start();
  if (roles_.gateway && roles_.query && config_.freshness_probe) {
    probe_ = std::make_unique<FreshnessProbe>(*gateway_, *store_, engine_, environment_.clock, metrics_);
  }
  if (result_cache_ != nullptr) {
    result_flusher_ = SystemThreads().Start("query cache", [this] {
      if (flusher_stopping_) return Turn::Done();
      FlushResults();
      return Turn::Wait(kFlushEvery);
    });
  }
  ready_ = true;
  const double seconds = std::chrono::duration<double>(environment_.clock.Monotonic() - started).count();
  Log(LogLevel::kInfo, "ready",
      {{"address", server_->address()},
       {"otlp", otlp_address()},
       {"grpc", grpc_address()},
       {"roles", config_.roles},
       {"replay_seconds", seconds}});
  return {};
}

tickscope::Status ServeProcess::Replay(const std::atomic<bool>& stopping) {
  StoreConsumer::ReplayListener listener;
  if (gateway_ != nullptr) {
    listener = [this](const codec::SampleBatch& batch) { gateway_->Replay(batch); };
    store_->ForEachDefinition([this](const codec::SampleBatch& batch, std::uint32_t next_ref) {
      gateway_->Replay(batch);
      gateway_->ReserveRefs(batch.tenant, next_ref);
    });
  }
  if (gateway_ != nullptr) TICKSCOPE_RETURN_IF_ERROR(gateway_->RecoverDeliveries());
  TICKSCOPE_RETURN_IF_ERROR(consumer_->Replay(listener, stopping));
  if (!stopping && roles_.store) consumer_->Start();
  return {};
}

void ServeProcess::FlushResults() {
  if (const tickscope::Status flushed = result_cache_->Flush(); !flushed)
    Log(LogLevel::kWarn, "cannot keep query results on disk", {{"error", flushed.error().message}});
}

tickscope::Status ServeProcess::ReloadRules(const ServeConfig& config) {
  TICKSCOPE_ASSIGN_OR_RETURN(auto rules, MakePrivacyRules(config.signals, config.guard));
  TICKSCOPE_RETURN_IF_ERROR(ReloadGuard(environment_.fs, config.guard, *guard_));
  signal_gateway_->SetRules(std::move(rules));
  return {};
}

void ServeProcess::Reload(const ServeConfig& config) {
  SetLogOptions({.level = config.log_level, .format = config.log_format, .clock = &environment_.clock});
  if (gateway_ != nullptr) gateway_->SetLimits(config.ingest.admission);
  if (query_front_ != nullptr) query_front_->SetLimits(config.front);
  const bool are_credentials_applied = ReloadCredentials(config);
  bool is_guard_applied = true;
  if (guard_ != nullptr) {
    const tickscope::Status guarded = ReloadRules(config);
    is_guard_applied = guarded.has_value();
    if (!guarded)
      Log(LogLevel::kError, "the guard's rules stay as they were", {{"error", guarded.error().message}});
  }
  // What was taken over is the same in both now; any difference left is for a restart.
  ServeConfig applied = config_;
  applied.log_level = config.log_level;
  applied.log_format = config.log_format;
  applied.ingest.admission = config.ingest.admission;
  if (is_guard_applied) {
    applied.guard = config.guard;
    applied.signals.token_keys = config.signals.token_keys;
    applied.signals.token_epoch_ms = config.signals.token_epoch_ms;
  }
  if (are_credentials_applied) {
    applied.tls.server = config.tls.server;
    applied.access = config.access;
  }
  applied.front.limits = config.front.limits;
  applied.front.tenants = config.front.tenants;
  applied.front.classes = config.front.classes;
  const bool all_applied = WriteServeConfig(applied) == WriteServeConfig(config);
  config_ = std::move(applied);
  Log(all_applied ? LogLevel::kInfo : LogLevel::kWarn,
      all_applied
          ? "configuration reloaded"
          : "configuration reloaded: log, credentials, guard, ingest and query limits are in force, other "
            "changes need a restart");
}

bool ServeProcess::ReloadCredentials(const ServeConfig& config) {
  if (const auto reloaded = gate_->Reload(config.access); !reloaded) {
    Log(LogLevel::kError, "rules of access stay as they were", {{"error", reloaded.error().message}});
    return false;
  }
  if (tls_ == nullptr || !config.tls.server.is_on()) return tls_ == nullptr && !config.tls.server.is_on();
  const auto reloaded = tls_->Reload(config.tls.server);
  if (!reloaded)
    Log(LogLevel::kError, "certificates stay as they were", {{"error", reloaded.error().message}});
  return reloaded.has_value();
}

void ServeProcess::Stop() {
  if (std::exchange(stopped_, true)) return;
  draining_ = true;
  // Senders of new work first, then those who finish it, the stream before its consumer.
  credentials_watch_stopping_ = true;
  if (credentials_watch_ != nullptr) credentials_watch_->Join();
  probe_.reset();
  if (console_ != nullptr) console_->Stop();
  if (live_ != nullptr) live_->Stop();
  if (tiers_ != nullptr) tiers_->Stop();
  if (grpc_server_ != nullptr) grpc_server_->Drain(std::chrono::milliseconds(config_.drain_timeout_ms));
  if (otlp_server_ != nullptr) otlp_server_->Drain(std::chrono::milliseconds(config_.drain_timeout_ms));
  if (server_ != nullptr) server_->Drain(std::chrono::milliseconds(config_.drain_timeout_ms));
  if (ingest_pool_ != nullptr) ingest_pool_->Stop();
  if (arrivals_ != nullptr) arrivals_->Stop();
  if (query_pool_ != nullptr) query_pool_->Stop();
  if (sql_pool_ != nullptr) sql_pool_->Stop();
  if (admin_pool_ != nullptr) admin_pool_->Stop();
  if (stream_ != nullptr) stream_->Close();
  if (consumer_ != nullptr) consumer_->Stop();
  // Now nothing changes any more.
  flusher_stopping_ = true;
  if (result_flusher_ != nullptr) {
    result_flusher_->Join();
    FlushResults();
  }
  grpc_server_.reset();
  otlp_server_.reset();
  server_.reset();
}

std::vector<api::MetadataFamily> ServeProcess::Metadata(const api::MetadataRequest& request) const {
  std::vector<api::MetadataFamily> families;
  if (request.entries_per_family_max == 0) return families;
  for (auto& [name, metadata] : store_->Metadata(request.tenant, request.family)) {
    if (families.size() == request.families_max) break;
    families.push_back({name, {metadata}});
  }
  return families;
}

api::HeadStatus ServeProcess::Status(const TenantId& tenant, std::size_t top) const {
  const tsdb::HeadSummary summary = store_->Summarize(tenant, top);
  return {.series_count = summary.series_count,
          .label_pair_count = summary.label_pair_count,
          .chunk_count = summary.chunk_count,
          .min_time_ms = summary.min_time_ms,
          .max_time_ms = summary.max_time_ms,
          .series_by_metric = ToPairs(summary.series_by_metric),
          .values_by_label = ToPairs(summary.values_by_label_name),
          .value_bytes_by_label = ToPairs(summary.bytes_by_label_name),
          .series_by_label_pair = ToPairs(summary.series_by_label_pair)};
}

api::Cardinality ServeProcess::Count(const TenantId& tenant, const std::vector<Matcher>& matchers,
                                     const std::vector<std::string>& names, std::size_t top) const {
  const tsdb::CardinalitySummary summary = store_->Cardinality(tenant, matchers, names, top);
  api::Cardinality found{
      summary.series_count, summary.name_count, summary.value_count, ToPairs(summary.top_names), {}};
  for (const tsdb::LabelCardinality& label : summary.labels)
    found.labels.push_back({label.name, label.value_count, label.series_count, ToPairs(label.top_values)});
  return found;
}

double ServeProcess::DistinctSeries(const TenantId& tenant, TimeMs start_ms, TimeMs end_ms) const {
  return store_->DistinctSeries(tenant, start_ms, end_ms);
}

Result<std::vector<SeriesExemplars>> ServeProcess::Exemplars(
    const TenantId& tenant, const std::vector<std::vector<Matcher>>& selectors, TimeMs start_ms,
    TimeMs end_ms, const QueryContext& context) const {
  return store_->Exemplars(tenant, selectors, start_ms, end_ms, context);
}

api::LimitStatus ServeProcess::Limits(const TenantId& tenant) const {
  const ingest::Admission::TenantStatus state = gateway_->LimitStatus(tenant);
  const ingest::SeriesLimits& limits = state.limits.series.limits;
  api::LimitStatus status;
  status.active_series = state.active_series;
  status.series_max = limits.series_max;
  status.series_per_metric_max = limits.series_per_metric_max;
  for (std::size_t i = 0; i < limits.budgets.size(); ++i)
    status.budgets.push_back(
        {limits.budgets[i].selector, state.budget_series[i], limits.budgets[i].series_max});
  for (const auto& overflow : state.overflow)
    status.overflow.push_back({overflow.series, overflow.sources});
  for (const auto& [sender, late] : state.late_senders)
    status.late_senders.push_back({sender, late.taken, late.refused, late.latest_by_ms});
  std::ranges::sort(status.late_senders, std::ranges::greater{},
                    [](const auto& late) { return late.taken + late.refused; });
  return status;
}

api::GuardRejects ServeProcess::Rejects(const TenantId& tenant) const {
  return GuardRejectList(*guard_).Rejects(tenant);
}

}  // namespace tickscope::roles
