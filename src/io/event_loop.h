// EventLoop: one thread's queue of things to do and timers. Network completions run on it.
//
// Made by a Network. Production is an Asio loop (io/asio_network.h); in tests a MemoryScheduler hands out
// loops that share one thread and simulated time.
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
  /// Runs `task` on the loop soon. Thread-safe; the caller keeps the loop alive until Post has returned, which
  /// may be after the task has run.
  virtual void Post(Task task) = 0;
  /// Runs `task` once after `delay`. Loop thread only.
  virtual TimerId After(std::chrono::milliseconds delay, Task task) = 0;
  /// Forgets a timer; nothing happens when it has run. Loop thread only.
  virtual void CancelTimer(TimerId timer) = 0;
  /// Runs tasks, timers and completions on the calling thread until Stop.
  virtual void Run() = 0;
  /// Runs until `done` says true (asked first and after each task) or Stop. For a caller that waits for one
  /// thing.
  virtual void RunUntil(const std::function<bool()>& done) = 0;
  /// Makes Run and RunUntil return soon, now and ever after. Thread-safe.
  virtual void Stop() = 0;
};

}  // namespace tickscope::io
