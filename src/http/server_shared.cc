#include "http/server_shared.h"

#include <utility>

namespace tickscope::http {
namespace {

constexpr std::array<const char*, 9> kLimitNames = {
    "connections", "header_bytes", "body_bytes", "body_bytes_in_flight", "header_time", "body_time",
    "body_rate",   "write_time",   "malformed"};

}  // namespace

ServerMetrics::ServerMetrics(MetricRegistry& registry)
    : connections(registry.AddGauge("tickscope_http_connections", "Open client connections.", {})),
      streams(registry.AddGauge("tickscope_http_streams", "Answers in progress that go on until ended.", {})),
      stream_bytes(registry.AddCounter("tickscope_http_stream_bytes_total",
                                       "Bytes of such answers that clients have taken.", {})),
      body_bytes_in_flight(registry.AddGauge("tickscope_http_body_bytes_in_flight",
                                             "Bytes held for request bodies being received or handled.", {})),
      body_bytes(registry.AddCounter("tickscope_http_request_body_bytes_total",
                                     "Bytes of request bodies received, as sent.", {})),
      registry_(registry) {
  for (std::size_t i = 0; i < rejections_.size(); ++i) {
    rejections_[i] = registry.AddCounter(
        "tickscope_http_rejections_total",
        "Requests and connections turned away by the server itself, by limit.", {{"limit", kLimitNames[i]}});
  }
}

void ServerMetrics::CountResponse(int status) {
  Counter*& counter = responses_[status];
  if (counter == nullptr) {
    counter = registry_.AddCounter("tickscope_http_requests_total", "Requests answered, by status code.",
                                   {{"code", std::to_string(status)}});
  }
  counter->Add();
}

void ReplyPath::Send(SessionId session, Response response) {
  const MutexLock lock(mu_);
  if (loop_ == nullptr) return;
  loop_->Post(
      [this, session, response = std::move(response)]() mutable { deliver_(session, std::move(response)); });
}

void ReplyPath::SendMore(SessionId session) {
  const MutexLock lock(mu_);
  if (loop_ == nullptr) return;
  loop_->Post([this, session] { wake_(session); });
}

void ReplyPath::Close() {
  const MutexLock lock(mu_);
  loop_ = nullptr;
}

}  // namespace tickscope::http
