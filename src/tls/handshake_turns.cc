#include "tls/handshake_turns.h"

#include <utility>

namespace tickscope::tls {

void HandshakeTurns::Wait(std::function<void()> step) {
  steps_.push_back(std::move(step));
  waiting_.Add(1);
  if (!std::exchange(is_posted_, true)) RunOneLater();
}

void HandshakeTurns::RunOneLater() {
  // Behind all that is ready by now.
  loop_.Post([self = shared_from_this()] {
    const std::function<void()> step = std::move(self->steps_.back());
    self->steps_.pop_back();
    self->waiting_.Add(-1);
    step();
    self->is_posted_ = !self->steps_.empty();
    if (self->is_posted_) self->RunOneLater();
  });
}

}  // namespace tickscope::tls
