// MemoryScheduler: event loops on one thread and simulated time, for tests.
//
// Its loops share one queue. Whichever loop is run runs the tasks of all of them, one after the other; when
// nothing is ready the clock jumps to the next timer, so a day of timeouts takes a moment and every run is
// the same.
//
// Invariants   S1 Tasks run in the order in which they were posted or fell due; ties in the order of asking.
//              S2 Tasks of a stopped or destroyed loop do not run.
// Threads      Everything on one thread, except EventLoop::Post and Stop. Time does not wait for other
//              threads: what is tested hands no work to pools.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "io/event_loop.h"

namespace tickscope::io {

class MemoryScheduler {
 public:
  /// Moves `clock`, which outlives the scheduler.
  explicit MemoryScheduler(ManualClock& clock) : clock_(clock) {}
  MemoryScheduler(const MemoryScheduler&) = delete;
  MemoryScheduler& operator=(const MemoryScheduler&) = delete;

  /// A loop that dies before the scheduler. Its Run and RunUntil also return when nothing is left to do at
  /// all, for then nothing could ever happen.
  [[nodiscard]] std::unique_ptr<EventLoop> MakeLoop();

  /// Runs the next task, moving the clock when it has to. False when there is nothing left to do.
  bool RunOne();
  /// Runs everything that falls due within `period`, then sets the clock to its end.
  void RunFor(std::chrono::milliseconds period);

 private:
  class Loop;
  enum class LoopId : std::uint64_t {};
  struct Item {
    LoopId loop;
    Task task;
  };
  using Due = std::pair<std::chrono::nanoseconds, TimerId>;

  void Enqueue(Item item) TICKSCOPE_EXCLUDES(mu_);
  void DropTasks(LoopId loop) TICKSCOPE_EXCLUDES(mu_);
  /// Moves timers that are due to the ready queue.
  void CollectDueTimers() TICKSCOPE_REQUIRES(mu_);

  ManualClock& clock_;
  Mutex mu_;
  std::deque<Item> ready_ TICKSCOPE_GUARDED_BY(mu_);
  std::map<Due, Item> timers_ TICKSCOPE_GUARDED_BY(mu_);
  std::map<TimerId, std::chrono::nanoseconds> due_by_timer_ TICKSCOPE_GUARDED_BY(mu_);
  std::set<LoopId> stopped_ TICKSCOPE_GUARDED_BY(mu_);
  std::uint64_t next_id_ TICKSCOPE_GUARDED_BY(mu_) = 1;
};

}  // namespace tickscope::io
