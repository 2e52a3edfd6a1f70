// BoundedQueue: hands items between threads; full means the producer is told, never that memory grows.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/mutex.h"

namespace tickscope {

/// Many producers, many consumers. Thread-safe.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  /// False when the queue is full or closed; the item is then untouched.
  [[nodiscard]] bool TryPush(T&& item) TICKSCOPE_EXCLUDES(mu_) {
    {
      const MutexLock lock(mu_);
      if (closed_ || items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
    }
    not_empty_.NotifyOne();
    return true;
  }

  /// Waits for an item; nullopt once the queue is closed and drained.
  [[nodiscard]] std::optional<T> Pop() TICKSCOPE_EXCLUDES(mu_) {
    const MutexLock lock(mu_);
    while (items_.empty() && !closed_)
      not_empty_.Wait(mu_);
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    return item;
  }

  /// Refuses further items and lets consumers drain what is there.
  void Close() TICKSCOPE_EXCLUDES(mu_) {
    {
      const MutexLock lock(mu_);
      closed_ = true;
    }
    not_empty_.NotifyAll();
  }

  [[nodiscard]] std::size_t size() const TICKSCOPE_EXCLUDES(mu_) {
    const MutexLock lock(mu_);
    return items_.size();
  }

 private:
  const std::size_t capacity_;
  mutable Mutex mu_;
  CondVar not_empty_;
  std::deque<T> items_ TICKSCOPE_GUARDED_BY(mu_);
  bool closed_ TICKSCOPE_GUARDED_BY(mu_) = false;
};

}  // namespace tickscope
