#include "signals/loki_endpoint.h"

#include <utility>

#include "http/content_coding.h"
#include "http/zstd.h"
#include "ingest/delivery_of.h"
#include "ingest/write_status.h"
#include "wire/delivery_headers.h"
#include "wire/remote_write_decode.h"
#include "wire/tenant_header.h"

namespace tickscope::signals {
namespace {

// A scratch space that one large request blew up is not kept.
constexpr std::size_t kScratchBytesKept = 4U << 20;

http::Response MakeResponse(const SignalAnswer& answer) {
  http::Response response;
  response.status = 204;
  std::string_view text;
  if (answer.error) {
    ingest::SetWriteStatus(*answer.error, response);
    text = answer.error->message;
  } else if (answer.refused > 0) {
    response.status = 400;
    text = answer.message;
  }
  if (answer.is_duplicate) response.headers.Set(wire::kDuplicateHeader, "1");
  if (response.status == 204) return response;
  response.headers.Set("Content-Type", "text/plain; charset=utf-8");
  response.body = std::string(text) + "\n";
  return response;
}

}  // namespace

void LokiEndpoint::Register(http::Router& router, std::string_view path) {
  router.Add("POST", path, [this](http::Request request, const http::PathParameters&, http::Respond respond) {
    // Shared, so that the answer can still be given when the queue does not take the task.
    auto reply = std::make_shared<http::Respond>(std::move(respond));
    const bool taken = workers_.Submit(
        [this, reply, request = std::move(request)]() mutable { Handle(request, std::move(*reply)); });
    if (!taken) (*reply)(MakeResponse({.error = Error{ErrorCode::kUnavailable, "the write queue is full"}}));
  });
}

Status LokiEndpoint::Decode(const http::Request& request, Scratch& scratch, Intake& intake,
                            std::size_t& content_bytes) const {
  const SignalOptions& options = gateway_.options();
  const std::string_view type = request.headers.Get("Content-Type");
  const std::string_view media = ingest::TrimHeader(type.substr(0, type.find(';')));
  const std::string_view coding = request.headers.Get("Content-Encoding");
  if (http::EqualsIgnoreCase(media, "application/json")) {
    TICKSCOPE_ASSIGN_OR_RETURN(
        const std::string_view json,
        http::DecodeContent(coding, request.body, options.request_bytes_max, scratch.text));
    content_bytes = json.size();
    TICKSCOPE_RETURN_IF_ERROR(gateway_.Admit(intake.kind(), intake.tenant(), content_bytes));
    return scratch.json.Decode(json, options, intake);
  }
  // No media type means protobuf, as Loki has it.
  if (!media.empty() && !http::EqualsIgnoreCase(media, "application/x-protobuf")) {
    return Fail(ErrorCode::kUnsupported, "unsupported media type: got \"" + std::string(type.substr(0, 128)) +
                                             "\", want application/x-protobuf or application/json");
  }
  // As our agents send when they are told.
  if (http::EqualsIgnoreCase(coding, "zstd")) {
    TICKSCOPE_ASSIGN_OR_RETURN(scratch.text, http::Unzstd(request.body, options.request_bytes_max));
    content_bytes = scratch.text.size();
    TICKSCOPE_RETURN_IF_ERROR(gateway_.Admit(intake.kind(), intake.tenant(), content_bytes));
    return DecodePush(scratch.text, options, intake);
  }
  if (!coding.empty() && !http::EqualsIgnoreCase(coding, "snappy")) {
    return Fail(ErrorCode::kUnsupported, "unsupported content encoding of protobuf: got \"" +
                                             std::string(coding.substr(0, 64)) + "\", want snappy or zstd");
  }
  TICKSCOPE_RETURN_IF_ERROR(wire::DecompressSnappy(request.body, options.request_bytes_max, scratch.message));
  content_bytes = scratch.message.size();
  TICKSCOPE_RETURN_IF_ERROR(gateway_.Admit(intake.kind(), intake.tenant(), content_bytes));
  return DecodePush(AsText(scratch.message), options, intake);
}

void LokiEndpoint::Handle(const http::Request& request, http::Respond respond) {
  auto done = [respond = std::move(respond)](const SignalAnswer& answer) mutable {
    respond(MakeResponse(answer));
  };
  const auto tenant = wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader));
  if (!tenant) return gateway_.Refuse(codec::RecordKind::kLogs, tenant.error(), std::move(done));
  const auto delivery = ingest::DeliveryOf(request);
  if (!delivery) return gateway_.Refuse(codec::RecordKind::kLogs, delivery.error(), std::move(done));
  if (const auto answer = gateway_.BeginPush(codec::RecordKind::kLogs, *tenant, *delivery))
    return done(*answer);
  std::unique_ptr<Scratch> scratch;
  {
    const MutexLock lock(mu_);
    if (!idle_.empty()) {
      scratch = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (scratch == nullptr) scratch = std::make_unique<Scratch>();
  Intake intake = gateway_.Begin(codec::RecordKind::kLogs, *tenant, *delivery);
  std::size_t content_bytes = 0;
  if (const Status decoded = Decode(request, *scratch, intake, content_bytes); decoded) {
    gateway_.Commit(std::move(intake), content_bytes, *delivery, std::move(done));
  } else {
    gateway_.EndPush(*tenant, *delivery);
    gateway_.Refuse(codec::RecordKind::kLogs, decoded.error(), std::move(done));
  }
  if (scratch->text.capacity() + scratch->message.capacity() > kScratchBytesKept) return;
  const MutexLock lock(mu_);
  idle_.push_back(std::move(scratch));
}

}  // namespace tickscope::signals
