// WriterFirstMutex: a shared lock whose waiting writer is not overtaken by new readers.
//
// The head has one writer that must keep up and readers that come in swarms. std::shared_mutex on glibc lets
// readers in while others hold it, so overlapping queries could keep the writer out for good.
#pragma once

#include <atomic>
#include <shared_mutex>
#include <thread>

#include "base/thread_annotations.h"

namespace tickscope::tsdb {

class TICKSCOPE_CAPABILITY("mutex") WriterFirstMutex {
 public:
  void lock() TICKSCOPE_ACQUIRE() {
    waiting_.fetch_add(1, std::memory_order_relaxed);
    mu_.lock();
    waiting_.fetch_sub(1, std::memory_order_relaxed);
  }
  void unlock() TICKSCOPE_RELEASE() { mu_.unlock(); }
  void lock_shared() TICKSCOPE_ACQUIRE_SHARED() {
    while (waiting_.load(std::memory_order_relaxed) > 0)
      std::this_thread::yield();
    mu_.lock_shared();
  }
  void unlock_shared() TICKSCOPE_RELEASE_SHARED() { mu_.unlock_shared(); }

 private:
  std::atomic<int> waiting_{0};
  std::shared_mutex mu_;
};

/// Holds it exclusively for a scope.
class TICKSCOPE_SCOPED_CAPABILITY HeadWriterLock {
 public:
  explicit HeadWriterLock(WriterFirstMutex& mu) TICKSCOPE_ACQUIRE(mu) : mu_(mu) { mu_.lock(); }
  ~HeadWriterLock() TICKSCOPE_RELEASE() { mu_.unlock(); }
  HeadWriterLock(const HeadWriterLock&) = delete;
  HeadWriterLock& operator=(const HeadWriterLock&) = delete;

 private:
  WriterFirstMutex& mu_;
};

/// Holds it with other readers for a scope.
class TICKSCOPE_SCOPED_CAPABILITY HeadReaderLock {
 public:
  explicit HeadReaderLock(WriterFirstMutex& mu) TICKSCOPE_ACQUIRE_SHARED(mu) : mu_(mu) { mu_.lock_shared(); }
  ~HeadReaderLock() TICKSCOPE_RELEASE() { mu_.unlock_shared(); }
  HeadReaderLock(const HeadReaderLock&) = delete;
  HeadReaderLock& operator=(const HeadReaderLock&) = delete;

 private:
  WriterFirstMutex& mu_;
};

}  // namespace tickscope::tsdb
