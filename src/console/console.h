// Console: the face of the server: pages, and what they ask beside queries.
//
//   /                      pages (page_files.h), as one program that looks at its address itself
//   /api/v1/console/...    what a page needs to know first
//   /api/v1/schema/...     metrics and SLIs of the schema
//   /api/v1/dashboards     Perses dashboards: shipped, of a folder, stored
//   /api/v1/status/platform, /api/v1/cardinality/unused, usage, history, owners, costs
//   /api/v1/annotations    what happened to the game
//   /api/v1/view_links     links to one page that need no login, and /api/v1/view/TOKEN behind them
//
// What is stored lies in DIRECTORY/*.log (keyed_log.h).
//
// Threads   Thread-safe once opened.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/threads.h"
#include "base/worker_pool.h"
#include "console/annotations.h"
#include "console/cardinality_history.h"
#include "console/console_config.h"
#include "console/dashboard_folder.h"
#include "console/dashboards.h"
#include "console/keyed_log.h"
#include "console/metric_usage.h"
#include "console/page_files.h"
#include "console/process_sources.h"
#include "console/view_links.h"
#include "http/router.h"
#include "io/file_system.h"
#include "schema/schema.h"

namespace tickscope::console {

/// What pages must not ask more of, told by console/config.
struct QueryBounds {
  double timeout_seconds = 0;
  std::uint64_t points_max = 0;
  std::uint64_t live_queries_max = 0;
  double live_step_min_seconds = 0;
  std::uint64_t live_points_max = 0;
};

/// Everything outlives the console.
struct ConsoleDependencies {
  io::FileSystem& fs;
  const Clock& clock;
  MetricRegistry& metrics;
  WorkerPool& pool;
  Random& random;         ///< Used by Open only.
  std::string directory;  ///< Of what is stored.
  std::string view_key;   ///< Signs viewer links; kViewKeyBytes, or empty for no links.
  std::string version;
  std::string landing_page;       ///< HTML for a binary without pages.
  std::string guard_schema_file;  ///< Of the guard; empty for none.
  const ProcessSource& process;
  QueryBounds bounds;
  std::vector<std::string> features;  ///< Of this process, beside the console's own.
};

class Console {
 public:
  /// Errors: a schema or a directory of pages that cannot be read, saying where.
  [[nodiscard]] static Result<std::unique_ptr<Console>> Open(const ConsoleDependencies& dependencies,
                                                             const ConsoleConfig& config);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// Adds the endpoints, and the pages as the router's fallback. The router's handlers end before the console.
  void AddRoutes(http::Router& router);
  /// Where what queries select is noted.
  [[nodiscard]] MetricUsage& usage() { return *usage_; }
  /// Ends its thread, and keeps what was noted.
  void Stop();

 private:
  Console(const ConsoleDependencies& dependencies, const ConsoleConfig& config);
  [[nodiscard]] Status OpenStores();
  void AddConfigEndpoint(class ConsoleRoutes& routes);
  [[nodiscard]] Turn KeepHouse();
  void KeepNotes();

  const ConsoleDependencies deps_;
  const ConsoleConfig config_;
  PageFiles pages_;
  std::shared_ptr<const schema::Schema> schema_;
  std::unique_ptr<KeyedLog> dashboard_log_;
  std::unique_ptr<KeyedLog> annotation_log_;
  std::unique_ptr<KeyedLog> link_log_;
  std::unique_ptr<KeyedLog> usage_log_;
  std::unique_ptr<KeyedLog> history_log_;
  std::unique_ptr<MetricUsage> usage_;
  std::unique_ptr<CardinalityHistory> history_;
  std::unique_ptr<DashboardFolder> folder_;
  std::unique_ptr<Dashboards> dashboards_;
  std::unique_ptr<Annotations> annotations_;
  std::unique_ptr<ViewLinks> links_;  // Null without a key.
  std::atomic<bool> is_stopping_{false};
  std::chrono::nanoseconds next_keep_{0};  // Of the housekeeper.
  std::uint64_t flushes_ = 0;              // Likewise.
  std::unique_ptr<Worker> housekeeper_;
};

/// Whether a request needs no login: a page, which holds nothing of anybody, or what a viewer link lets in. No route of the
/// API but those is ever reached so.
[[nodiscard]] bool IsForEverybody(const http::Request& request, const http::Router& router);

}  // namespace tickscope::console
