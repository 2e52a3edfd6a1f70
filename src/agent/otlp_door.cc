#include "agent/otlp_door.h"

#include <unordered_set>
#include <utility>
#include <vector>

namespace tickscope::agent {
namespace {

using otlp::ExportCallback;
using otlp::ExportOutcome;
using otlp::Signal;

ExportOutcome Failure(ErrorCode code, std::string message) {
  return {.error = Error{code, std::move(message)}};
}

OtlpResult ResultOf(const ExportOutcome& outcome) {
  if (!outcome.error) return outcome.refused == 0 ? OtlpResult::kTaken : OtlpResult::kPartly;
  switch (outcome.error->code) {
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kRateLimited:
      return OtlpResult::kRetry;
    default:
      return OtlpResult::kRefused;
  }
}

}  // namespace

struct OtlpDoor::State {
  Mutex mu;
  bool is_shut TICKSCOPE_GUARDED_BY(mu) = false;
  std::size_t bytes TICKSCOPE_GUARDED_BY(mu) = 0;
  std::unordered_set<UnderWay*> waiting TICKSCOPE_GUARDED_BY(mu);
};

// One request. Whatever becomes of who was to answer it, it is answered once.
class OtlpDoor::UnderWay {
 public:
  UnderWay(std::shared_ptr<State> state, std::size_t bytes, ExportCallback done)
      : state_(std::move(state)), bytes_(bytes), done_(std::move(done)) {}
  ~UnderWay() { Finish(Failure(ErrorCode::kUnavailable, "shutting down")); }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

  // Errors: there is no room for it, or the door is shut; then it is not under way.
  [[nodiscard]] Status Begin() {
    const MutexLock lock(state_->mu);
    if (state_->is_shut) return Fail(ErrorCode::kUnavailable, "shutting down");
    if (state_->bytes + bytes_ > kOtlpBytesMax)
      return Fail(ErrorCode::kResourceExhausted, "more requests wait for an answer than the agent takes");
    state_->bytes += bytes_;
    state_->waiting.insert(this);
    return {};
  }

  void Finish(ExportOutcome outcome) {
    ExportCallback done;
    {
      const MutexLock lock(state_->mu);
      if (state_->waiting.erase(this) != 0) state_->bytes -= bytes_;
      done = TakeCallback();
    }
    if (done) done(std::move(outcome));
  }

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // Under the state's lock.
  [[nodiscard]] ExportCallback TakeCallback() { return std::exchange(done_, nullptr); }

 private:
  const std::shared_ptr<State> state_;
  const std::size_t bytes_;
  ExportCallback done_;  // Under the state's lock.
};

OtlpDoor::OtlpDoor(std::size_t request_bytes_max, Roads roads, OtlpSeries& series, OtlpMetrics& metrics)
    : request_bytes_max_(request_bytes_max),
      roads_(std::move(roads)),
      metrics_(metrics),
      state_(std::make_shared<State>()),
      series_(series) {}

OtlpDoor::~OtlpDoor() {
  Shut();
  Close();
}

void OtlpDoor::Shut() {
  const MutexLock lock(state_->mu);
  state_->is_shut = true;
}

void OtlpDoor::Close() {
  std::vector<ExportCallback> unheard;
  {
    const MutexLock lock(state_->mu);
    for (UnderWay* const request : std::exchange(state_->waiting, {})) {
      state_->bytes -= request->bytes();
      unheard.push_back(request->TakeCallback());
    }
  }
  for (ExportCallback& done : unheard) {
    if (done) done(Failure(ErrorCode::kUnavailable, "shutting down"));
  }
}

std::shared_ptr<OtlpDoor::UnderWay> OtlpDoor::Begin(Signal signal, std::size_t bytes, ExportCallback done) {
  metrics_.bytes(signal).Add(bytes);
  auto request = std::make_shared<UnderWay>(
      state_, bytes, [this, signal, done = std::move(done)](ExportOutcome outcome) mutable {
        Count(signal, outcome);
        done(std::move(outcome));
      });
  if (Status begun = request->Begin(); !begun) {
    request->Finish({.error = std::move(begun).error()});
    return nullptr;
  }
  return request;
}

void OtlpDoor::Count(Signal signal, const ExportOutcome& outcome) {
  metrics_.requests(signal, ResultOf(outcome)).Add();
}

void OtlpDoor::Refuse(Signal signal, Error error, ExportCallback done) {
  ExportOutcome outcome{.error = std::move(error)};
  Count(signal, outcome);
  done(std::move(outcome));
}

std::optional<std::string> OtlpDoor::Declines(Signal signal) const {
  switch (signal) {
    case Signal::kMetrics:
      if (roads_.metrics) return std::nullopt;
      return "this agent sends no metrics: it has no remote_write";
    case Signal::kLogs:
      if (roads_.logs) return std::nullopt;
      return "this agent sends no logs: it has no logs.push";
    case Signal::kTraces:
      break;
  }
  return "an agent takes no traces: send them to the gateway, /api/v1/otlp/v1/traces or its gRPC port";
}

void OtlpDoor::Export(Signal signal, const TenantId& tenant, std::string_view message,
                      const std::optional<codec::Delivery>&, ExportCallback done) {
  if (auto why = Declines(signal))
    return Refuse(signal, {ErrorCode::kUnsupported, *std::move(why)}, std::move(done));
  if (tenant != kDefaultTenant) {
    return Refuse(signal,
                  {ErrorCode::kInvalidArgument,
                   "an agent sends for the tenant of its configuration: leave out X-Scope-OrgID"},
                  std::move(done));
  }
  const std::shared_ptr<UnderWay> request = Begin(signal, message.size(), std::move(done));
  if (request == nullptr) return;
  if (signal == Signal::kMetrics) return ExportMetrics(message, request);
  roads_.logs(std::string(message),
              [request](ExportOutcome outcome) { request->Finish(std::move(outcome)); });
}

void OtlpDoor::ExportMetrics(std::string_view message, const std::shared_ptr<UnderWay>& request) {
  Result<OtlpSeries::Taken> taken = [&] {
    const MutexLock lock(series_mu_);
    return series_.Take(message);
  }();
  if (!taken) return request->Finish({.error = std::move(taken).error()});
  ExportOutcome outcome{.refused = taken->refused, .message = std::move(taken->message)};
  if (taken->batch == nullptr) return request->Finish(std::move(outcome));
  roads_.metrics(std::move(taken->batch), [request, outcome = std::move(outcome)](Status status) mutable {
    if (!status) return request->Finish({.error = std::move(status).error()});
    request->Finish(std::move(outcome));
  });
}

}  // namespace tickscope::agent
