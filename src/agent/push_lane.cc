#include "agent/push_lane.h"

#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace tickscope::agent {
namespace {

constexpr std::chrono::milliseconds kExecutorBusyWait{50};
constexpr std::uint64_t kHoldBackMsMax = 1'000;

RetryPolicy PolicyOf(const PushRoute& route) {
  return {route.settings().to.backoff_min_ms, route.settings().to.backoff_max_ms};
}

bool KnowsUsNot(int status) {
  return status == 401 || status == 403;
}

}  // namespace

PushLane::PushLane(PushRoute& route, Executor executor, std::function<void()> resume)
    : route_(route), executor_(std::move(executor)), resume_(std::move(resume)), retry_(PolicyOf(route)) {}

PushLane::~PushLane() {
  StopWaiting();
}

bool PushLane::IsHeldBack() {
  if (route_.Admit()) return false;
  ResumeAfter(std::chrono::milliseconds(1 + route_.context().random.Below(kHoldBackMsMax)));
  return true;
}

bool PushLane::Send(http::Headers headers, MakeBody make_body, OnAnswer on_answer) {
  TICKSCOPE_CHECK(is_free());
  const std::size_t receiver = route_.Choose(asked_);
  if (client_ == nullptr || client_link_ != route_.link() || client_timeout_ != route_.timeout()) {
    client_ = route_.MakeClient();
    client_link_ = route_.link();
    client_timeout_ = route_.timeout();
  }
  is_sending_ = true;
  // The executor's thread has the client to itself until the answer is posted.
  const bool taken = executor_([this, receiver, link = client_link_, compression = route_.compression(),
                                headers = std::move(headers), make_body = std::move(make_body),
                                on_answer = std::move(on_answer)]() mutable {
    const PushContext& context = route_.context();
    const http::Url& url = link->urls[receiver];
    http::Request request{.method = "POST", .headers = std::move(headers)};
    make_body(request);
    const std::string_view coding = PackBody(link->settings.form, compression, request.body);
    request.headers.Set("Content-Encoding", coding);
    if (const SigV4Config& sigv4 = link->settings.sigv4; !sigv4.region.empty()) {
      request.target = url.target;
      SignV4(sigv4, link->credentials, url, context.clock.NowMs(), request);
    }
    const std::size_t body_bytes = request.body.size();
    const std::chrono::nanoseconds started = context.clock.Monotonic();
    Result<http::Response> response = client_->Fetch(url, std::move(request));
    PushAnswer answer{.response = std::move(response),
                      .link = std::move(link),
                      .receiver = receiver,
                      .body_bytes = body_bytes,
                      .was_zstd = coding == "zstd",
                      .took = context.clock.Monotonic() - started};
    context.loop.Post([this, answer = std::move(answer), on_answer = std::move(on_answer)]() mutable {
      is_sending_ = false;
      on_answer(std::move(answer));
    });
  });
  if (taken) return true;
  is_sending_ = false;
  ResumeAfter(kExecutorBusyWait);
  return false;
}

bool PushLane::IsAboutCompression(const PushAnswer& answer) {
  if (!answer.was_zstd || !answer.response) return false;
  const int status = answer.response->status;
  const bool is_refusal = status >= 400 && status < 500 && status != 429 && !KnowsUsNot(status);
  return is_refusal && route_.ZstdRefused(status);
}

PushVerdict PushLane::Judge(const PushAnswer& answer) {
  using Answered = PushRoute::Answered;
  const auto learn = [&](Answered answered) { return route_.Learn(*answer.link, answer.receiver, answered); };
  const auto fails = [&](Answered answered) {
    if (learn(answered)) asked_ = answer.receiver;
    return PushVerdict::kAgain;
  };
  if (!answer.response) return fails(Answered::kNothing);
  const int status = answer.response->status;
  if (status == 429 || status >= 500) return fails(Answered::kOverloaded);
  if (KnowsUsNot(status)) return fails(Answered::kKnowsUsNot);
  learn(Answered::kTakesUs);
  retry_.Reset();
  if (status < 200 || status >= 300) return PushVerdict::kRefused;
  route_.SayIsBack();
  if (answer.was_zstd) route_.ZstdTaken();
  return PushVerdict::kTaken;
}

void PushLane::RetryAfter(const PushAnswer& answer, std::size_t items) {
  if (answer.response) {
    if (KnowsUsNot(answer.response->status)) route_.SayRefused(*answer.response, items);
    route_.SayIsAway(fmt::format("status {}", answer.response->status));
  } else {
    route_.SayIsAway(answer.response.error().message);
  }
  const std::string_view asked_for =
      answer.response ? answer.response->headers.Get("Retry-After") : std::string_view();
  ResumeAfter(std::chrono::milliseconds(retry_.NextMs(asked_for, route_.context().random)));
}

void PushLane::ResumeAfter(std::chrono::milliseconds wait) {
  StopWaiting();
  timer_ = route_.context().loop.After(wait, [this] {
    timer_.reset();
    resume_();
  });
}

void PushLane::StopWaiting() {
  if (const auto timer = std::exchange(timer_, std::nullopt); timer)
    route_.context().loop.CancelTimer(*timer);
}

void PushLane::StartOver() {
  retry_ = PolicyOf(route_);
  asked_.reset();
  StopWaiting();
}

}  // namespace tickscope::agent
