#include "otlp/metrics_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "http/gzip.h"
#include "ingest/write_status.h"
#include "otlp/json_request.h"
#include "wire/remote_write_headers.h"
#include "wire/tenant_header.h"

namespace tickscope::otlp {
namespace {

// A scratch space that one large request blew up is not kept.
constexpr std::size_t kScratchBytesKept = 8U << 20;

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

// What the decoder left out, kept until the rest is durable.
struct Refused {
  std::uint64_t points = 0;
  std::vector<std::string> messages;
};

http::Response AnswerResponse(Encoding encoding, const Refused& refused, const ingest::WriteAnswer& answer) {
  // With nothing refused by admission an error is the stream's: nothing was written.
  if (answer.error && answer.refused == 0) return FailureResponse(encoding, *answer.error);
  std::string message;
  if (refused.points > 0) {
    message = fmt::format("{} data points refused: {}{}", refused.points, fmt::join(refused.messages, "; "),
                          refused.points > refused.messages.size() ? "; ..." : "");
  }
  if (answer.error) {
    if (!message.empty()) message += "; ";
    message += answer.error->message;
  }
  http::Response response;
  response.headers.Set("Content-Type", ContentTypeOf(encoding));
  response.body = EncodeExportResponse(encoding, refused.points + answer.refused, message);
  return response;
}

// The body without its coding, in `storage` when it had one.
Result<std::string_view> PlainBody(const http::Request& request, std::size_t bytes_max,
                                   std::string& storage) {
  const std::string_view coding = request.headers.Get("Content-Encoding");
  if (coding.empty() || http::EqualsIgnoreCase(coding, "identity")) {
    if (request.body.size() > bytes_max)
      return Fail(ErrorCode::kOutOfRange, "request too large: bytes_max=" + std::to_string(bytes_max));
    return request.body;
  }
  if (!http::EqualsIgnoreCase(coding, "gzip")) {
    return Fail(ErrorCode::kUnsupported, "unsupported content encoding: got \"" +
                                             std::string(coding.substr(0, 64)) + "\", want gzip or none");
  }
  TICKSCOPE_ASSIGN_OR_RETURN(storage, http::Gunzip(request.body, bytes_max));
  return storage;
}

}  // namespace

struct MetricsEndpoint::Scratch {
  Scratch(const Translation& translation, std::uint64_t seed) : request(translation, seed) {}

  std::string body;
  JsonRequests json;
  MetricsRequest request;
};

MetricsEndpoint::MetricsEndpoint(ingest::Gateway& gateway, WorkerPool& workers, Random& random,
                                 MetricRegistry& metrics, Translation translation)
    : gateway_(gateway),
      workers_(workers),
      translation_(std::move(translation)),
      seed_(random.Next()),
      points_(metrics.AddCounter("tickscope_otlp_data_points_total", "Data points of requests that decoded.",
                                 {})) {
  for (std::size_t i = 0; i < kRefusals; ++i) {
    refused_[i] = metrics.AddCounter("tickscope_otlp_refused_data_points_total",
                                     "Data points that are no samples, by reason.",
                                     {{"reason", std::string(RefusalName(static_cast<Refusal>(i)))}});
  }
}

MetricsEndpoint::~MetricsEndpoint() = default;

std::unique_ptr<MetricsEndpoint::Scratch> MetricsEndpoint::TakeScratch() {
  const MutexLock lock(mu_);
  if (idle_.empty()) return std::make_unique<Scratch>(translation_, seed_);
  std::unique_ptr<Scratch> scratch = std::move(idle_.back());
  idle_.pop_back();
  return scratch;
}

void MetricsEndpoint::ReturnScratch(std::unique_ptr<Scratch> scratch) {
  if (scratch->body.capacity() > kScratchBytesKept) return;
  const MutexLock lock(mu_);
  idle_.push_back(std::move(scratch));
}

void MetricsEndpoint::Register(http::Router& router, std::string_view path) {
  router.Add("POST", path, [this](http::Request request, const http::PathParameters&, http::Respond respond) {
    // Shared, so that the answer can still be given when the queue does not take the task.
    auto reply = std::make_shared<http::Respond>(std::move(respond));
    const Encoding encoding = EncodingOf(request).value_or(Encoding::kJson);
    const bool taken = workers_.Submit(
        [this, reply, request = std::move(request)]() mutable { Handle(request, std::move(*reply)); });
    if (!taken)
      (*reply)(FailureResponse(encoding, Error{ErrorCode::kUnavailable, "the write queue is full"}));
  });
}

void MetricsEndpoint::Handle(const http::Request& request, http::Respond respond) {
  const auto encoding = EncodingOf(request);
  if (!encoding) {
    const std::string_view type = request.headers.Get("Content-Type");
    const Error error{ErrorCode::kUnsupported, "unsupported media type: got \"" +
                                                   std::string(type.substr(0, 128)) +
                                                   "\", want application/x-protobuf or application/json"};
    return respond(FailureResponse(Encoding::kJson, error));
  }
  std::unique_ptr<Scratch> scratch = TakeScratch();
  Export(request, *encoding, *scratch, std::move(respond));
  ReturnScratch(std::move(scratch));
}

void MetricsEndpoint::Export(const http::Request& request, Encoding encoding, Scratch& scratch,
                             http::Respond respond) {
  const auto answer = [encoding](http::Respond& reply, const Refused& refused) {
    return [encoding, refused, reply = std::move(reply)](const ingest::WriteAnswer& written) mutable {
      reply(AnswerResponse(encoding, refused, written));
    };
  };
  const auto tenant = wire::ParseTenantHeader(request.headers.Get(wire::kTenantHeader));
  if (!tenant) return respond(FailureResponse(encoding, tenant.error()));
  auto body = PlainBody(request, gateway_.request_bytes_max(), scratch.body);
  std::string from_json;
  if (body && encoding == Encoding::kJson) {
    if (auto message = scratch.json.ToProtobuf(*body)) {
      from_json = *std::move(message);
      body = from_json;
    } else {
      body = std::unexpected(std::move(message).error());
    }
  }
  Status decoded;
  if (body) decoded = scratch.request.Decode(*body);
  if (!body || !decoded) return gateway_.Refuse(body ? decoded.error() : body.error(), answer(respond, {}));

  points_->Add(scratch.request.point_count());
  Refused refused{0, scratch.request.messages()};
  for (std::size_t i = 0; i < kRefusals; ++i) {
    refused_[i]->Add(scratch.request.refused()[i]);
    refused.points += scratch.request.refused()[i];
  }
  gateway_.Write(*tenant, scratch.request, answer(respond, refused));
}

}  // namespace tickscope::otlp
