#include "agent/adaptive_throttle.h"

#include <algorithm>

namespace tickscope::agent {
namespace {

constexpr std::int64_t kSlotMs = AdaptiveThrottle::kWindowMs / 12;

}  // namespace

AdaptiveThrottle::Slot& AdaptiveThrottle::Now(TimeMs now_ms) {
  const std::int64_t number = std::max<std::int64_t>(0, now_ms) / kSlotMs;
  Slot& slot = slots_[static_cast<std::size_t>(number) % kSlots];
  if (slot.number != number) slot = {.number = number};
  return slot;
}

double AdaptiveThrottle::HoldBack(TimeMs now_ms) {
  const std::int64_t number = Now(now_ms).number;
  double requests = 0;
  double accepts = 0;
  for (const Slot& slot : slots_) {
    if (slot.number <= number - static_cast<std::int64_t>(kSlots) || slot.number > number) continue;
    requests += static_cast<double>(slot.requests);
    accepts += static_cast<double>(slot.accepts);
  }
  if (ratio_ == 0) return 0;
  return std::clamp((requests - ratio_ * accepts) / (requests + 1), 0.0, kHoldBackMax);
}

bool AdaptiveThrottle::Admit(TimeMs now_ms, Random& random) {
  if (random.Unit() >= HoldBack(now_ms)) return true;
  ++Now(now_ms).requests;
  return false;
}

void AdaptiveThrottle::Answered(bool is_accepted, TimeMs now_ms) {
  Slot& slot = Now(now_ms);
  ++slot.requests;
  if (is_accepted) ++slot.accepts;
}

}  // namespace tickscope::agent
