#include "roles/running_otlp.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "wire/tenant_header.h"

namespace tickscope::roles {
namespace {

constexpr std::size_t kWaitingRequestsMax = 256;
constexpr std::chrono::milliseconds kDrain{1'000};

// Calls whose messages together are no more than all bodies by HTTP.
std::uint32_t CallsMax(const agent::OtlpConfig& otlp) {
  return static_cast<std::uint32_t>(
      std::clamp<std::size_t>(agent::kOtlpBytesMax / otlp.body_bytes_max, 1, otlp.connections_max));
}
constexpr std::string_view kTenantMetadata = "x-scope-orgid";

agent::OtlpDoor::Roads RoadsTo(const agent::AgentConfig& config, io::EventLoop& loop, agent::Agent& agent,
                               RunningLogs* logs) {
  agent::OtlpDoor::Roads roads;
  if (!config.remote_writes.empty()) {
    roads.metrics = [&loop, &agent](agent::WriteBatchPtr batch, agent::CommitGroup::Done done) {
      loop.Post([&agent, batch = std::move(batch), done = std::move(done)]() mutable {
        agent.Take(batch, std::move(done));
      });
    };
  }
  if (logs != nullptr) {
    roads.logs = [logs](std::string message, otlp::ExportCallback done) {
      logs->TakeOtlp(std::move(message), std::move(done));
    };
  }
  return roads;
}

}  // namespace

RunningOtlp::RunningOtlp(const agent::AgentConfig& config, const agent::AgentContext& context,
                         agent::OtlpDoor::Roads roads)
    : metrics_(*context.registry),
      series_(config.otlp, config.external_labels, context, metrics_),
      door_(
          std::make_unique<agent::OtlpDoor>(config.otlp.body_bytes_max, std::move(roads), series_, metrics_)),
      decoder_(1, kWaitingRequestsMax),
      http_endpoint_(*door_, decoder_),
      grpc_endpoint_(*door_, decoder_, [](const plugin::GrpcCall& call) {
        return wire::ParseTenantHeader(call.header(kTenantMetadata));
      }) {
  http_endpoint_.Register(router_, "");
}

Result<std::unique_ptr<RunningOtlp>> RunningOtlp::Start(const agent::AgentConfig& config,
                                                        const agent::AgentContext& context,
                                                        agent::Agent& agent, RunningLogs* logs) {
  const agent::OtlpConfig& otlp = config.otlp;
  if (!otlp.is_on()) return nullptr;
  auto running = std::unique_ptr<RunningOtlp>(
      new RunningOtlp(config, context, RoadsTo(config, context.loop, agent, logs)));
  if (!otlp.http.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(
        running->http_, http::Server::Start(
                            context.network,
                            {.address = otlp.http,
                             .connections_max = otlp.connections_max,
                             .body_bytes_max = otlp.body_bytes_max,
                             .body_bytes_in_flight_max = agent::kOtlpBytesMax},
                            [&router = running->router_](http::Request request, http::Respond respond) {
                              router.Handle(std::move(request), std::move(respond));
                            },
                            *context.registry));
  }
  if (!otlp.grpc.empty()) {
    TICKSCOPE_ASSIGN_OR_RETURN(
        running->grpc_,
        plugin::StartGrpcServer(
            {.address = otlp.grpc, .message_bytes_max = otlp.body_bytes_max, .calls_max = CallsMax(otlp)},
            [&endpoint = running->grpc_endpoint_](plugin::GrpcCall& call) { return endpoint.Handle(call); }));
  }
  for (const std::string& address : running->Describe().addresses)
    Log(LogLevel::kInfo, "takes OTLP", {{"address", address}});
  return running;
}

RunningOtlp::~RunningOtlp() {
  Stop();
}

void RunningOtlp::Stop() {
  door_->Shut();
  decoder_.Stop();
  door_->Close();
  if (http_ != nullptr) http_->Drain(kDrain);
  if (grpc_ != nullptr) grpc_->Drain(kDrain);
  http_.reset();
  grpc_.reset();
}

agent::OtlpStatus RunningOtlp::Describe() const {
  agent::OtlpStatus status{.addresses = {},
                           .requests = metrics_.requests(),
                           .points = metrics_.points->value(),
                           .refused_points = metrics_.refused_points(),
                           .series = static_cast<std::size_t>(metrics_.series->value())};
  if (http_ != nullptr) status.addresses.push_back("http://" + http_->address());
  if (grpc_ != nullptr) status.addresses.push_back("grpc://" + grpc_->address());
  return status;
}

}  // namespace tickscope::roles
