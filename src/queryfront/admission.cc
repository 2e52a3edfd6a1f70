#include "queryfront/admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tickscope::queryfront {
namespace {

using std::chrono::nanoseconds;

// How often one who waits looks whether its client has gone or its time is up.
constexpr std::chrono::milliseconds kLookEvery{50};
constexpr std::chrono::seconds kRetryAfterMax{30};

std::unexpected<Error> QueueIsFull(QueueFull full, const AdmissionOptions& options) {
  switch (full) {
    case QueueFull::kUser:
      return Fail(ErrorCode::kRateLimited,
                  fmt::format("too many queries of this user are waiting: want at most {}",
                              options.user_waiting_max));
    case QueueFull::kTenant:
      return Fail(ErrorCode::kRateLimited,
                  fmt::format("too many queries of this tenant are waiting: want at most {}",
                              options.tenant_waiting_max));
    case QueueFull::kAll:
      break;
  }
  return Fail(ErrorCode::kUnavailable,
              fmt::format("too many queries are waiting: want at most {}", options.waiting_max));
}

}  // namespace

struct Admission::Waiter {
  enum class State : std::uint8_t { kWaiting, kAdmitted, kShed };
  std::uint64_t cost = 0;
  nanoseconds since{0};
  State state = State::kWaiting;
  CondVar changed;
};

Admission::Admission(const Clock& clock, MetricRegistry& metrics, AdmissionOptions options)
    : clock_(clock),
      options_(options),
      running_gauge_(metrics.AddGauge("tickscope_query_running", "Queries that hold a slot.", {})),
      waiting_gauge_(metrics.AddGauge("tickscope_query_waiting", "Queries that wait for a slot.", {})),
      waiting_({.items_max = options.waiting_max,
                .tenant_items_max = options.tenant_waiting_max,
                .user_items_max = options.user_waiting_max}) {
  for (const QueryClass query_class : kQueryClasses) {
    const std::string name(QueryClassName(query_class));
    const auto refused = [&](const char* reason) {
      return metrics.AddCounter("tickscope_query_refused_total", "Queries that were not run, by reason.",
                                {{"class", name}, {"reason", reason}});
    };
    admitted_[ToIndex(query_class)] =
        metrics.AddCounter("tickscope_query_admitted_total", "Queries that got a slot.", {{"class", name}});
    refused_full_[ToIndex(query_class)] = refused("queue_full");
    refused_shed_[ToIndex(query_class)] = refused("shed");
    wait_seconds_[ToIndex(query_class)] =
        metrics.AddHistogram("tickscope_query_wait_seconds", "Time queries waited for their slot.",
                             {{"class", name}}, kLatencyBucketsSeconds);
  }
}

Admission::~Admission() = default;

Result<Admission::Slot> Admission::Wait(const Ask& ask, const QueryContext& context) {
  TICKSCOPE_RETURN_IF_ERROR(context.Check());
  const std::size_t class_index = ToIndex(ask.query_class);
  auto waiter = std::make_shared<Waiter>();
  waiter->cost = ask.cost;
  const MutexLock lock(mu_);
  waiter->since = clock_.Monotonic();
  if (const auto full = waiting_.Push(ask.query_class, ask.tenant, ask.user, std::shared_ptr(waiter))) {
    refused_full_[class_index]->Add();
    return QueueIsFull(*full, options_);
  }
  Dispatch(waiter->since);
  while (waiter->state == Waiter::State::kWaiting) {
    waiter->changed.WaitFor(mu_, kLookEvery);
    if (waiter->state != Waiter::State::kWaiting) break;
    if (const Status may_go_on = context.Check(); !may_go_on) {
      waiting_.EraseWhere(ask.query_class, [&](const auto& other) { return other == waiter; });
      waiting_gauge_->Set(static_cast<double>(waiting_.size()));
      return std::unexpected(may_go_on.error());
    }
    // Where all slots are held for long nobody else looks.
    ShedWhenDue(clock_.Monotonic());
  }
  const nanoseconds waited = clock_.Monotonic() - waiter->since;
  if (waiter->state == Waiter::State::kShed) {
    refused_shed_[class_index]->Add();
    return Fail(ErrorCode::kUnavailable,
                fmt::format("query was sent away because too much waits: class={} cost={} waited={:.1f}s",
                            QueryClassName(ask.query_class), ask.cost,
                            std::chrono::duration<double>(waited).count()));
  }
  admitted_[class_index]->Add();
  wait_seconds_[class_index]->Observe(std::chrono::duration<double>(waited).count());
  return Slot(*this);
}

void Admission::Look() {
  const MutexLock lock(mu_);
  ShedWhenDue(clock_.Monotonic());
}

std::chrono::seconds Admission::RetryAfter() const {
  const MutexLock lock(mu_);
  const double seconds = std::chrono::duration<double>(OldestWait(clock_.Monotonic())).count();
  return std::clamp(std::chrono::seconds(static_cast<std::int64_t>(std::ceil(2 * seconds))),
                    std::chrono::seconds(1), kRetryAfterMax);
}

void Admission::Release() {
  const MutexLock lock(mu_);
  --running_;
  Dispatch(clock_.Monotonic());
}

void Admission::Dispatch(nanoseconds now) {
  ShedWhenDue(now);
  while (running_ < options_.slots_max) {
    const auto next = waiting_.Pop();
    if (!next) break;
    ++running_;
    (*next)->state = Waiter::State::kAdmitted;
    (*next)->changed.NotifyOne();
  }
  running_gauge_->Set(static_cast<double>(running_));
  waiting_gauge_->Set(static_cast<double>(waiting_.size()));
}

nanoseconds Admission::OldestWait(nanoseconds now) const {
  nanoseconds oldest{0};
  waiting_.ForEach([&](QueryClass, const std::shared_ptr<Waiter>& waiter) {
    oldest = std::max(oldest, now - waiter->since);
  });
  return oldest;
}

void Admission::ShedWhenDue(nanoseconds now) {
  if (OldestWait(now) <= options_.target) {
    above_since_ = nanoseconds(0);
    shed_count_ = 0;
    return;
  }
  if (above_since_ == nanoseconds(0)) {
    above_since_ = now;
    next_shed_ = now + options_.interval;
    return;
  }
  if (now < next_shed_) return;

  std::optional<QueryClass> from;
  std::shared_ptr<Waiter> costliest;
  waiting_.ForEach([&](QueryClass query_class, const std::shared_ptr<Waiter>& waiter) {
    if (query_class == QueryClass::kAlert) return;
    // Classes come in order of importance, so the last one seen is the least.
    if (from == query_class && waiter->cost < costliest->cost) return;
    from = query_class;
    costliest = waiter;
  });
  if (costliest == nullptr) return;
  waiting_.EraseWhere(*from, [&](const std::shared_ptr<Waiter>& waiter) { return waiter == costliest; });
  costliest->state = Waiter::State::kShed;
  costliest->changed.NotifyOne();
  ++shed_count_;
  next_shed_ =
      now +
      nanoseconds(static_cast<std::int64_t>(static_cast<double>(nanoseconds(options_.interval).count()) /
                                            std::sqrt(static_cast<double>(shed_count_))));
}

}  // namespace tickscope::queryfront
