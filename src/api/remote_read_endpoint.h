// POST /api/v1/read: Prometheus remote read, both kinds of answers (wire/remote_read.h).
//
//   200  all series of all queries
//   400  no request, a bad matcher, or a query without any that refuses the empty value
//   422  more series than a query may match, or an answer past response_bytes_max
//   503  no worker is free, or the time ran out
//
// Bounds    An answer by response_bytes_max, checked series by series; its time by query_timeout.
// Threads   Runs on the pool.
#pragma once

#include "api/prometheus_api.h"
#include "http/router.h"

namespace tickscope::api {

/// Adds the route. Everything outlives the router.
void RegisterRemoteRead(http::Router& router, const PrometheusApiDependencies& dependencies,
                        const PrometheusApiOptions& options);

}  // namespace tickscope::api
