// Pause: waiting for time to pass on a thread of one's own, so that what waits can be told to stop, and a test that
// holds the clock need not wait at all.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "base/mutex.h"

namespace tickscope::io {

/// Thread-safe.
class Pause {
 public:
  virtual ~Pause() = default;
  /// Returns after `duration`, or at once when there is nothing to wait for any more. False when it was stopped.
  [[nodiscard]] virtual bool For(std::chrono::milliseconds duration) = 0;
};

/// Waits for real.
class SystemPause final : public Pause {
 public:
  [[nodiscard]] bool For(std::chrono::milliseconds duration) override TICKSCOPE_EXCLUDES(mu_);
  /// Wakes all who wait, and nobody waits from now on.
  void Stop() TICKSCOPE_EXCLUDES(mu_);

 private:
  Mutex mu_;
  CondVar stopped_changed_;
  bool is_stopped_ TICKSCOPE_GUARDED_BY(mu_) = false;
};

/// Moves a clock on instead of waiting. `clock` outlives it.
class SimulatedPause final : public Pause {
 public:
  explicit SimulatedPause(ManualClock& clock) : clock_(clock) {}
  [[nodiscard]] bool For(std::chrono::milliseconds duration) override {
    clock_.Advance(duration);
    return true;
  }

 private:
  ManualClock& clock_;
};

}  // namespace tickscope::io
