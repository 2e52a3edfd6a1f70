#include "agent/push_route.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace tickscope::agent {
namespace {

constexpr std::chrono::milliseconds kConnectTimeoutMax{5'000};
constexpr std::size_t kAnswerBytesMax = 64 * 1024;
constexpr std::size_t kAnswerExcerptBytes = 200;
constexpr TimeMs kRefusalIntervalMs = 60'000;

}  // namespace

PushRoute::PushRoute(PushLinkPtr link, const PushContext& context)
    : context_(context),
      link_(std::move(link)),
      timeout_(settings().to.timeout_ms),
      receivers_(link_->urls.size(), settings().to.delivery.failover),
      throttle_(settings().to.delivery.throttle_ratio) {
  CheckCredentialsLater();
}

PushRoute::~PushRoute() {
  if (credentials_timer_) context_.loop.CancelTimer(*credentials_timer_);
}

void PushRoute::Use(PushLinkPtr link) {
  link_ = std::move(link);
  timeout_ = std::chrono::milliseconds(settings().to.timeout_ms);
  receivers_ = Receivers(link_->urls.size(), settings().to.delivery.failover);
  throttle_ = AdaptiveThrottle(settings().to.delivery.throttle_ratio);
  is_zstd_refused_ = false;
  was_zstd_taken_ = false;
  if (credentials_timer_) context_.loop.CancelTimer(*std::exchange(credentials_timer_, std::nullopt));
  CheckCredentialsLater();
}

void PushRoute::LimitTimeout(std::chrono::milliseconds timeout) {
  timeout_ = std::min(timeout_, timeout);
}

void PushRoute::CheckCredentials() {
  if (link_->tls != nullptr) {
    if (const auto reloaded = link_->tls->Reload(); !reloaded) {
      Log(LogLevel::kError, "certificates stay as they were",
          {{"url", settings().to.url}, {"error", reloaded.error().message}});
    } else if (*reloaded) {
      Log(LogLevel::kInfo, "certificates taken up", {{"url", settings().to.url}});
    }
  }
  if (!link_->HasSecrets()) return;
  if (auto now = WithSecretsOfNow(link_, *context_.fs); now) {
    link_ = *std::move(now);
  } else {
    Log(LogLevel::kError, "token and keys stay as they were",
        {{"url", settings().to.url}, {"error", now.error().message}});
  }
}

void PushRoute::CheckCredentialsLater() {
  if (link_->tls == nullptr && !link_->HasSecrets()) return;
  credentials_timer_ =
      context_.loop.After(std::chrono::milliseconds(settings().to.tls.check_interval_ms), [this] {
        CheckCredentials();
        CheckCredentialsLater();
      });
}

void PushRoute::AddHeaders(const std::optional<wire::DeliveryNumber>& number, http::Headers& headers) const {
  headers.Set("User-Agent", "tickscope-agent");
  const std::string& sender = settings().to.delivery.sender;
  headers.Set(wire::kSenderHeader, sender.empty() ? context_.host_name : sender);
  if (number) headers.Set(wire::kDeliveryHeader, wire::DeliveryText(*number));
  if (!link_->token.empty()) headers.Set("Authorization", "Bearer " + link_->token);
  for (const auto& [name, value] : settings().to.headers)
    headers.Set(name, value);
}

std::unique_ptr<http::Client> PushRoute::MakeClient() const {
  return http::Client::Make(context_.network, {.connect_timeout = std::min(timeout_, kConnectTimeoutMax),
                                               .request_timeout = timeout_,
                                               .response_bytes_max = kAnswerBytesMax,
                                               .idle_connections_max = 1,
                                               .tls = link_->tls});
}

bool PushRoute::Learn(const PushLink& link, std::size_t receiver, Answered answered) {
  if (link.urls.size() != link_->urls.size() || link.settings.to.url != settings().to.url) return false;
  const TimeMs now_ms = context_.clock.NowMs();
  // Those who know us not are no matter of load: sending them less would not help.
  if (answered == Answered::kTakesUs || answered == Answered::kOverloaded)
    throttle_.Answered(answered == Answered::kTakesUs, now_ms);
  if (answered == Answered::kTakesUs) {
    receivers_.Succeeded(receiver, now_ms);
  } else {
    receivers_.Failed(receiver, now_ms);
  }
  return true;
}

bool PushRoute::ZstdRefused(int status) {
  // Receivers that do not look at the header find a snappy block that is none: 400, or whatever they have for it. One that took zstd
  // means something else by that.
  if (status != 415 && was_zstd_taken_) return false;
  if (!std::exchange(is_zstd_refused_, true)) {
    Log(LogLevel::kWarn, "receiver does not take zstd, using snappy",
        {{"url", settings().to.url}, {"of", settings().content}, {"status", status}});
  }
  return true;
}

void PushRoute::SayIsAway(std::string_view why) {
  if (!std::exchange(was_reachable_, false)) return;
  Log(LogLevel::kWarn, "receiver is away, will try again",
      {{"url", settings().to.url}, {"of", settings().content}, {"error", why}});
}

void PushRoute::SayIsBack() {
  if (std::exchange(was_reachable_, true)) return;
  Log(LogLevel::kInfo, "receiver is back", {{"url", settings().to.url}, {"of", settings().content}});
}

void PushRoute::SayRefused(const http::Response& response, std::size_t items) {
  const TimeMs now_ms = context_.clock.NowMs();
  if (refusal_said_ms_ != 0 && now_ms - refusal_said_ms_ < kRefusalIntervalMs) return;
  refusal_said_ms_ = now_ms;
  Log(LogLevel::kError, "receiver refused",
      {{"url", settings().to.url},
       {"status", response.status},
       {settings().content, items},
       {"answer", response.body.substr(0, kAnswerExcerptBytes)}});
}

}  // namespace tickscope::agent
