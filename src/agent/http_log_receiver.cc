#include "agent/http_log_receiver.h"

#include <algorithm>
#include <utility>

#include "agent/external_labels.h"
#include "base/log.h"
#include "http/content_coding.h"

namespace tickscope::agent {
namespace {

constexpr std::string_view kTagHeader = "Fluent-Tag";

http::Response Answer(int status, std::string_view text) {
  http::Response response{.status = status, .body = std::string(text)};
  if (!text.empty()) {
    response.body += '\n';
    response.headers.Set("Content-Type", "text/plain; charset=utf-8");
  }
  if (status == 503) response.headers.Set("Retry-After", "1");
  return response;
}

int StatusOf(ErrorCode code) {
  if (code == ErrorCode::kOutOfRange) return 413;
  return code == ErrorCode::kUnsupported ? 415 : 400;
}

}  // namespace

Result<std::unique_ptr<HttpLogReceiver>> HttpLogReceiver::Make(const LogsConfig& config,
                                                               const Labels& external_labels,
                                                               const LogContext& context,
                                                               logs::LogIntake& intake,
                                                               LogListeners::MakeRoom make_room) {
  auto receiver =
      std::unique_ptr<HttpLogReceiver>(new HttpLogReceiver(context, intake, std::move(make_room)));
  receiver->self_ = std::make_shared<HttpLogReceiver*>(receiver.get());
  TICKSCOPE_ASSIGN_OR_RETURN(auto take_up, receiver->Prepare(config, external_labels));
  take_up();
  return receiver;
}

Result<std::move_only_function<void()>> HttpLogReceiver::Prepare(const LogsConfig& config,
                                                                 const Labels& external_labels) {
  Entrances entrances;
  for (const HttpLogsConfig& http : config.http) {
    const auto is_same = [&](const auto& each) { return each->listen == http.listen; };
    if (std::ranges::any_of(entrances, is_same))
      return Fail(ErrorCode::kInvalidArgument, "logs come in twice at one address: " + http.listen);
    const logs::LogSource source =
        intake_.AddSource(logs::LogInput::kHttp, WithExternalLabels(http.labels, external_labels));
    auto entrance = std::make_shared<Entrance>(
        Entrance{.listen = http.listen,
                 .source = source,
                 .decoder = logs::HttpLogDecoder(source, {.message_bytes_max = http.body_bytes_max}, intake_),
                 .body_bytes_max = http.body_bytes_max,
                 .server = nullptr});
    if (std::ranges::none_of(entrances_, is_same))
      TICKSCOPE_RETURN_IF_ERROR(Open(entrance, http.connections_max));
    entrances.push_back(entrance);
  }
  return [this, entrances = std::move(entrances)]() mutable { TakeUp(std::move(entrances)); };
}

Status HttpLogReceiver::Open(const std::shared_ptr<Entrance>& entrance, std::size_t connections_max) {
  // A request that was posted to the loop finds both gone once they are.
  const auto handle = [self = std::weak_ptr(self_), to = std::weak_ptr(entrance), &loop = context_.loop](
                          http::Request request, http::Respond respond) {
    if (request.method != "POST") return respond(Answer(405, "expected POST"));
    loop.Post([self, to, request = std::move(request), respond = std::move(respond)]() mutable {
      const auto receiver = self.lock();
      const auto taken_by = to.lock();
      if (receiver && taken_by) (*receiver)->Take(*taken_by, request, std::move(respond));
    });
  };
  TICKSCOPE_ASSIGN_OR_RETURN(entrance->server,
                             http::Server::Start(context_.network,
                                                 {.address = entrance->listen,
                                                  .connections_max = connections_max,
                                                  .body_bytes_max = entrance->body_bytes_max,
                                                  .body_bytes_in_flight_max = kHttpLogBytesMax},
                                                 handle, context_.registry));
  Log(LogLevel::kInfo, "takes logs by HTTP", {{"address", entrance->server->address()}});
  return {};
}

void HttpLogReceiver::TakeUp(Entrances entrances) {
  for (auto& entrance : entrances) {
    const auto open =
        std::ranges::find_if(entrances_, [&](const auto& each) { return each->listen == entrance->listen; });
    if (open == entrances_.end()) continue;
    (*open)->source = entrance->source;
    (*open)->decoder.Use(entrance->source);
    entrance = *open;
  }
  entrances_ = std::move(entrances);
}

HttpLogReceiver::~HttpLogReceiver() = default;

void HttpLogReceiver::Take(Entrance& entrance, const http::Request& request, http::Respond respond) {
  const auto form = logs::HttpLogFormOf(request.headers.Get("Content-Type"));
  if (!form) {
    intake_.metrics().refused(logs::LogInput::kHttp, logs::LogRefusal::kMalformed).Add();
    return respond(
        Answer(415, "expected application/json, application/x-ndjson, application/msgpack or text/plain"));
  }
  if (!make_room_()) {
    intake_.metrics().refused(logs::LogInput::kHttp, logs::LogRefusal::kFull).Add();
    return respond(Answer(503, "the disk takes nothing now"));
  }
  std::string storage;
  const auto body = http::DecodeContent(request.headers.Get("Content-Encoding"), request.body,
                                        entrance.body_bytes_max, storage);
  if (!body) {
    const bool is_large = body.error().code == ErrorCode::kOutOfRange;
    intake_.metrics()
        .refused(logs::LogInput::kHttp, is_large ? logs::LogRefusal::kTooLarge : logs::LogRefusal::kMalformed)
        .Add();
    return respond(Answer(StatusOf(body.error().code), body.error().message));
  }
  const Status taken = entrance.decoder.Take(*form, request.headers.Get(kTagHeader), *body);
  if (!taken) return respond(Answer(StatusOf(taken.error().code), taken.error().message));
  waiting_.push_back(std::move(respond));
}

void HttpLogReceiver::OnWritten() {
  for (http::Respond& respond : std::exchange(waiting_, {}))
    respond(Answer(200, ""));
}

}  // namespace tickscope::agent
