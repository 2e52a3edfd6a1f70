// StableArray: an array that one thread grows while others read it, without locks.
//
// Elements live in pages that never move. The directory of pages is replaced when it must grow; a reader that
// still holds the old one finds the same pages in it. Pages nobody wrote are not there and read as absent, so
// a sparse range of indices costs 8 bytes a page.
//
// Threads   Grow belongs to one thread. Find is for any thread, on indices it learned of after Grow made them
//           (through a lock or a release store); elements shared that way are atomics or never change again.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace tickscope::tsdb {

template <typename T, std::size_t kPageSize = 512>
class StableArray {
 public:
  StableArray() = default;
  StableArray(const StableArray&) = delete;
  StableArray& operator=(const StableArray&) = delete;

  /// The element, made (zero-initialised) with its page if need be.
  T& Grow(std::size_t index) {
    const std::size_t page = index / kPageSize;
    if (page >= page_count_) Enlarge(page + 1);
    auto& slot = directory_.load(std::memory_order_relaxed)[page];
    Page* found = slot.load(std::memory_order_relaxed);
    if (found == nullptr) {
      pages_.push_back(std::make_unique<Page>());
      found = pages_.back().get();
      slot.store(found, std::memory_order_release);
    }
    return found->elements[index % kPageSize];
  }

  /// The element, null when its page was never grown.
  [[nodiscard]] T* Find(std::size_t index) const {
    const std::size_t page = index / kPageSize;
    if (page >= page_count_.load(std::memory_order_acquire)) return nullptr;
    Page* const found = directory_.load(std::memory_order_acquire)[page].load(std::memory_order_acquire);
    return found == nullptr ? nullptr : &found->elements[index % kPageSize];
  }

  [[nodiscard]] std::size_t bytes() const {
    return pages_.size() * sizeof(Page) + page_count_ * 2 * sizeof(void*);
  }

 private:
  struct Page {
    T elements[kPageSize]{};
  };
  using Slot = std::atomic<Page*>;

  void Enlarge(std::size_t page_count) {
    std::size_t capacity = page_count_ == 0 ? 8 : page_count_ * 2;
    while (capacity < page_count)
      capacity *= 2;
    auto larger = std::make_unique<Slot[]>(capacity);
    const Slot* const old = directory_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < page_count_; ++i)
      larger[i].store(old[i].load(std::memory_order_relaxed), std::memory_order_relaxed);
    directory_.store(larger.get(), std::memory_order_release);
    page_count_.store(capacity, std::memory_order_release);
    directories_.push_back(std::move(larger));
  }

  std::atomic<Slot*> directory_{nullptr};
  std::atomic<std::size_t> page_count_{0};
  std::vector<std::unique_ptr<Slot[]>> directories_;  // All there ever were: together twice the last.
  std::vector<std::unique_ptr<Page>> pages_;
};

}  // namespace tickscope::tsdb
