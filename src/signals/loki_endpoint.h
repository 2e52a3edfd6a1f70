// LokiEndpoint: POST /loki/api/v1/push, to the signal gateway. Protobuf in a snappy block, or JSON as it is, gzip or zstd.
//
// Answers as Loki does: 204 when everything is durable; 400 with why when some lines were refused, and then the others are
// durable; 400 when the request does not decode; 429 or 503 with Retry-After when it may be sent again. A push that comes again under its number is
// answered 204, and not written again.
//
// Threads   Thread-safe; decoding runs on the workers.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/worker_pool.h"
#include "http/router.h"
#include "signals/loki_push.h"
#include "signals/signal_gateway.h"

namespace tickscope::signals {

class LokiEndpoint {
 public:
  /// Everything given outlives the endpoint.
  LokiEndpoint(SignalGateway& gateway, WorkerPool& workers) : gateway_(gateway), workers_(workers) {}

  /// Adds the route; this outlives the router's last request.
  void Register(http::Router& router, std::string_view path);

 private:
  // What one request needs while it is decoded; kept for the next.
  struct Scratch {
    std::string text;
    Bytes message;
    JsonPushReader json;
  };

  void Handle(const http::Request& request, http::Respond respond);
  [[nodiscard]] Status Decode(const http::Request& request, Scratch& scratch, Intake& intake,
                              std::size_t& content_bytes) const;

  SignalGateway& gateway_;
  WorkerPool& workers_;
  Mutex mu_;
  std::vector<std::unique_ptr<Scratch>> idle_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::signals
