// What a meter counts: every allocation of its threads, whoever makes it.
#include "base/memory_meter.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/parallel.h"

namespace tickscope {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

class MemoryMeterTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!MemoryMeter::Counts()) GTEST_SKIP() << "a sanitizer has the allocator";
  }
};

TEST_F(MemoryMeterTest, CountsWhatIsHeldAndNoMore) {
  const MemoryMeter meter(10 * kMiB);
  EXPECT_EQ(MemoryMeter::Current(), nullptr);
  {
    const MeteredThread metered(&meter);
    EXPECT_EQ(MemoryMeter::Current(), &meter);
    std::vector<char> held(8 * kMiB);
    EXPECT_GE(meter.bytes(), 8 * kMiB);
    EXPECT_LT(meter.bytes(), 9 * kMiB);
    EXPECT_FALSE(meter.IsOver());
    const std::string more(3 * kMiB, 'x');
    EXPECT_TRUE(meter.IsOver());
    held = std::vector<char>();
    EXPECT_FALSE(meter.IsOver());
  }
  EXPECT_EQ(meter.bytes(), 0);
  const std::vector<char> nobodys(20 * kMiB);
  EXPECT_EQ(meter.bytes(), 0);
}

TEST_F(MemoryMeterTest, CountsEveryFormOfNew) {
  struct alignas(64) Line {
    char bytes[64];
  };
  const MemoryMeter meter(kMiB);
  const MeteredThread metered(&meter);
  const std::int64_t before = meter.bytes();
  auto array = std::make_unique<char[]>(kMiB);
  EXPECT_GE(meter.bytes() - before, kMiB);
  array.reset();
  EXPECT_EQ(meter.bytes(), before);
  auto lines = std::make_unique<Line[]>(kMiB / 64);
  EXPECT_GE(meter.bytes() - before, kMiB);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(lines.get()) % 64, 0U);
  lines.reset();
  EXPECT_EQ(meter.bytes(), before);
  char* const quiet = new (std::nothrow) char[kMiB];
  EXPECT_GE(meter.bytes() - before, kMiB);
  delete[] quiet;
  EXPECT_EQ(meter.bytes(), before);
}

TEST_F(MemoryMeterTest, OneInsideAnotherCountsApart) {
  const MemoryMeter outer(kMiB);
  const MemoryMeter inner(kMiB);
  const MeteredThread of_outer(&outer);
  {
    const MeteredThread of_inner(&inner);
    const std::vector<char> held(2 * kMiB);
    EXPECT_TRUE(inner.IsOver());
    EXPECT_FALSE(outer.IsOver());
  }
  EXPECT_EQ(MemoryMeter::Current(), &outer);
}

TEST_F(MemoryMeterTest, ThreadsOfOneRequestCountTogether) {
  const MemoryMeter meter(64 * kMiB);
  const MeteredThread metered(&meter);
  std::vector<std::vector<char>> held(4);
  RunParallel(4, [&](std::size_t i) { held[i].resize(4 * kMiB); });
  EXPECT_GE(meter.bytes(), 16 * kMiB);
  EXPECT_LT(meter.bytes(), 17 * kMiB);
}

}  // namespace
}  // namespace tickscope
