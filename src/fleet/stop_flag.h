// StopFlag: ends a run early, and lets it wait for a time without missing the end.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "base/mutex.h"

namespace tickscope::fleet {

/// Thread-safe.
class StopFlag {
 public:
  void Set() TICKSCOPE_EXCLUDES(mu_);
  [[nodiscard]] bool IsSet() const TICKSCOPE_EXCLUDES(mu_);
  /// Waits until `clock`'s monotonic time reaches `deadline`. False when the flag was set first.
  [[nodiscard]] bool WaitUntil(const Clock& clock, std::chrono::nanoseconds deadline) TICKSCOPE_EXCLUDES(mu_);

 private:
  mutable Mutex mu_;
  CondVar changed_;
  bool set_ TICKSCOPE_GUARDED_BY(mu_) = false;
};

}  // namespace tickscope::fleet
