#include "agent/commit_group.h"

#include <utility>

namespace tickscope::agent {

CommitGroup::~CommitGroup() {
  if (timer_) loop_.CancelTimer(*timer_);
}

void CommitGroup::Wait(Done done) {
  waiting_.push_back(std::move(done));
  if (timer_) return;
  timer_ = loop_.After(kCommitWait, [this] {
    timer_.reset();
    Flush();
  });
}

void CommitGroup::Flush() {
  if (const auto timer = std::exchange(timer_, std::nullopt); timer) loop_.CancelTimer(*timer);
  if (waiting_.empty()) return;
  const Status committed = commit_();
  for (Done& done : std::exchange(waiting_, {}))
    done(committed);
}

}  // namespace tickscope::agent
