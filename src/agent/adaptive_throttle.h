// AdaptiveThrottle: sends less to a receiver that refuses much, so that saying no does not use up what it has left.
//
// Of the last two minutes, with K = 2:  a request is held back with probability  max(0, (requests - K * accepts) / (requests + 1)).
// Requests held back count as requests. Those that had no answer do not: nobody refused them, and their backoff is enough. Never more than
// kHoldBackMax of all: an agent makes few requests, and without that would not learn for minutes that the receiver is well again.
//
// Source    "Handling Overload", Site Reliability Engineering, Beyer et al., 2016.
// Threads   Not thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/random.h"

namespace tickscope::agent {

class AdaptiveThrottle {
 public:
  static constexpr std::int64_t kWindowMs = 120'000;
  static constexpr double kHoldBackMax = 0.8;

  /// `ratio` is K; 0 holds nothing back.
  explicit AdaptiveThrottle(double ratio) : ratio_(ratio) {}

  /// Whether a request may go out now; one that may not counts.
  [[nodiscard]] bool Admit(TimeMs now_ms, Random& random);
  /// A request was answered: taken, or refused for overload.
  void Answered(bool is_accepted, TimeMs now_ms);
  /// The probability that one is held back.
  [[nodiscard]] double HoldBack(TimeMs now_ms);

 private:
  static constexpr std::size_t kSlots = 12;
  struct Slot {
    std::int64_t number = -1;  // Of the slot since the epoch.
    std::uint64_t requests = 0;
    std::uint64_t accepts = 0;
  };
  [[nodiscard]] Slot& Now(TimeMs now_ms);

  double ratio_;
  std::array<Slot, kSlots> slots_{};
};

}  // namespace tickscope::agent
