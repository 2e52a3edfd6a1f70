// Clock: the only source of time. Production reads the system's clocks (io/system_clock.h); a test holds a
// ManualClock and runs a week in a second.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace tickscope {

/// Milliseconds since the Unix epoch: the unit of every sample and query time.
using TimeMs = std::int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall time, milliseconds since the Unix epoch. May jump either way.
  [[nodiscard]] virtual TimeMs NowMs() const = 0;
  /// Time since an arbitrary start; never goes back. For durations and deadlines.
  [[nodiscard]] virtual std::chrono::nanoseconds Monotonic() const = 0;
};

/// A clock that moves only when told to. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimeMs now_ms = 0) : now_ms_(now_ms) {}
  [[nodiscard]] TimeMs NowMs() const override { return now_ms_.load(); }
  [[nodiscard]] std::chrono::nanoseconds Monotonic() const override {
    return std::chrono::nanoseconds(monotonic_ns_.load());
  }
  /// Moves wall and monotonic time forward together.
  void Advance(std::chrono::milliseconds by) {
    now_ms_ += by.count();
    monotonic_ns_ += std::chrono::nanoseconds(by).count();
  }
  /// Steps wall time alone, as an operator or NTP would.
  void JumpTo(TimeMs now_ms) { now_ms_ = now_ms; }

 private:
  std::atomic<TimeMs> now_ms_;
  std::atomic<std::int64_t> monotonic_ns_{0};
};

}  // namespace tickscope
