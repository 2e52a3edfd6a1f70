#include "base/worker_pool.h"

#include <optional>
#include <utility>

namespace tickscope {

WorkerPool::WorkerPool(std::size_t thread_count, std::size_t queue_capacity) : queue_(queue_capacity) {
  threads_.reserve(thread_count);
  for (std::size_t i = 0; i < thread_count; ++i) {
    threads_.emplace_back([this] {
      while (std::optional<Task> task = queue_.Pop())
        (*task)();
    });
  }
}

WorkerPool::~WorkerPool() {
  Stop();
}

void WorkerPool::Stop() {
  queue_.Close();
  threads_.clear();
}

}  // namespace tickscope
