// What is told of the past, and that nothing is ever told too little.
#include "model/mutation_log.h"

#include <gtest/gtest.h>

namespace tickscope {
namespace {

constexpr TimeMs kNow = 1'700'000'000'000;
constexpr std::int64_t kHourMs = 3'600'000;

TEST(MutationLog, TellsSamplesAtOrBeforeTheWatermark) {
  MutationLog log(60'000);
  log.Applied("a", 0, 0, kNow);  // Nobody asked yet, so there is nothing to keep.
  const MutationLog::Mark mark = log.Now(kNow);
  EXPECT_EQ(mark.settled_until_ms, kNow - 60'000);
  struct Case {
    const char* name;
    TimeMs min_ms, max_ms;
    std::vector<MutationLog::Change> changes;
  };
  const Case cases[] = {
      {"newer", kNow - 59'999, kNow, {}},
      {"no samples", INT64_MAX, INT64_MIN, {}},
      {"at the watermark", kNow - 60'000, kNow, {{1, kNow - 60'000, kNow - 60'000}}},
      {"near the last, told as one", kNow - 70'000, kNow - 65'000, {{2, kNow - 70'000, kNow - 60'000}}},
      {"far",
       kNow - kHourMs,
       kNow - kHourMs,
       {{2, kNow - 70'000, kNow - 60'000}, {3, kNow - kHourMs, kNow - kHourMs}}},
  };
  std::uint64_t offset = 1;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    log.Applied("a", offset++, c.min_ms, c.max_ms);
    EXPECT_EQ(log.Since("a", mark.number), c.changes);
  }
  EXPECT_TRUE(log.Since("b", 0).empty());
  EXPECT_EQ(log.Since("a", 2).size(), 1U);
}

TEST(MutationLog, TheWatermarkNeverGoesBack) {
  MutationLog log(60'000);
  EXPECT_EQ(log.Now(kNow).settled_until_ms, kNow - 60'000);
  EXPECT_EQ(log.Now(kNow - kHourMs).settled_until_ms, kNow - 60'000);
}

TEST(MutationLog, FullItUnitesTheOldest) {
  MutationLog log(60'000);
  constexpr std::size_t kTold = MutationLog::kChangesMax + 10;
  for (std::size_t i = 0; i < kTold; ++i) {
    const TimeMs time_ms = kNow + static_cast<TimeMs>(i) * kHourMs;
    log.Changed("a", time_ms, time_ms);
  }
  const auto changes = log.Since("a", 0);
  ASSERT_EQ(changes.size(), MutationLog::kChangesMax);
  EXPECT_EQ(changes.front(), (MutationLog::Change{11, kNow, kNow + 10 * kHourMs}));
  // Who has seen the fifth still hears of all after it.
  EXPECT_EQ(log.Since("a", 5).front().number, 11U);
}

TEST(MutationLog, GoesOnAfterARestart) {
  MutationLog before(60'000);
  const MutationLog::Mark mark = before.Now(kNow);
  before.Applied("a", 6, kNow - kHourMs, kNow);
  MutationLog after(60'000);
  after.Restore(before.Save());
  after.Applied("a", 6, kNow - 2 * kHourMs, kNow);  // Replayed: told before.
  EXPECT_EQ(after.Since("a", mark.number), before.Since("a", mark.number));
  after.Applied("a", 7, kNow - 3 * kHourMs, kNow - 3 * kHourMs);
  EXPECT_EQ(after.Since("a", 1).size(), 1U);
}

}  // namespace
}  // namespace tickscope
