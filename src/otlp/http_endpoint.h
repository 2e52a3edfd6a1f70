// HttpEndpoint: OTLP/HTTP, to who takes it.
//
//   POST /v1/metrics, /v1/logs, /v1/traces below where it is registered       protobuf or JSON; gzip, zstd or neither
//
// Answers 200 when everything acceptable is durable; what was refused is told as partial success, with the number of data
// points, log records or spans and why. 400 with a google.rpc.Status when the request does not decode; 429 or 503 with
// Retry-After when it may be sent again.
//
// Bounds    Those of the door; a space for each thread that works at once.
// Threads   Thread-safe; decoding runs on the workers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/worker_pool.h"
#include "http/router.h"
#include "otlp/export_answer.h"
#include "otlp/export_door.h"
#include "otlp/json_request.h"

namespace tickscope::otlp {

class HttpEndpoint {
 public:
  /// Everything given outlives the endpoint.
  HttpEndpoint(ExportDoor& door, WorkerPool& workers) : door_(door), workers_(workers) {}

  /// Adds the routes below `prefix`, "" or "/api/v1/otlp"; this outlives the router's last request.
  void Register(http::Router& router, std::string_view prefix);

 private:
  // What one request needs while it is unpacked; kept for the next.
  struct Scratch {
    std::string body;
    JsonRequests json;
  };

  void Handle(Signal signal, const http::Request& request, http::Respond respond);
  void Export(Signal signal, const http::Request& request, Encoding encoding, Scratch& scratch,
              http::Respond respond);

  ExportDoor& door_;
  WorkerPool& workers_;
  Mutex mu_;
  std::vector<std::unique_ptr<Scratch>> idle_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::otlp
