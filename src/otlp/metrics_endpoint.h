// MetricsEndpoint: OTLP/HTTP metrics, to the gateway.
//
//   POST /v1/metrics, or wherever it is registered       protobuf or JSON, gzip or not
//
// Answers 200 when everything acceptable is durable; what was refused is told as partial success, with the number of data
// points and why. 400 with a google.rpc.Status when the request does not decode; 429 or 503 with Retry-After when it may be
// sent again.
//
// Bounds    Those of gateway and decoder; a request space for each thread that works at once.
// Threads   Thread-safe; decoding runs on the workers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/worker_pool.h"
#include "http/router.h"
#include "ingest/gateway.h"
#include "otlp/export_answer.h"
#include "otlp/metrics_request.h"
#include "otlp/translation.h"

namespace tickscope::otlp {

class MetricsEndpoint {
 public:
  /// Everything given outlives the endpoint, but for `translation`.
  MetricsEndpoint(ingest::Gateway& gateway, WorkerPool& workers, Random& random, MetricRegistry& metrics,
                  Translation translation);
  ~MetricsEndpoint();

  /// Adds the route; this outlives the router's last request.
  void Register(http::Router& router, std::string_view path);

 private:
  // What one request needs while it is decoded; kept for the next.
  struct Scratch;

  void Handle(const http::Request& request, http::Respond respond);
  void Export(const http::Request& request, Encoding encoding, Scratch& scratch, http::Respond respond);
  [[nodiscard]] std::unique_ptr<Scratch> TakeScratch();
  void ReturnScratch(std::unique_ptr<Scratch> scratch);

  ingest::Gateway& gateway_;
  WorkerPool& workers_;
  const Translation translation_;
  const std::uint64_t seed_;
  Counter* points_;
  std::array<Counter*, kRefusals> refused_;
  Mutex mu_;
  std::vector<std::unique_ptr<Scratch>> idle_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::otlp
