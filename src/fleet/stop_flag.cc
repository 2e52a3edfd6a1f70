#include "fleet/stop_flag.h"

namespace tickscope::fleet {

void StopFlag::Set() {
  {
    const MutexLock lock(mu_);
    set_ = true;
  }
  changed_.NotifyAll();
}

bool StopFlag::IsSet() const {
  const MutexLock lock(mu_);
  return set_;
}

bool StopFlag::WaitUntil(const Clock& clock, std::chrono::nanoseconds deadline) {
  const MutexLock lock(mu_);
  while (!set_) {
    const std::chrono::nanoseconds left = deadline - clock.Monotonic();
    if (left.count() <= 0) return true;
    changed_.WaitFor(mu_, left);
  }
  return false;
}

}  // namespace tickscope::fleet
