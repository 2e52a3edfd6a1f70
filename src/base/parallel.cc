#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/memory_meter.h"

namespace tickscope {
namespace {

// What one caller waits for. Parts are taken by number; who comes late finds none left.
class Parts {
 public:
  Parts(std::size_t count, const std::function<void(std::size_t)>& run)
      : run_(run), count_(count), meter_(MemoryMeter::Current()) {}

  // Runs parts until none is left to begin.
  void RunSome() {
    for (std::size_t part = next_.fetch_add(1); part < count_; part = next_.fetch_add(1)) {
      {
        // The meter is there as long as a part is not done, and no longer.
        const MeteredThread metered(meter_);
        run_(part);
      }
      if (done_.fetch_add(1) + 1 == count_) done_.notify_all();
    }
  }

  void Wait() const {
    for (std::size_t done = done_.load(); done < count_; done = done_.load())
      done_.wait(done);
  }

 private:
  // The caller's, who waits for every part that was begun; who finds none left does not look at it.
  const std::function<void(std::size_t)>& run_;
  const std::size_t count_;
  const MemoryMeter* const meter_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::size_t> done_ = 0;
};

class SpareThreads {
 public:
  SpareThreads() {
    for (std::size_t i = 0; i < CoreCount(); ++i)
      threads_.emplace_back([this](const std::stop_token& stop) { Work(stop); });
  }

  // Asks as many threads as are idle, at most `helpers`, to take part.
  void Offer(const std::shared_ptr<Parts>& parts, std::size_t helpers) {
    const std::scoped_lock lock(mutex_);
    for (; helpers > 0 && waiting_.size() < idle_; --helpers) {
      waiting_.push_back(parts);
      is_waiting_.notify_one();
    }
  }
  // What nobody came for: the call is over.
  void TakeBack(const std::shared_ptr<Parts>& parts) {
    const std::scoped_lock lock(mutex_);
    std::erase(waiting_, parts);
  }

 private:
  void Work(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (true) {
      if (!is_waiting_.wait(lock, stop, [this] { return !waiting_.empty(); })) return;
      --idle_;
      const std::shared_ptr<Parts> parts = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      parts->RunSome();
      lock.lock();
      ++idle_;
    }
  }

  std::mutex mutex_;
  std::condition_variable_any is_waiting_;
  std::deque<std::shared_ptr<Parts>> waiting_;
  std::size_t idle_ = CoreCount();     // Including those that are still to wake for what waits.
  std::vector<std::jthread> threads_;  // Last: they use the others.
};

}  // namespace

void RunParallel(std::size_t count, const std::function<void(std::size_t)>& run) {
  if (count == 0) return;
  if (count == 1) return run(0);
  static SpareThreads spare;
  const auto parts = std::make_shared<Parts>(count, run);
  spare.Offer(parts, count - 1);
  parts->RunSome();
  spare.TakeBack(parts);
  parts->Wait();
}

std::size_t CoreCount() {
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace tickscope
