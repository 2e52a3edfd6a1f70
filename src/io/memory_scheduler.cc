#include "io/memory_scheduler.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace tickscope::io {

class MemoryScheduler::Loop final : public EventLoop {
 public:
  Loop(MemoryScheduler& scheduler, LoopId id) : scheduler_(scheduler), id_(id) {}
  ~Loop() override {
    Stop();  // For good: what dropped tasks post while they are destroyed must not run either.
    scheduler_.DropTasks(id_);
  }

  void Post(Task task) override { scheduler_.Enqueue({id_, std::move(task)}); }

  TimerId After(std::chrono::milliseconds delay, Task task) override {
    const MutexLock lock(scheduler_.mu_);
    const TimerId timer{scheduler_.next_id_++};
    const std::chrono::nanoseconds due = scheduler_.clock_.Monotonic() + delay;
    scheduler_.timers_.emplace(Due{due, timer}, Item{id_, std::move(task)});
    scheduler_.due_by_timer_.emplace(timer, due);
    return timer;
  }

  void CancelTimer(TimerId timer) override {
    Task dropped;  // Destroyed after the lock: what it holds may call back.
    const MutexLock lock(scheduler_.mu_);
    const auto found = scheduler_.due_by_timer_.find(timer);
    if (found == scheduler_.due_by_timer_.end()) return;
    const auto item = scheduler_.timers_.find({found->second, timer});
    dropped = std::move(item->second.task);
    scheduler_.timers_.erase(item);
    scheduler_.due_by_timer_.erase(found);
  }

  void Run() override {
    RunUntil([] { return false; });
  }

  void RunUntil(const std::function<bool()>& done) override {
    while (!done() && !IsStopped() && scheduler_.RunOne()) {
    }
  }

  void Stop() override {
    const MutexLock lock(scheduler_.mu_);
    scheduler_.stopped_.insert(id_);
  }

 private:
  bool IsStopped() {
    const MutexLock lock(scheduler_.mu_);
    return scheduler_.stopped_.contains(id_);
  }

  MemoryScheduler& scheduler_;
  const LoopId id_;
};

std::unique_ptr<EventLoop> MemoryScheduler::MakeLoop() {
  const MutexLock lock(mu_);
  return std::make_unique<Loop>(*this, LoopId{next_id_++});
}

void MemoryScheduler::Enqueue(Item item) {
  const MutexLock lock(mu_);
  ready_.push_back(std::move(item));
}

void MemoryScheduler::DropTasks(LoopId loop) {
  std::vector<Item> dropped;  // Destroyed after the lock: what they hold may call back.
  const MutexLock lock(mu_);
  for (Item& item : ready_) {
    if (item.loop == loop) dropped.push_back(std::move(item));
  }
  std::erase_if(ready_, [&](const Item& item) { return item.loop == loop; });
  for (auto timer = timers_.begin(); timer != timers_.end();) {
    if (timer->second.loop == loop) {
      due_by_timer_.erase(timer->first.second);
      dropped.push_back(std::move(timer->second));
      timer = timers_.erase(timer);
    } else {
      ++timer;
    }
  }
}

void MemoryScheduler::CollectDueTimers() {
  while (!timers_.empty() && timers_.begin()->first.first <= clock_.Monotonic()) {
    due_by_timer_.erase(timers_.begin()->first.second);
    ready_.push_back(std::move(timers_.begin()->second));
    timers_.erase(timers_.begin());
  }
}

bool MemoryScheduler::RunOne() {
  for (;;) {
    std::optional<Item> next;
    {
      const MutexLock lock(mu_);
      CollectDueTimers();
      if (ready_.empty()) {
        if (timers_.empty()) return false;
        const std::chrono::nanoseconds wait = timers_.begin()->first.first - clock_.Monotonic();
        clock_.Advance(std::chrono::ceil<std::chrono::milliseconds>(wait));
        CollectDueTimers();
      }
      next = std::move(ready_.front());
      ready_.pop_front();
      if (stopped_.contains(next->loop)) continue;
    }
    next->task();
    return true;
  }
}

void MemoryScheduler::RunFor(std::chrono::milliseconds period) {
  const std::chrono::nanoseconds end = clock_.Monotonic() + period;
  const auto due_by_end = [&] {
    const MutexLock lock(mu_);
    return !ready_.empty() || (!timers_.empty() && timers_.begin()->first.first <= end);
  };
  while (due_by_end())
    RunOne();
  if (const std::chrono::nanoseconds left = end - clock_.Monotonic(); left.count() > 0) {
    clock_.Advance(std::chrono::ceil<std::chrono::milliseconds>(left));
  }
}

}  // namespace tickscope::io
