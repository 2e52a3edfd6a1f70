// WorkerPool: a fixed number of threads running tasks from one bounded queue.
//
// Threads   Submit is thread-safe. Destruction finishes queued tasks, then joins.
#pragma once

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"

namespace tickscope {

class WorkerPool {
 public:
  using Task = std::move_only_function<void()>;

  /// Starts `thread_count` threads; at most `queue_capacity` tasks wait.
  WorkerPool(std::size_t thread_count, std::size_t queue_capacity);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False when the queue is full or the pool is stopping: the caller sheds the work.
  [[nodiscard]] bool Submit(Task&& task) { return queue_.TryPush(std::move(task)); }

  /// Tasks waiting for a thread.
  [[nodiscard]] std::size_t queue_size() const { return queue_.size(); }

  /// Takes no more tasks, runs those queued, joins. Idempotent; call from outside the pool.
  void Stop();

 private:
  BoundedQueue<Task> queue_;
  std::vector<std::jthread> threads_;
};

}  // namespace tickscope
