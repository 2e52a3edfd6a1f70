// Abandonment: how a request's handler learns that its client has gone.
//
// The server says so once, from its loop; who works for the client asks to be told and stops asking before what it
// would stop is gone.
// Threads   Thread-safe. The callback runs on the server's loop, or at once when the client has gone already, and
//           never after StopWatching has returned. It must not call back here.
#pragma once

#include <functional>
#include <utility>

#include "base/mutex.h"

namespace tickscope::http {

class Abandonment {
 public:
  /// The server's: nobody waits for the answer any more.
  void Tell() TICKSCOPE_EXCLUDES(mu_) {
    const MutexLock lock(mu_);
    told_ = true;
    if (callback_) callback_();
  }

  [[nodiscard]] bool told() const TICKSCOPE_EXCLUDES(mu_) {
    const MutexLock lock(mu_);
    return told_;
  }

  /// One watcher at a time.
  void Watch(std::function<void()> callback) TICKSCOPE_EXCLUDES(mu_) {
    const MutexLock lock(mu_);
    callback_ = std::move(callback);
    if (told_) callback_();
  }
  void StopWatching() TICKSCOPE_EXCLUDES(mu_) {
    const MutexLock lock(mu_);
    callback_ = nullptr;
  }

 private:
  mutable Mutex mu_;
  bool told_ TICKSCOPE_GUARDED_BY(mu_) = false;
  std::function<void()> callback_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::http
