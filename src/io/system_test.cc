// The machine's clock, randomness and process figures: that they are wired to the right source.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "io/disk_of.h"
#include "io/pause.h"
#include "io/process_info.h"
#include "io/system_clock.h"
#include "io/system_random.h"

namespace tickscope::io {
namespace {

TEST(SystemClock, WallTimeIsOurs) {
  const auto clock = MakeSystemClock();
  EXPECT_GT(clock->NowMs(), 1'700'000'000'000);  // Milliseconds, and after 2023.
  EXPECT_LT(clock->NowMs(), 4'000'000'000'000);
}

TEST(SystemClock, MonotonicNeverGoesBack) {
  const auto clock = MakeSystemClock();
  auto last = clock->Monotonic();
  for (int i = 0; i < 1000; ++i) {
    const auto now = clock->Monotonic();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SystemPause, EndsByTimeOrWhenStopped) {
  SystemPause pause;
  EXPECT_TRUE(pause.For(std::chrono::milliseconds(0)));
  EXPECT_TRUE(pause.For(std::chrono::milliseconds(1)));
  bool was_waited_out = true;
  std::thread waiting([&] { was_waited_out = pause.For(std::chrono::hours(1)); });
  pause.Stop();
  waiting.join();
  EXPECT_FALSE(was_waited_out);
  EXPECT_FALSE(pause.For(std::chrono::milliseconds(0)));
}

TEST(DiskOf, TellsMountsApart) {
  const auto devices = DiskOf("/dev");
  ASSERT_TRUE(devices.has_value()) << devices.error().message;
  EXPECT_EQ(DiskOf("/dev/").value(), *devices);
  EXPECT_NE(DiskOf("/proc").value(), *devices);
  EXPECT_EQ(DiskOf("/dev/there/is/none").error().code, ErrorCode::kNotFound);
}

TEST(SystemRandom, DoesNotRepeat) {
  const auto a = MakeSystemRandom();
  const auto b = MakeSystemRandom();
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 500; ++i) {
    seen.insert(a->Next());
    seen.insert(b->Next());
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(ProcessInfo, RaisesTheOpenFileLimit) {
  const std::uint64_t raised = RaiseOpenFileLimit();
  EXPECT_GE(raised, 256U);
  EXPECT_EQ(RaiseOpenFileLimit(), raised);
}

TEST(ProcessInfo, ReadsThisProcess) {
  const auto usage = MakeProcessInfo()->Read();
  ASSERT_TRUE(usage.has_value()) << usage.error().message;
  EXPECT_GT(usage->resident_bytes, 1U << 20);
  EXPECT_LT(usage->resident_bytes, 1ULL << 36);
  EXPECT_GT(usage->cpu_seconds, 0.0);
  EXPECT_GE(usage->thread_count, 1U);
  EXPECT_GE(usage->open_file_count, 3U);
}

}  // namespace
}  // namespace tickscope::io
