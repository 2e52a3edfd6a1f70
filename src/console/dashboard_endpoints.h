// dashboards: list, read, create, save with If-Match, remove.
#pragma once

#include "console/console_config.h"
#include "console/console_route.h"
#include "console/dashboards.h"

namespace tickscope::console {

/// `dashboards` outlives the router.
void AddDashboardEndpoints(ConsoleRoutes& routes, Dashboards& dashboards, const ConsoleConfig& config);

/// Errors: kPermissionDenied where nothing is stored by request.
[[nodiscard]] Status MayChange(const ConsoleConfig& config);

}  // namespace tickscope::console
