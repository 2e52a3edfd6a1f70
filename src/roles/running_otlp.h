// RunningOtlp: the agent's OTLP listeners, by HTTP and gRPC, with the thread that decodes what they bring.
//
// Requests are decoded one at a time: a JSON request takes fourteen times its bytes while that lasts.
#pragma once

#include <memory>
#include <vector>

#include "agent/agent.h"
#include "agent/agent_config.h"
#include "agent/agent_status.h"
#include "agent/otlp_door.h"
#include "agent/otlp_metrics.h"
#include "agent/otlp_series.h"
#include "base/worker_pool.h"
#include "http/router.h"
#include "http/server.h"
#include "otlp/grpc_endpoint.h"
#include "otlp/http_endpoint.h"
#include "plugin/grpc_server.h"
#include "roles/running_logs.h"

namespace tickscope::roles {

class RunningOtlp {
 public:
  /// Null when the configuration has no OTLP. The context, whose loop is the agent's, outlives it; agent and logs (null for none) until Stop
  /// has returned. Errors: as http::Server::Start and plugin::StartGrpcServer.
  [[nodiscard]] static Result<std::unique_ptr<RunningOtlp>> Start(const agent::AgentConfig& config,
                                                                  const agent::AgentContext& context,
                                                                  agent::Agent& agent, RunningLogs* logs);
  ~RunningOtlp();

  /// From now on senders are told to come again. On any thread.
  void Shut() { door_->Shut(); }
  /// Answers those who wait, and ends. Not on a loop's thread; those loops may have ended.
  void Stop();

  [[nodiscard]] agent::OtlpStatus Describe() const;

 private:
  RunningOtlp(const agent::AgentConfig& config, const agent::AgentContext& context,
              agent::OtlpDoor::Roads roads);

  agent::OtlpMetrics metrics_;
  agent::OtlpSeries series_;
  std::unique_ptr<agent::OtlpDoor> door_;
  WorkerPool decoder_;
  otlp::HttpEndpoint http_endpoint_;
  otlp::GrpcEndpoint grpc_endpoint_;
  http::Router router_;
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<plugin::GrpcServer> grpc_;
};

}  // namespace tickscope::roles
