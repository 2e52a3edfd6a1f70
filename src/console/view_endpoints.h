// view_links: make, list, revoke. view/TOKEN: the page of a link, and its queries, for who has no login.
//
// A viewer names queries of the page by their place; which PromQL that is, is looked up here, and goes the way of every other
// query from there on, as one of the class dashboard and of the link's own user. So a link lets in what its page asks, and
// nothing else.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/worker_pool.h"
#include "console/console_config.h"
#include "console/console_route.h"
#include "console/dashboards.h"
#include "console/metric_usage.h"
#include "console/process_sources.h"
#include "console/view_links.h"
#include "http/router.h"
#include "schema/schema.h"

namespace tickscope::console {

/// Everything outlives the router; it serves query, query_range and stream.
struct ViewDependencies {
  ViewLinks& links;
  Dashboards& dashboards;
  std::shared_ptr<const schema::Schema> schema;
  const ProcessSource& process;
  MetricUsage& usage;
  const Clock& clock;
  WorkerPool& pool;  ///< Where a viewer's query is looked up.
  const http::Router& router;
};

void AddViewEndpoints(ConsoleRoutes& routes, http::Router& router, const ViewDependencies& dependencies,
                      const ConsoleConfig& config);

/// The parts of the game that each SLI of an overview may be asked for, in the order of their places: all, and by a label.
[[nodiscard]] std::vector<std::string> OverviewParts(const schema::Schema& schema);

}  // namespace tickscope::console
