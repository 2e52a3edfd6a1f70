#include "otlp/grpc_endpoint.h"

#include <optional>
#include <utility>

#include "http/gzip.h"
#include "otlp/export_answer.h"

namespace tickscope::otlp {
namespace {

constexpr std::int32_t kRetryAfterS = 1;
constexpr std::string_view kGzipMagic = "\x1f\x8b";

std::optional<Signal> SignalOf(std::string_view method) {
  if (method == "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export") return Signal::kMetrics;
  if (method == "/opentelemetry.proto.collector.logs.v1.LogsService/Export") return Signal::kLogs;
  if (method == "/opentelemetry.proto.collector.trace.v1.TraceService/Export") return Signal::kTraces;
  return std::nullopt;
}

}  // namespace

plugin::GrpcAnswer GrpcEndpoint::AnswerOf(const Error& error) {
  plugin::GrpcAnswer answer{.code = RpcCodeOf(error.code), .message = error.message};
  // What the sender can do nothing about but wait.
  const bool may_retry = error.code == ErrorCode::kRateLimited ||
                         error.code == ErrorCode::kResourceExhausted || error.code == ErrorCode::kUnavailable;
  if (may_retry) answer.retry_after_s = kRetryAfterS;
  return answer;
}

plugin::GrpcTaker GrpcEndpoint::Handle(plugin::GrpcCall& call) {
  const auto signal = SignalOf(call.method());
  if (!signal) {
    call.Answer(AnswerOf({ErrorCode::kUnsupported, "unknown method: want Export of OTLP's services"}));
    return nullptr;
  }
  const auto tenant = admit_(call);
  if (!tenant) {
    call.Answer(AnswerOf(tenant.error()));
    return nullptr;
  }
  return [this, signal = *signal, tenant = *tenant](const std::shared_ptr<plugin::GrpcCall>& taken) {
    const bool has_room = workers_.Submit([this, signal, tenant, taken] { Export(signal, tenant, taken); });
    if (!has_room) taken->Answer(AnswerOf({ErrorCode::kResourceExhausted, "the write queue is full"}));
  };
}

void GrpcEndpoint::Export(Signal signal, const TenantId& tenant,
                          const std::shared_ptr<plugin::GrpcCall>& call) {
  // Nobody would learn that it was written, and it would be sent again.
  if (call->is_expired())
    return call->Answer(AnswerOf({ErrorCode::kDeadlineExceeded, "the deadline passed in the queue"}));
  ExportCallback done = [signal, call](const ExportOutcome& outcome) {
    if (outcome.error) return call->Answer(AnswerOf(*outcome.error));
    call->Answer(
        {.message = EncodeExportResponse(signal, Encoding::kProtobuf, outcome.refused, outcome.message)});
  };
  std::string_view message = call->message();
  const std::size_t bytes_max = service_.request_bytes_max(signal);
  std::string plain;
  // No request begins so: it would be a field 3 of a wire type there is not.
  if (message.starts_with(kGzipMagic)) {
    auto unpacked = http::Gunzip(message, bytes_max);
    if (!unpacked) return service_.Refuse(signal, std::move(unpacked).error(), std::move(done));
    plain = *std::move(unpacked);
    message = plain;
  }
  if (message.size() > bytes_max) {
    return service_.Refuse(
        signal, {ErrorCode::kOutOfRange, "request too large: bytes_max=" + std::to_string(bytes_max)},
        std::move(done));
  }
  service_.Export(signal, tenant, message, std::move(done));
}

}  // namespace tickscope::otlp
