// GrpcEndpoint: OTLP/gRPC, to the export service. Export of the metrics, logs and trace services; gzip or not.
//
// Answers OK when everything acceptable is durable, with what was refused as partial success. RESOURCE_EXHAUSTED and
// UNAVAILABLE come with RetryInfo: the request may be sent again.
//
// Bounds    Those of the service. A message is unpacked here, after the size it announces was checked.
// Threads   Thread-safe; decoding runs on the workers.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/worker_pool.h"
#include "model/tenant.h"
#include "otlp/export_service.h"
#include "plugin/grpc_server.h"

namespace tickscope::otlp {

/// Whose data a call brings. Errors: why it is not let in.
using GrpcAdmission = std::function<Result<TenantId>(const plugin::GrpcCall& call)>;

class GrpcEndpoint {
 public:
  /// Everything given outlives the endpoint, which outlives the server's last call.
  GrpcEndpoint(ExportService& service, WorkerPool& workers, GrpcAdmission admit)
      : service_(service), workers_(workers), admit_(std::move(admit)) {}

  /// The answer to a call that failed so.
  [[nodiscard]] static plugin::GrpcAnswer AnswerOf(const Error& error);

  /// Looks at a call, and refuses it before its message is read when it may not come in: for plugin::StartGrpcServer.
  [[nodiscard]] plugin::GrpcTaker Handle(plugin::GrpcCall& call);

 private:
  void Export(Signal signal, const TenantId& tenant, const std::shared_ptr<plugin::GrpcCall>& call);

  ExportService& service_;
  WorkerPool& workers_;
  const GrpcAdmission admit_;
};

}  // namespace tickscope::otlp
