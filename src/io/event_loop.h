// EventLoop: one thread's queue of things to do and timers. Network completions run on it.
//
// Production is an Asio loop (io/asio_network.h); tests hold a MemoryEventLoop with simulated time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace tickscope::io {

using Task = std::move_only_function<void()>;

/// Names a pending timer; never reused within a loop.
enum class TimerId : std::uint64_t {};

class EventLoop {
 public:
  virtual ~EventLoop() = default;
  /// Runs `task` on the loop soon. Thread-safe.
  virtual void Post(Task task) = 0;
  /// Runs `task` once after `delay`. Loop thread only.
  virtual TimerId After(std::chrono::milliseconds delay, Task task) = 0;
  /// Forgets a timer; nothing happens when it has run. Loop thread only.
  virtual void CancelTimer(TimerId timer) = 0;
  /// Runs tasks, timers and completions on the calling thread until Stop.
  virtual void Run() = 0;
  /// Runs until `done` says true (asked after each task) or Stop. For a caller that waits for one thing.
  virtual void RunUntil(std::function<bool()> done) = 0;
  /// Makes Run return soon. Thread-safe.
  virtual void Stop() = 0;
};

}  // namespace tickscope::io
