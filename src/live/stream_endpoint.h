// GET and POST /api/v1/stream: queries in (live/live_query.h), server-sent events out (live/event_text.h).
#pragma once

#include "http/router.h"
#include "live/live_hub.h"
#include "promql/engine.h"

namespace tickscope::live {

/// `hub`, `engine` and `metrics` outlive the router. The tenant is X-Scope-OrgID's; a client that comes back says where
/// it was by Last-Event-ID, or where it cannot set headers by the parameter last_event_id.
void RegisterStream(http::Router& router, LiveHub& hub, const promql::Engine& engine,
                    MetricRegistry& metrics);

}  // namespace tickscope::live
