// Console: the face of the server: pages, and what they ask beside queries.
//
//   /                      pages (page_files.h), as one program that looks at its address itself
//   /api/v1/console/...    what a page needs to know first
//   /api/v1/schema/...     metrics and SLIs of the schema
//
// Threads   Thread-safe once opened.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "console/console_config.h"
#include "console/page_files.h"
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
  std::string version;
  std::string landing_page;       ///< HTML for a binary without pages.
  std::string guard_schema_file;  ///< Of the guard; empty for none.
  QueryBounds bounds;
  std::vector<std::string> features;  ///< Of this process, beside the console's own.
};

class Console {
 public:
  /// Errors: a schema or a directory of pages that cannot be read, saying where.
  [[nodiscard]] static Result<std::unique_ptr<Console>> Open(const ConsoleDependencies& dependencies,
                                                             const ConsoleConfig& config);

  /// Adds the endpoints, and the pages as the router's fallback. The router's handlers end before the console.
  void AddRoutes(http::Router& router);

 private:
  Console(const ConsoleDependencies& dependencies, const ConsoleConfig& config);
  void AddConfigEndpoint(class ConsoleRoutes& routes);

  const ConsoleDependencies deps_;
  const ConsoleConfig config_;
  PageFiles pages_;
  std::shared_ptr<const schema::Schema> schema_;
};

/// Whether a request needs no login: a page, which holds nothing of anybody, or what a viewer link lets in. No route of the
/// API but those is ever reached so.
[[nodiscard]] bool IsForEverybody(const http::Request& request, const http::Router& router);

}  // namespace tickscope::console
