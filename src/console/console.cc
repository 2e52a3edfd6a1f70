#include "console/console.h"

#include <utility>

#include "base/log.h"
#include "console/annotation_endpoints.h"
#include "console/console_route.h"
#include "console/dashboard_endpoints.h"
#include "console/embedded_files.h"
#include "console/page_endpoint.h"
#include "console/schema_endpoints.h"
#include "console/status_endpoints.h"
#include "console/view_endpoints.h"
#include "schema/schema_reader.h"
#include "wire/json_fields.h"

namespace tickscope::console {
namespace {

using wire::JsonWriter;

constexpr std::uint64_t kSchemaBytesMax = 4U << 20;
constexpr std::chrono::milliseconds kHouseEvery{5'000};
constexpr std::chrono::seconds kFlushEvery{60};
/// A day's counts are kept each half hour.
constexpr std::uint64_t kFlushesASample = 30;
constexpr std::string_view kViewPrefix = "/api/v1/view/";
constexpr const char* kRefreshes[] = {"5s", "10s", "30s", "1m"};

// The console's own schema, else the guard's, else the one that came with the binary.
Result<std::shared_ptr<const schema::Schema>> LoadSchema(io::FileSystem& fs, const std::string& own,
                                                         const std::string& guard) {
  const std::string& file = own.empty() ? guard : own;
  std::string text(Embedded().schema);
  if (!file.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(text, io::ReadWholeFile(fs, file, kSchemaBytesMax));
  }
  if (text.empty()) return nullptr;
  TICKSCOPE_ASSIGN_OR_RETURN(schema::Schema schema,
                             schema::ReadSchema(text, file.empty() ? "schema/game.yaml" : file));
  return std::make_shared<const schema::Schema>(std::move(schema));
}

}  // namespace

Console::Console(const ConsoleDependencies& dependencies, const ConsoleConfig& config)
    : deps_(dependencies), config_(config), pages_(Embedded().pages) {}

Result<std::unique_ptr<Console>> Console::Open(const ConsoleDependencies& dependencies,
                                               const ConsoleConfig& config) {
  std::unique_ptr<Console> console(new Console(dependencies, config));
  if (!config.pages_dir.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(console->pages_, PageFiles::Load(dependencies.fs, config.pages_dir));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(console->schema_,
                             LoadSchema(dependencies.fs, config.schema_file, dependencies.guard_schema_file));
  TICKSCOPE_RETURN_IF_ERROR(console->OpenStores());
  return console;
}

Console::~Console() {
  Stop();
}

void Console::Stop() {
  if (is_stopping_.exchange(true) || housekeeper_ == nullptr) return;
  housekeeper_->Join();
  KeepNotes();
}

Status Console::OpenStores() {
  const auto open_log = [&](const char* name) {
    return KeyedLog::Open(deps_.fs, deps_.directory + "/" + name + ".log", {});
  };
  TICKSCOPE_ASSIGN_OR_RETURN(dashboard_log_, open_log("dashboards"));
  TICKSCOPE_ASSIGN_OR_RETURN(annotation_log_, open_log("annotations"));
  TICKSCOPE_ASSIGN_OR_RETURN(link_log_, open_log("view_links"));
  TICKSCOPE_ASSIGN_OR_RETURN(usage_log_, open_log("metric_usage"));
  TICKSCOPE_ASSIGN_OR_RETURN(history_log_, open_log("cardinality"));
  usage_ = std::make_unique<MetricUsage>(*usage_log_, deps_.clock, MetricUsage::Limits{});
  history_ = std::make_unique<CardinalityHistory>(*history_log_);
  folder_ = std::make_unique<DashboardFolder>(
      deps_.fs, deps_.clock, config_.dashboards_dir,
      DashboardFolder::Bounds{.files_max = 1'000, .file_bytes_max = config_.dashboard_bytes_max});
  dashboards_ = std::make_unique<Dashboards>(Embedded().dashboards, *folder_, *dashboard_log_, deps_.clock,
                                             Dashboards::Limits{.dashboards_max = config_.dashboards_max});
  annotations_ =
      std::make_unique<Annotations>(*annotation_log_, deps_.clock, deps_.random,
                                    Annotations::Limits{.annotations_max = config_.annotations_max});
  if (!deps_.view_key.empty()) {
    links_ = std::make_unique<ViewLinks>(
        *link_log_, deps_.clock, deps_.random, deps_.view_key,
        ViewLinks::Limits{.links_max = config_.view_links_max,
                          .requests_per_second = config_.view_requests_per_second});
  }
  housekeeper_ = SystemThreads().Start("console", [this] { return KeepHouse(); });
  return {};
}

void Console::KeepNotes() {
  const Status kept = [&]() -> Status {
    TICKSCOPE_RETURN_IF_ERROR(usage_->Flush());
    for (const TenantId& tenant : deps_.process.Tenants()) {
      const SeriesCounts counts = deps_.process.CountSeries(tenant, CardinalityHistory::kMetricsMax);
      if (counts.total == 0) continue;
      TICKSCOPE_RETURN_IF_ERROR(
          history_->Sample(tenant, deps_.clock.NowMs(), counts.total, counts.by_metric));
    }
    return {};
  }();
  if (!kept) Log(LogLevel::kWarn, "the console's notes are not kept", {{"error", kept.error().message}});
}

Turn Console::KeepHouse() {
  if (is_stopping_) return Turn::Done();
  const std::chrono::nanoseconds now = deps_.clock.Monotonic();
  if (next_keep_ == std::chrono::nanoseconds(0)) next_keep_ = now + kFlushEvery;
  if (now >= next_keep_) {
    next_keep_ = now + kFlushEvery;
    const Status flushed = usage_->Flush();
    if (!flushed)
      Log(LogLevel::kWarn, "the console's notes are not kept", {{"error", flushed.error().message}});
    if (++flushes_ % kFlushesASample == 0) KeepNotes();
  }
  if (links_ != nullptr) links_->KeepHouse();
  return Turn::Wait(kHouseEvery);
}

void Console::AddConfigEndpoint(ConsoleRoutes& routes) {
  routes.Add("GET", "/api/v1/console/config", "config", [this](const ConsoleCall& call) {
    return Success([&](JsonWriter& json) -> Status {
      json.BeginObject();
      WriteText("version", deps_.version, json);
      WriteText("revision", pages_.revision(), json);
      WriteInt("now", deps_.clock.NowMs(), json);
      WriteText("tenant", call.tenant, json);
      WriteFlag("readOnly", config_.read_only, json);
      json.Key("query_limits");
      json.BeginObject();
      json.Key("timeout_seconds");
      json.Number(deps_.bounds.timeout_seconds);
      WriteCount("points_max", deps_.bounds.points_max, json);
      WriteCount("live_queries_max", deps_.bounds.live_queries_max, json);
      json.Key("live_step_min_seconds");
      json.Number(deps_.bounds.live_step_min_seconds);
      WriteCount("live_points_max", deps_.bounds.live_points_max, json);
      json.EndObject();
      json.Key("refreshes");
      json.BeginArray();
      for (const char* const refresh : kRefreshes)
        json.String(refresh);
      json.EndArray();
      json.Key("schema");
      WriteSchemaName(schema_.get(), json);
      json.Key("features");
      json.BeginArray();
      json.String("dashboards");
      json.String("annotations");
      if (links_ != nullptr) json.String("view_links");
      if (config_.costs.is_on()) json.String("costs");
      for (const std::string& feature : deps_.features)
        json.String(feature);
      json.EndArray();
      json.EndObject();
      return {};
    });
  });
}

void Console::AddRoutes(http::Router& router) {
  ConsoleRoutes routes(router, deps_.pool, deps_.metrics);
  AddConfigEndpoint(routes);
  AddSchemaEndpoints(routes, schema_);
  AddStatusEndpoints(routes, {.process = deps_.process,
                              .clock = deps_.clock,
                              .usage = *usage_,
                              .history = *history_,
                              .schema = schema_,
                              .version = deps_.version,
                              .costs = config_.costs});
  AddDashboardEndpoints(routes, *dashboards_, config_);
  AddAnnotationEndpoints(routes, *annotations_, deps_.clock, config_);
  if (links_ != nullptr) {
    AddViewEndpoints(routes, router,
                     {.links = *links_,
                      .dashboards = *dashboards_,
                      .schema = schema_,
                      .process = deps_.process,
                      .usage = *usage_,
                      .clock = deps_.clock,
                      .pool = deps_.pool,
                      .router = router},
                     config_);
  }
  ServePages(router, pages_,
             {.frame_ancestors = config_.frame_ancestors, .landing_page = deps_.landing_page});
}

bool IsForEverybody(const http::Request& request, const http::Router& router) {
  const std::string_view path = request.path();
  if (path.starts_with(kViewPrefix)) return true;
  if (request.method != "GET" && request.method != "HEAD") return false;
  return !path.starts_with("/api/") && !router.Knows(path);
}

}  // namespace tickscope::console
