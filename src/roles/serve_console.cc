// The console's part of ServeProcess: what it is made of, and what it is told of the process.
#include "api/process_routes.h"
#include "roles/serve.h"

namespace tickscope::roles {
namespace {

// As the API has it (api/query_endpoints.cc).
constexpr std::uint64_t kPointsMax = 11'000;

constexpr const char* kNoPages =
    "<p>The console is not in this binary: <code>./dev build</code> in a tree with <code>ui/</code> builds "
    "its pages and "
    "puts them in.</p>\n";

}  // namespace

tickscope::Status ServeProcess::OpenConsole() {
  if (!config_.console.enabled || store_ == nullptr || !roles_.query) return {};
  const live::LiveOptions& live = config_.live;
  console::ConsoleDependencies dependencies{
      .fs = environment_.fs,
      .clock = environment_.clock,
      .metrics = metrics_,
      .pool = *query_pool_,
      .version = environment_.version,
      .landing_page = api::LandingPage(environment_.version, kNoPages),
      .guard_schema_file = config_.guard.schema_file,
      .bounds = {.timeout_seconds = static_cast<double>(config_.query_timeout_ms) / 1000,
                 .points_max = kPointsMax,
                 .live_queries_max = live.queries.queries_max,
                 .live_step_min_seconds = static_cast<double>(live.queries.step_min_ms) / 1000,
                 .live_points_max = live.points_max},
      .features = {"live", "cardinality"}};
  if (gateway_ != nullptr) dependencies.features.insert(dependencies.features.end(), {"limits", "guard"});
  if (tiers_ != nullptr) dependencies.features.emplace_back("tiers");
  if (sql_engine_ != nullptr) dependencies.features.emplace_back("sql");
  TICKSCOPE_ASSIGN_OR_RETURN(console_, console::Console::Open(dependencies, config_.console));
  return {};
}

}  // namespace tickscope::roles
