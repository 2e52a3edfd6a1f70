#include "io/pause.h"

namespace tickscope::io {

bool SystemPause::For(std::chrono::milliseconds duration) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + duration;
  const MutexLock lock(mu_);
  while (!is_stopped_) {
    const Clock::time_point now = Clock::now();
    if (now >= end) return true;
    stopped_changed_.WaitFor(mu_, end - now);
  }
  return false;
}

void SystemPause::Stop() {
  const MutexLock lock(mu_);
  is_stopped_ = true;
  stopped_changed_.NotifyAll();
}

}  // namespace tickscope::io
