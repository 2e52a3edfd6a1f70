#include "console/console.h"

#include <utility>

#include "console/console_route.h"
#include "console/embedded_files.h"
#include "console/page_endpoint.h"
#include "console/schema_endpoints.h"
#include "schema/schema_reader.h"
#include "wire/json_fields.h"

namespace tickscope::console {
namespace {

using wire::JsonWriter;

constexpr std::uint64_t kSchemaBytesMax = 4U << 20;
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
  return console;
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
