#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/memory_meter.h"

namespace tickscope {
namespace {

TEST(ParallelTest, EveryPartIsRunOnceBeforeItReturns) {
  for (const std::size_t count : {0U, 1U, 2U, 3U, 17U, 1000U}) {
    std::vector<std::atomic<int>> runs(count);
    RunParallel(count, [&](std::size_t i) { runs[i].fetch_add(1); });
    for (std::size_t i = 0; i < count; ++i)
      EXPECT_EQ(runs[i].load(), 1) << i << " of " << count;
  }
}

TEST(ParallelTest, PartsRunAtOnce) {
  // A spare thread may still be on its way back from the call before; never is it for long.
  constexpr int kAttempts = 1000;
  constexpr int kLooks = 100'000;
  bool is_at_once = false;
  for (int attempt = 0; attempt < kAttempts && !is_at_once; ++attempt) {
    std::atomic<bool> is_second_there = false;
    RunParallel(2, [&](std::size_t i) {
      if (i == 1) is_second_there = true;
      for (int look = 0; i == 0 && look < kLooks && !is_second_there; ++look)
        std::this_thread::yield();
      if (i == 0 && is_second_there) is_at_once = true;
    });
  }
  EXPECT_TRUE(is_at_once);
}

TEST(ParallelTest, ManyCallersShareTheSpareThreads) {
  constexpr std::size_t kCallers = 8;
  constexpr std::size_t kCalls = 2000;
  std::atomic<std::size_t> parts = 0;
  {
    std::vector<std::jthread> callers;
    for (std::size_t caller = 0; caller < kCallers; ++caller)
      callers.emplace_back([&] {
        for (std::size_t call = 0; call < kCalls; ++call) {
          // Of this call alone: a part that is run after it is over writes where nothing is.
          std::vector<std::size_t> here(3);
          RunParallel(here.size(), [&](std::size_t i) { here[i] = i + 1; });
          parts += static_cast<std::size_t>(here[0] == 1 && here[1] == 2 && here[2] == 3);
        }
      });
  }
  EXPECT_EQ(parts.load(), kCallers * kCalls);
}

TEST(ParallelTest, PartsMayHavePartsOfTheirOwn) {
  std::atomic<int> parts = 0;
  RunParallel(4, [&](std::size_t) { RunParallel(4, [&](std::size_t) { ++parts; }); });
  EXPECT_EQ(parts.load(), 16);
}

TEST(ParallelTest, TheMeterOfACallMayGoWithIt) {
  for (int call = 0; call < 2000; ++call) {
    const MemoryMeter meter(1U << 30);
    const MeteredThread metered(&meter);
    std::atomic<int> metered_parts = 0;
    RunParallel(3, [&](std::size_t) { metered_parts += MemoryMeter::Current() == &meter ? 1 : 0; });
    ASSERT_EQ(metered_parts.load(), 3);
  }
}

}  // namespace
}  // namespace tickscope
