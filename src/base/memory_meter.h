// MemoryMeter: what the threads at work for one request have allocated and not freed.
//
// A request's owner makes a meter and a MeteredThread; from then on every operator new and delete of that thread counts,
// whoever calls it: decoders, indexes, results, libraries. RunParallel carries the meter on to its threads. Who works for
// the request asks IsOver now and then, as QueryContext::Check does, so that a request passes its limit by what is
// allocated between two looks at most.
//
// Counted is what the allocator gives, which is a little more than what is asked for. What one request leaves behind in
// a cache counts as its own until it ends; what it frees for others is taken off. Memory from malloc, mmap and
// the like does not count. Builds with a sanitizer count nothing: they need the allocator to themselves.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>

#include "base/error.h"

namespace tickscope {

/// Thread-safe. Outlives the MeteredThreads that refer to it.
class MemoryMeter {
 public:
  explicit MemoryMeter(std::uint64_t bytes_max) : bytes_max_(static_cast<std::int64_t>(bytes_max)) {}
  MemoryMeter(const MemoryMeter&) = delete;
  MemoryMeter& operator=(const MemoryMeter&) = delete;

  /// The meter that counts for this thread; null when none does.
  [[nodiscard]] static const MemoryMeter* Current();
  /// Whether this build counts at all.
  [[nodiscard]] static bool Counts();

  /// Held now: of this thread exactly, of others within 64 KiB each.
  [[nodiscard]] std::int64_t bytes() const;
  [[nodiscard]] std::uint64_t bytes_max() const { return static_cast<std::uint64_t>(bytes_max_); }
  [[nodiscard]] bool IsOver() const { return bytes() > bytes_max_; }

 private:
  friend class MeteredThread;
  friend struct MeterOfThread;

  std::atomic<std::int64_t> bytes_{0};
  const std::int64_t bytes_max_;
};

/// What users are told whose request needs more than that.
[[nodiscard]] std::unexpected<Error> NeedsTooMuchMemory(std::uint64_t bytes_max);

/// While it lives, this thread's allocations count for `meter`, or for none when it is null. They nest; used on one thread.
class MeteredThread {
 public:
  explicit MeteredThread(const MemoryMeter* meter);
  ~MeteredThread();
  MeteredThread(const MeteredThread&) = delete;
  MeteredThread& operator=(const MeteredThread&) = delete;

 private:
  MemoryMeter* const before_;
};

}  // namespace tickscope
