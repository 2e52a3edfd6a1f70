#include "base/memory_meter.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define TICKSCOPE_OWN_ALLOCATOR 0
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TICKSCOPE_OWN_ALLOCATOR 0
#endif
#ifndef TICKSCOPE_OWN_ALLOCATOR
#define TICKSCOPE_OWN_ALLOCATOR 1
#endif

namespace tickscope {

// What a thread has not yet told its meter: threads of one request would else fight over its counter.
struct MeterOfThread {
  static constexpr std::int64_t kUntoldMax = 64 << 10;

  MemoryMeter* meter = nullptr;
  std::int64_t untold = 0;

  void Count(std::int64_t bytes) {
    untold += bytes;
    if (untold > kUntoldMax || untold < -kUntoldMax) Tell();
  }
  void Tell() {
    if (meter != nullptr) meter->bytes_.fetch_add(untold, std::memory_order_relaxed);
    untold = 0;
  }
};

namespace {

constinit thread_local MeterOfThread of_thread;

}  // namespace

const MemoryMeter* MemoryMeter::Current() {
  return of_thread.meter;
}

bool MemoryMeter::Counts() {
  return TICKSCOPE_OWN_ALLOCATOR != 0;
}

std::int64_t MemoryMeter::bytes() const {
  const std::int64_t told = bytes_.load(std::memory_order_relaxed);
  return of_thread.meter == this ? told + of_thread.untold : told;
}

std::unexpected<Error> NeedsTooMuchMemory(std::uint64_t bytes_max) {
  std::string text =
      "query needs too much memory: select fewer series (lists: with match[]), a shorter range or a longer "
      "step: "
      "memory_max=";
  return Fail(ErrorCode::kResourceExhausted, text += std::to_string(bytes_max));
}

MeteredThread::MeteredThread(const MemoryMeter* meter) : before_(of_thread.meter) {
  of_thread.Tell();
  of_thread.meter = const_cast<MemoryMeter*>(meter);  // The one writer of a meter is the allocator.
}

MeteredThread::~MeteredThread() {
  of_thread.Tell();
  of_thread.meter = before_;
}

#if TICKSCOPE_OWN_ALLOCATOR
namespace {

void* Counted(void* memory) {
  if (of_thread.meter != nullptr && memory != nullptr)
    of_thread.Count(static_cast<std::int64_t>(malloc_usable_size(memory)));
  return memory;
}

// As the standard asks of operator new: the handler may free memory, and is tried until there is none.
template <typename Allocate>
void* AllocateOrThrow(Allocate allocate) {
  while (true) {
    if (void* const memory = allocate()) return Counted(memory);
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void* Allocate(std::size_t size) {
  return AllocateOrThrow([size] { return std::malloc(std::max<std::size_t>(size, 1)); });
}

void* AllocateAligned(std::size_t size, std::align_val_t alignment) {
  const auto align = std::max(static_cast<std::size_t>(alignment), sizeof(void*));
  return AllocateOrThrow([=] { return ::memalign(align, std::max<std::size_t>(size, 1)); });
}

void Free(void* memory) {
  if (of_thread.meter != nullptr && memory != nullptr)
    of_thread.Count(-static_cast<std::int64_t>(malloc_usable_size(memory)));
  std::free(memory);
}

}  // namespace
#endif

}  // namespace tickscope

#if TICKSCOPE_OWN_ALLOCATOR
// The forms left out (arrays, sized, those that do not throw) are the library's, which calls these.
void* operator new(std::size_t size) {
  return tickscope::Allocate(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return tickscope::AllocateAligned(size, alignment);
}
void operator delete(void* memory) noexcept {
  tickscope::Free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  tickscope::Free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  tickscope::Free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  tickscope::Free(memory);
}
#endif
