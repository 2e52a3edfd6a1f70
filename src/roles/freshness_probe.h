// FreshnessProbe: the service level "what is written is soon visible", measured all the time from inside.
//
// Each second one sample goes the whole way, through the gateway and the stream, and a query is repeated until it
// shows. The time between is observed in tickscope_freshness_seconds; a sample not seen within ten seconds counts as
// missed. Probe samples live in a tenant of their own, so nobody's series are touched.
#pragma once

#include <chrono>
#include <memory>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/threads.h"
#include "model/appender.h"
#include "model/queryable.h"
#include "promql/engine.h"

namespace tickscope::roles {

class FreshnessProbe {
 public:
  /// Starts probing. Everything given outlives the probe.
  FreshnessProbe(Appender& appender, const Queryable& storage, const promql::Engine& engine,
                 const Clock& clock, MetricRegistry& metrics);
  ~FreshnessProbe();
  FreshnessProbe(const FreshnessProbe&) = delete;
  FreshnessProbe& operator=(const FreshnessProbe&) = delete;

 private:
  [[nodiscard]] Turn Probe();
  void ProbeOnce();
  [[nodiscard]] bool IsVisible(TimeMs time_ms, double value) const;
  // Waits; false when the probe is being destroyed.
  [[nodiscard]] bool Pause(std::chrono::milliseconds duration) TICKSCOPE_EXCLUDES(mu_);

  Appender& appender_;
  const Queryable& storage_;
  const promql::Engine& engine_;
  const Clock& clock_;
  HistogramMetric* freshness_seconds_;
  Counter* missed_;
  Counter* failed_;
  Mutex mu_;
  CondVar wake_;
  bool stopping_ TICKSCOPE_GUARDED_BY(mu_) = false;
  std::chrono::nanoseconds next_{0};  // When the next probe is due.
  std::unique_ptr<Worker> worker_;
};

}  // namespace tickscope::roles
