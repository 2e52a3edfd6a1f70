// status/platform, and cardinality/unused, usage, history, owners, costs: what the process holds, and what of it nobody needs.
#pragma once

#include <memory>
#include <string>

#include "console/cardinality_history.h"
#include "console/console_route.h"
#include "console/cost_budgets.h"
#include "console/metric_usage.h"
#include "console/process_sources.h"
#include "schema/schema.h"

namespace tickscope::console {

/// Everything outlives the router.
struct StatusDependencies {
  const ProcessSource& process;
  const Clock& clock;
  MetricUsage& usage;
  CardinalityHistory& history;
  std::shared_ptr<const schema::Schema> schema;  ///< May be null.
  std::string version;
  CostBudgets costs;
};

void AddStatusEndpoints(ConsoleRoutes& routes, const StatusDependencies& dependencies);

}  // namespace tickscope::console
