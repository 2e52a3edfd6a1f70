#include "agent/receivers.h"

#include <algorithm>

namespace tickscope::agent {
namespace {

constexpr std::int64_t kFailBackGrowth = 8;

}  // namespace

std::size_t Receivers::Choose(TimeMs now_ms, std::optional<std::size_t> asked) {
  if (asked && (*asked == current_ || (*asked == 0 && is_trying_first_))) return *asked;
  if (current_ != 0 && !is_trying_first_ && now_ms >= try_first_at_ms_) {
    is_trying_first_ = true;
    return 0;
  }
  return current_;
}

void Receivers::Succeeded(std::size_t receiver, TimeMs) {
  if (receiver == 0 && current_ != 0) current_ = 0;
  if (receiver == 0) is_trying_first_ = false;
  if (receiver != current_) return;
  failures_ = 0;
  if (current_ == 0) fail_back_ms_ = 0;
}

void Receivers::Failed(std::size_t receiver, TimeMs now_ms) {
  if (receiver == 0 && current_ != 0) {
    is_trying_first_ = false;
    fail_back_ms_ = std::min(fail_back_ms_ * 2, options_.fail_back_ms * kFailBackGrowth);
    try_first_at_ms_ = now_ms + fail_back_ms_;
    return;
  }
  // An answer that comes late of one that was left already.
  if (receiver != current_) return;
  if (failures_++ == 0) failing_since_ms_ = now_ms;
  if (count_ == 1 || failures_ < options_.failures_min || now_ms - failing_since_ms_ < options_.fail_after_ms)
    return;
  current_ = (current_ + 1) % count_;
  failures_ = 0;
  if (fail_back_ms_ == 0) fail_back_ms_ = options_.fail_back_ms;
  try_first_at_ms_ = now_ms + fail_back_ms_;
}

}  // namespace tickscope::agent
