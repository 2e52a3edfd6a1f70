// POST /api/v1/write: Prometheus remote write 1.0 and 2.0 over HTTP, with the status codes senders act on.
//
//   204  everything was written, now or by an earlier push of the same number (X-Tickscope-Duplicate)
//   202  of a replica that is not elected: the elected one's samples are written
//   400  something was refused for good; in 2.0 the X-Prometheus-Remote-Write-*-Written headers say how much was not
//   413  the body is larger than allowed, as sent or as declared inside
//   415  a media type, message or encoding that is not served
//   429  the tenant sends more than it may; send the same again after Retry-After
//   503  the stream or the queue is full; send the same again after Retry-After
#pragma once

#include "base/worker_pool.h"
#include "http/router.h"
#include "ingest/gateway.h"

namespace tickscope::ingest {

/// Adds the route. `gateway` and `workers` outlive the router; decoding runs on `workers`, whose full queue is 503.
void RegisterRemoteWrite(http::Router& router, Gateway& gateway, WorkerPool& workers);

}  // namespace tickscope::ingest
