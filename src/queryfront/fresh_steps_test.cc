// What is kept of the newest steps, and what takes it away.
#include "queryfront/fresh_steps.h"

#include <gtest/gtest.h>

namespace tickscope::queryfront {
namespace {

constexpr TimeMs kNow = 1'700'000'000'000;
constexpr std::int64_t kSettleMs = 60'000;
constexpr std::int64_t kStepMs = 10'000;
const TenantId kTenant = "default";
const std::string kKey = "key";

ExtentPtr Steps(TimeMs first_ms, std::uint32_t count) {
  Extent extent{.first_ms = first_ms, .step_ms = kStepMs, .count = count, .number = 0, .series = {}};
  extent.series.push_back({Labels{{"a", "b"}}, {}, std::vector<double>(count, 1.0), {}});
  return std::make_shared<const Extent>(std::move(extent));
}

std::vector<TimeMs> TimesOf(const std::vector<ExtentPtr>& parts) {
  std::vector<TimeMs> times_ms;
  for (const ExtentPtr& part : parts) {
    for (std::uint32_t step = 0; step < part->count; ++step)
      times_ms.push_back(part->At(step) - kNow);
  }
  return times_ms;
}

TEST(FreshSteps, GoWithWhatTheyDependOn) {
  MutationLog log(kSettleMs);
  FreshSteps steps(log, 1 << 20);
  MutationLog::Mark mark = log.Now(kNow);
  steps.Put(kKey, Steps(kNow - 50'000, 6), mark);
  const Reach reach{.back_ms = 15'000, .ahead_ms = 0, .fixed = std::nullopt};
  EXPECT_EQ(TimesOf(steps.Find(kTenant, kKey, reach, log.Now(kNow))),
            (std::vector<TimeMs>{-50'000, -40'000, -30'000, -20'000, -10'000, 0}));
  // A sample of then is part of the windows of that step and the next one.
  log.Applied(kTenant, 0, kNow - 31'500, kNow - 31'500);
  EXPECT_EQ(TimesOf(steps.Find(kTenant, kKey, reach, log.Now(kNow))),
            (std::vector<TimeMs>{-50'000, -40'000, -10'000, 0}));
  // What is evaluated in their place closes the gap, and newer steps join.
  mark = log.Now(kNow + kStepMs);
  EXPECT_EQ(steps.Find(kTenant, kKey, reach, mark).size(), 2U);
  steps.Put(kKey, Steps(kNow - 30'000, 2), mark);
  steps.Put(kKey, Steps(kNow + kStepMs, 1), mark);
  const std::vector<ExtentPtr> joined = steps.Find(kTenant, kKey, reach, log.Now(kNow));
  ASSERT_EQ(joined.size(), 1U);
  EXPECT_EQ(joined.front()->count, 7U);
  // A delete, which the log numbers.
  log.Changed(kTenant, INT64_MIN, kNow - 25'000);
  EXPECT_EQ(TimesOf(steps.Find(kTenant, kKey, reach, log.Now(kNow))), (std::vector<TimeMs>{0, 10'000}));
}

TEST(FreshSteps, OfTwoMarksTheOlderCounts) {
  MutationLog log(kSettleMs);
  FreshSteps steps(log, 1 << 20);
  const MutationLog::Mark older = log.Now(kNow);
  log.Applied(kTenant, 0, kNow - 20'000, kNow - 20'000);
  const MutationLog::Mark newer = log.Now(kNow);
  // Two who evaluated at one time, the one that began first is done last.
  steps.Put(kKey, Steps(kNow - 10'000, 2), newer);
  steps.Put(kKey, Steps(kNow - 20'000, 1), older);
  EXPECT_EQ(TimesOf(steps.Find(kTenant, kKey, {}, newer)), (std::vector<TimeMs>{-10'000, 0}));
}

TEST(FreshSteps, NobodyAskedForForLongAreGone) {
  MutationLog log(kSettleMs);
  FreshSteps steps(log, 1 << 20);
  steps.Put(kKey, Steps(kNow, 1), log.Now(kNow));
  EXPECT_TRUE(steps.Find(kTenant, kKey, {}, log.Now(kNow + kSettleMs + 1)).empty());
  EXPECT_EQ(steps.bytes(), 0U);
}

TEST(FreshSteps, StayWithinTheirBytes) {
  MutationLog log(kSettleMs);
  FreshSteps steps(log, 10'000);
  for (int i = 0; i < 100; ++i)
    steps.Put(std::to_string(i), Steps(kNow, 1), log.Now(kNow));
  EXPECT_GT(steps.bytes(), 5'000U);
  EXPECT_LE(steps.bytes(), 10'000U);
}

TEST(FreshSteps, WhatHasSettledIsDropped) {
  MutationLog log(kSettleMs);
  FreshSteps steps(log, 1 << 20);
  const MutationLog::Mark mark = log.Now(kNow);
  steps.Put(kKey, Steps(kNow - 20'000, 3), mark);
  steps.DropUntil(kKey, kNow - 5'000);
  EXPECT_EQ(TimesOf(steps.Find(kTenant, kKey, {}, mark)), (std::vector<TimeMs>{0}));
}

}  // namespace
}  // namespace tickscope::queryfront
