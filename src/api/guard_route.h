// The route that shows what a guard refused, for processes that serve no Prometheus API: agents.
#pragma once

#include "api/sources.h"
#include "http/router.h"

namespace tickscope::api {

/// Adds GET /api/v1/guard/rejects, which answers as a server's does, for the default tenant. `source` outlives the router.
void RegisterGuardRoute(http::Router& router, const GuardRejectSource& source);

}  // namespace tickscope::api
