#include "roles/freshness_probe.h"

#include <algorithm>
#include <array>

#include "model/tenant.h"

namespace tickscope::roles {
namespace {

constexpr std::string_view kTenant = "tickscope-probe";
constexpr std::string_view kMetric = "tickscope_probe_time_seconds";
constexpr std::chrono::milliseconds kEvery{1000};
constexpr std::chrono::milliseconds kPollEvery{2};
constexpr std::chrono::seconds kGiveUpAfter{10};

// Finer than the usual latencies where the promise is made: 1 s on one machine, 10 s for all.
constexpr std::array<double, 18> kBucketsSeconds = {0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1,
                                                    0.15,  0.25,   0.5,   0.75, 1,    2,    4,    6,     10};

}  // namespace

FreshnessProbe::FreshnessProbe(Appender& appender, const Queryable& storage, const promql::Engine& engine,
                               const Clock& clock, MetricRegistry& metrics)
    : appender_(appender),
      storage_(storage),
      engine_(engine),
      clock_(clock),
      freshness_seconds_(metrics.AddHistogram("tickscope_freshness_seconds",
                                              "Time from writing a probe sample to a query that shows it.",
                                              {}, kBucketsSeconds)),
      missed_(metrics.AddCounter("tickscope_freshness_missed_total",
                                 "Probe samples that no query showed within 10 s.", {})),
      failed_(metrics.AddCounter("tickscope_freshness_failed_writes_total",
                                 "Probe samples that were not taken.", {})),
      next_(clock.Monotonic()),
      worker_(SystemThreads().Start("freshness probe", [this] { return Probe(); })) {}

FreshnessProbe::~FreshnessProbe() {
  {
    const MutexLock lock(mu_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  worker_->Join();
}

bool FreshnessProbe::Pause(std::chrono::milliseconds duration) {
  const MutexLock lock(mu_);
  if (!stopping_) wake_.WaitFor(mu_, duration);
  return !stopping_;
}

Turn FreshnessProbe::Probe() {
  {
    const MutexLock lock(mu_);
    if (stopping_) return Turn::Done();
  }
  if (clock_.Monotonic() >= next_) {
    ProbeOnce();
    next_ = std::max(next_ + kEvery, clock_.Monotonic());
  }
  return Turn::Wait(std::chrono::ceil<std::chrono::milliseconds>(next_ - clock_.Monotonic()));
}

void FreshnessProbe::ProbeOnce() {
  const TimeMs time_ms = clock_.NowMs();
  const double value = static_cast<double>(time_ms) / 1000;
  const std::chrono::nanoseconds started = clock_.Monotonic();
  const Status written = appender_.Append(
      TenantId(kTenant), {{Labels{{kMetricName, kMetric}}, {.time_ms = time_ms, .value = value}}});
  if (!written) {
    failed_->Add();
    return;
  }
  while (!IsVisible(time_ms, value)) {
    if (clock_.Monotonic() - started > kGiveUpAfter) {
      missed_->Add();
      return;
    }
    if (!Pause(kPollEvery)) return;
  }
  freshness_seconds_->Observe(std::chrono::duration<double>(clock_.Monotonic() - started).count());
}

bool FreshnessProbe::IsVisible(TimeMs time_ms, double value) const {
  const QueryContext context;
  const auto result = engine_.Instant(storage_, TenantId(kTenant), kMetric, time_ms, context);
  if (!result) return false;
  const auto* const vector = std::get_if<promql::Vector>(&result->value);
  return vector != nullptr && vector->size() == 1 && vector->front().point.value == value;
}

}  // namespace tickscope::roles
