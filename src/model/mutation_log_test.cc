// What is told of the past, and that nothing is ever told too little.
#include "model/mutation_log.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

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

bool Covers(const std::vector<MutationLog::Change>& changes, TimeMs time_ms) {
  return std::ranges::any_of(
      changes, [&](const MutationLog::Change& c) { return c.min_ms <= time_ms && c.max_ms >= time_ms; });
}

TEST(MutationLog, TellsWhatTouchedTheStrip) {
  MutationLog log(60'000);
  const MutationLog::Mark first = log.Now(kNow);
  EXPECT_EQ(first.fresh_until_ms, kNow);
  EXPECT_TRUE(log.FreshSince("a", first)->empty());
  log.Applied("a", 0, kNow - 30'000, kNow - 20'000);
  const MutationLog::Mark second = log.Now(kNow);
  log.Applied("a", 1, kNow - 5'000, kNow - 5'000);
  const auto since_first = log.FreshSince("a", first);
  const auto since_second = log.FreshSince("a", second);
  ASSERT_TRUE(since_first && since_second);
  EXPECT_EQ(since_first->size(), 2U);
  EXPECT_TRUE(Covers(*since_first, kNow - 30'000) && Covers(*since_first, kNow - 20'000));
  EXPECT_FALSE(Covers(*since_first, kNow - 32'000) || Covers(*since_first, kNow - 18'000));
  EXPECT_EQ(since_second->size(), 1U);
  EXPECT_TRUE(Covers(*since_second, kNow - 5'000));
  EXPECT_TRUE(log.FreshSince("b", first)->empty());
  // A mark is good for as long as the watermark moves by less than the settling time.
  static_cast<void>(log.Now(kNow + 60'000));
  EXPECT_TRUE(Covers(*log.FreshSince("a", first), kNow - 30'000));
  static_cast<void>(log.Now(kNow + 60'001));
  EXPECT_FALSE(log.FreshSince("a", first).has_value());
}

// Against a list of everything that was applied: of each time up to a mark's end both lists together tell of every change since.
TEST(MutationLog, NothingIsKeptFromWhoHoldsAMark) {
  SeededRandom random(20261126);
  for (int round = 0; round < 40; ++round) {
    const auto settle_ms = static_cast<std::int64_t>(1 + random.Below(200'000));
    MutationLog log(settle_ms);
    TimeMs now_ms = kNow;
    struct Held {
      MutationLog::Mark mark;
      std::vector<TimeMs> after;  // Times of samples applied after it.
    };
    std::vector<Held> held;
    for (std::uint64_t offset = 0; offset < 400; ++offset) {
      now_ms += static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(settle_ms) / 20 + 2));
      // Clocks of senders, and ours, may be wrong.
      const TimeMs asked_ms =
          now_ms - static_cast<std::int64_t>(random.Below(10) == 0 ? random.Below(5'000) : 0);
      held.push_back({log.Now(asked_ms), {}});
      const TimeMs at_ms =
          now_ms + 2'000 -
          static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(settle_ms) * 3 + 4'000));
      const TimeMs to_ms = at_ms + static_cast<std::int64_t>(random.Below(3) == 0 ? random.Below(20'000) : 0);
      log.Applied("a", offset, at_ms, to_ms);
      for (Held& one : held) {
        one.after.push_back(at_ms);
        one.after.push_back(to_ms);
      }
      if (held.size() > 60) held.erase(held.begin());
      const Held& one = held[random.Below(held.size())];
      const auto fresh = log.FreshSince("a", one.mark);
      if (!fresh) continue;
      const auto told = log.Since("a", one.mark.number);
      for (const TimeMs time_ms : one.after) {
        if (time_ms > one.mark.fresh_until_ms) continue;
        ASSERT_TRUE(Covers(*fresh, time_ms) || Covers(told, time_ms))
            << "settle " << settle_ms << " offset " << offset;
      }
    }
  }
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
