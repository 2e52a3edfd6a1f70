// Annotated locks: std::mutex and std::shared_mutex with the attributes that let the tidy run prove that
// every TICKSCOPE_GUARDED_BY member is touched under its lock.
#pragma once

#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#include "base/thread_annotations.h"

namespace tickscope {

class TICKSCOPE_CAPABILITY("mutex") Mutex {
 public:
  void lock() TICKSCOPE_ACQUIRE() { mu_.lock(); }
  void unlock() TICKSCOPE_RELEASE() { mu_.unlock(); }

 private:
  std::mutex mu_;
};

class TICKSCOPE_CAPABILITY("mutex") SharedMutex {
 public:
  void lock() TICKSCOPE_ACQUIRE() { mu_.lock(); }
  void unlock() TICKSCOPE_RELEASE() { mu_.unlock(); }
  void lock_shared() TICKSCOPE_ACQUIRE_SHARED() { mu_.lock_shared(); }
  void unlock_shared() TICKSCOPE_RELEASE_SHARED() { mu_.unlock_shared(); }

 private:
  std::shared_mutex mu_;
};

/// Holds a Mutex for a scope.
class TICKSCOPE_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mu) TICKSCOPE_ACQUIRE(mu) : mu_(mu) { mu_.lock(); }
  ~MutexLock() TICKSCOPE_RELEASE() { mu_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mu_;
};

/// Holds a SharedMutex exclusively for a scope.
class TICKSCOPE_SCOPED_CAPABILITY WriterLock {
 public:
  explicit WriterLock(SharedMutex& mu) TICKSCOPE_ACQUIRE(mu) : mu_(mu) { mu_.lock(); }
  ~WriterLock() TICKSCOPE_RELEASE() { mu_.unlock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  SharedMutex& mu_;
};

/// Holds a SharedMutex with other readers for a scope.
class TICKSCOPE_SCOPED_CAPABILITY ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mu) TICKSCOPE_ACQUIRE_SHARED(mu) : mu_(mu) { mu_.lock_shared(); }
  ~ReaderLock() TICKSCOPE_RELEASE() { mu_.unlock_shared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  SharedMutex& mu_;
};

/// Condition variable for Mutex. Callers loop on their predicate; wake-ups may be spurious.
class CondVar {
 public:
  void Wait(Mutex& mu) TICKSCOPE_REQUIRES(mu) { cv_.wait(mu); }
  template <typename Duration>
  void WaitFor(Mutex& mu, Duration duration) TICKSCOPE_REQUIRES(mu) {
    cv_.wait_for(mu, duration);
  }
  void NotifyOne() { cv_.notify_one(); }
  void NotifyAll() { cv_.notify_all(); }

 private:
  std::condition_variable_any cv_;
};

}  // namespace tickscope
