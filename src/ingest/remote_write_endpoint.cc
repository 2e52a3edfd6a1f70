#include "ingest/remote_write_endpoint.h"

#include <memory>
#include <optional>

#include <string>
#include <utility>

#include "ingest/delivery_of.h"
#include "ingest/write_status.h"
#include "wire/delivery_headers.h"
#include "wire/remote_write_decode.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::ingest {
namespace {

using wire::RemoteWriteProtocol;

// What VictoriaMetrics' agents send, and ours when told.
constexpr std::string_view kZstd = "zstd";

// The message a content type names. No content type means 1.0, as old senders leave it out.
Result<RemoteWriteProtocol> ParseContentType(std::string_view content_type) {
  const auto unsupported = [&](const char* what) {
    return Fail(ErrorCode::kUnsupported,
                std::string(what) + ": got \"" + std::string(content_type.substr(0, 128)) +
                    "\", want application/x-protobuf with proto=prometheus.WriteRequest or "
                    "proto=io.prometheus.write.v2.Request");
  };
  if (content_type.empty()) return RemoteWriteProtocol::kV1;
  std::size_t semicolon = content_type.find(';');
  if (!http::EqualsIgnoreCase(TrimHeader(content_type.substr(0, semicolon)), wire::kRemoteWriteMediaType)) {
    return unsupported("unsupported media type");
  }
  RemoteWriteProtocol protocol = RemoteWriteProtocol::kV1;
  while (semicolon != std::string_view::npos) {
    const std::size_t next = content_type.find(';', semicolon + 1);
    const std::string_view parameter = TrimHeader(content_type.substr(semicolon + 1, next - semicolon - 1));
    semicolon = next;
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos ||
        !http::EqualsIgnoreCase(TrimHeader(parameter.substr(0, equals)), "proto")) {
      continue;
    }
    const std::string_view message = TrimHeader(parameter.substr(equals + 1));
    if (message == wire::kRemoteWriteV2Proto) {
      protocol = RemoteWriteProtocol::kV2;
    } else if (message != wire::kRemoteWriteV1Proto) {
      return unsupported("unknown remote write message");
    }
  }
  return protocol;
}

http::Response MakeResponse(RemoteWriteProtocol protocol, const WriteAnswer& answer) {
  http::Response response;
  response.status = 204;
  if (answer.is_other_replica) response.status = 202;
  if (answer.error) SetWriteStatus(*answer.error, response);
  if (protocol == RemoteWriteProtocol::kV2) {
    response.headers.Set(wire::kSamplesWrittenHeader, std::to_string(answer.samples_written));
    response.headers.Set(wire::kHistogramsWrittenHeader, std::to_string(answer.histograms_written));
    response.headers.Set(wire::kExemplarsWrittenHeader, std::to_string(answer.exemplars_written));
  }
  if (answer.is_duplicate) response.headers.Set(wire::kDuplicateHeader, "1");
  if (answer.error) {
    response.headers.Set("Content-Type", "text/plain; charset=utf-8");
    response.body = answer.error->message + "\n";
  }
  return response;
}

void HandleWrite(Gateway& gateway, const http::Request& request, http::Respond respond) {
  const auto protocol = ParseContentType(request.headers.Get("Content-Type"));
  const std::string_view encoding = request.headers.Get("Content-Encoding");
  if (!encoding.empty() && encoding != wire::kRemoteWriteContentEncoding && encoding != kZstd) {
    Error error{ErrorCode::kUnsupported, "unsupported content encoding: got \"" +
                                             std::string(encoding.substr(0, 64)) + "\", want snappy or zstd"};
    respond(MakeResponse(protocol.value_or(RemoteWriteProtocol::kV1), {.error = std::move(error)}));
    return;
  }
  if (!protocol) {
    // The reference receiver looks at the compression first: corrupt bytes are 400 whatever their type.
    Bytes message;
    Status readable = wire::DecompressSnappy(request.body, gateway.request_bytes_max(), message);
    respond(
        MakeResponse(RemoteWriteProtocol::kV1, {.error = readable ? protocol.error() : readable.error()}));
    return;
  }
  auto tenant = wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader));
  if (!tenant) {
    respond(MakeResponse(*protocol, {.error = tenant.error()}));
    return;
  }
  auto delivery = DeliveryOf(request);
  if (!delivery) {
    respond(MakeResponse(*protocol, {.error = delivery.error()}));
    return;
  }
  gateway.Write(*tenant, *protocol, request.body, *delivery,
                [protocol = *protocol, respond = std::move(respond)](WriteAnswer answer) mutable {
                  respond(MakeResponse(protocol, answer));
                });
}

}  // namespace

void RegisterRemoteWrite(http::Router& router, Gateway& gateway, WorkerPool& workers) {
  router.Add("POST", "/api/v1/write",
             [&gateway, &workers](http::Request request, const http::PathParameters&, http::Respond respond) {
               // Shared, so that the answer can still be given when the queue does not take the task.
               auto reply = std::make_shared<http::Respond>(std::move(respond));
               const bool taken = workers.Submit([&gateway, reply, request = std::move(request)]() mutable {
                 HandleWrite(gateway, request, std::move(*reply));
               });
               if (!taken) {
                 (*reply)(MakeResponse(RemoteWriteProtocol::kV1,
                                       {.error = Error{ErrorCode::kUnavailable, "the write queue is full"}}));
               }
             });
}

}  // namespace tickscope::ingest
