#include "otlp/http_endpoint.h"

#include <optional>
#include <utility>

#include "http/content_coding.h"
#include "ingest/delivery_of.h"
#include "ingest/write_status.h"
#include "wire/delivery_headers.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::otlp {
namespace {

// A scratch space that one large request blew up is not kept.
constexpr std::size_t kScratchBytesKept = 8U << 20;

constexpr std::pair<Signal, std::string_view> kPaths[] = {
    {Signal::kMetrics, "/v1/metrics"}, {Signal::kLogs, "/v1/logs"}, {Signal::kTraces, "/v1/traces"}};

std::optional<Encoding> EncodingOf(const http::Request& request) {
  const std::string_view type = request.headers.Get("Content-Type");
  const std::string_view media = ingest::TrimHeader(type.substr(0, type.find(';')));
  if (http::EqualsIgnoreCase(media, ContentTypeOf(Encoding::kProtobuf))) return Encoding::kProtobuf;
  if (http::EqualsIgnoreCase(media, ContentTypeOf(Encoding::kJson))) return Encoding::kJson;
  return std::nullopt;
}

http::Response FailureResponse(Encoding encoding, const Error& error) {
  http::Response response;
  ingest::SetWriteStatus(error, response);
  response.headers.Set("Content-Type", ContentTypeOf(encoding));
  response.body = EncodeStatus(encoding, error);
  return response;
}

http::Response DeclineResponse(Encoding encoding, std::string why) {
  http::Response response = FailureResponse(encoding, {ErrorCode::kUnsupported, std::move(why)});
  response.status = 404;
  return response;
}

http::Response AnswerResponse(Signal signal, Encoding encoding, const ExportOutcome& outcome) {
  if (outcome.error) return FailureResponse(encoding, *outcome.error);
  http::Response response;
  response.headers.Set("Content-Type", ContentTypeOf(encoding));
  if (outcome.is_duplicate) response.headers.Set(wire::kDuplicateHeader, "1");
  response.body = EncodeExportResponse(signal, encoding, outcome.refused, outcome.message);
  return response;
}

}  // namespace

void HttpEndpoint::Register(http::Router& router, std::string_view prefix) {
  for (const auto& [signal, path] : kPaths) {
    router.Add("POST", std::string(prefix) + std::string(path),
               [this, signal](http::Request request, const http::PathParameters&, http::Respond respond) {
                 // Shared, so that the answer can still be given when the queue does not take the task.
                 auto reply = std::make_shared<http::Respond>(std::move(respond));
                 const Encoding encoding = EncodingOf(request).value_or(Encoding::kJson);
                 if (auto why = door_.Declines(signal))
                   return (*reply)(DeclineResponse(encoding, *std::move(why)));
                 const bool taken =
                     workers_.Submit([this, signal, reply, request = std::move(request)]() mutable {
                       Handle(signal, request, std::move(*reply));
                     });
                 if (!taken) {
                   const Error error{ErrorCode::kUnavailable, "the write queue is full"};
                   (*reply)(FailureResponse(encoding, error));
                 }
               });
  }
}

void HttpEndpoint::Handle(Signal signal, const http::Request& request, http::Respond respond) {
  const auto encoding = EncodingOf(request);
  if (!encoding) {
    const std::string_view type = request.headers.Get("Content-Type");
    const Error error{ErrorCode::kUnsupported, "unsupported media type: got \"" +
                                                   std::string(type.substr(0, 128)) +
                                                   "\", want application/x-protobuf or application/json"};
    return respond(FailureResponse(Encoding::kJson, error));
  }
  std::unique_ptr<Scratch> scratch;
  {
    const MutexLock lock(mu_);
    if (!idle_.empty()) {
      scratch = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (scratch == nullptr) scratch = std::make_unique<Scratch>();
  Export(signal, request, *encoding, *scratch, std::move(respond));
  if (scratch->body.capacity() > kScratchBytesKept) return;
  const MutexLock lock(mu_);
  idle_.push_back(std::move(scratch));
}

void HttpEndpoint::Export(Signal signal, const http::Request& request, Encoding encoding, Scratch& scratch,
                          http::Respond respond) {
  const auto tenant = wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader));
  if (!tenant) return respond(FailureResponse(encoding, tenant.error()));
  const auto delivery = ingest::DeliveryOf(request);
  if (!delivery) return respond(FailureResponse(encoding, delivery.error()));
  ExportCallback done = [signal, encoding,
                         respond = std::move(respond)](const ExportOutcome& outcome) mutable {
    respond(AnswerResponse(signal, encoding, outcome));
  };
  auto body = http::DecodeContent(request.headers.Get("Content-Encoding"), request.body,
                                  door_.request_bytes_max(signal), scratch.body);
  std::string from_json;
  if (body && encoding == Encoding::kJson) {
    if (auto message = scratch.json.ToProtobuf(signal, *body)) {
      from_json = *std::move(message);
      body = from_json;
    } else {
      body = std::unexpected(std::move(message).error());
    }
  }
  if (!body) return door_.Refuse(signal, std::move(body).error(), std::move(done));
  door_.Export(signal, *tenant, *body, *delivery, std::move(done));
}

}  // namespace tickscope::otlp
