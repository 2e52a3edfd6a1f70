// What a compactor does next follows from a listing. Cases are written as listings; then a seeded run applies plans to random
// listings until nothing is left to do, and checks that no sample's block was lost on the way.
#include "tier/merge_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"

namespace tickscope::tier {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;

ListedBlock Stored(std::int64_t first_hour, std::int64_t hours, const char* id, const char* aggregate = "") {
  ListedBlock block;
  block.name = {first_hour * kHour + 1, (first_hour + hours) * kHour + 1, id, aggregate};
  block.file = block.name.FileName();
  return block;
}

std::vector<MergeJob> Plan(Tier tier, const std::vector<ListedBlock>& blocks, TimeMs now_ms,
                           bool has_classes = false, const std::vector<Tombstone>& tombstones = {}) {
  return PlanMerges(tier, Resolve(blocks).live, tombstones, now_ms, has_classes, {});
}

TEST(MergePlan, ADayIsMergedOnceItIsOverAndHasSettled) {
  std::vector<ListedBlock> blocks;
  for (int i = 0; i < 12; ++i)
    blocks.push_back(Stored(i * 2, 2, "0000000001"));
  const TimeMs over_ms = kDay + 1 + MergePlanOptions().settle_ms;
  EXPECT_TRUE(Plan(Tier::kRaw, blocks, over_ms - 1).empty());
  const auto jobs = Plan(Tier::kRaw, blocks, over_ms);
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].inputs.size(), 12U);
  EXPECT_EQ(jobs[0].output.from_ms, 1);
  EXPECT_EQ(jobs[0].output.until_ms, kDay + 1);
  EXPECT_EQ(jobs[0].output.level(), Level::kDay);
}

TEST(MergePlan, ALoneBlockStaysAsItIs) {
  EXPECT_TRUE(Plan(Tier::kRaw, {Stored(0, 2, "0000000001")}, 100 * kDay).empty());
}

TEST(MergePlan, AStragglersBlockIsMergedIntoTheDay) {
  ListedBlock day = Stored(0, 24, "d0000000000000001");
  const auto jobs = Plan(Tier::kRaw, {day, Stored(4, 2, "0000000077")}, 3 * kDay);
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].inputs, (std::vector<std::string>{day.file, Stored(4, 2, "0000000077").file}));
}

TEST(MergePlan, ABlockOverAnEdgeTiesDays) {
  const auto jobs = Plan(
      Tier::kRaw, {Stored(20, 2, "0000000001"), Stored(22, 4, "0000000002"), Stored(26, 2, "0000000003")},
      10 * kDay);
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].inputs.size(), 3U);
}

TEST(MergePlan, ABlockOfManyDaysIsLeftAlone) {
  EXPECT_TRUE(
      Plan(Tier::kRaw, {Stored(0, 24 * 30, "0000000001"), Stored(2, 2, "0000000002")}, 100 * kDay).empty());
}

TEST(MergePlan, OnlyRollupsBecomeMonths) {
  std::vector<ListedBlock> raw;
  std::vector<ListedBlock> rollups;
  for (int day = 0; day < 32; ++day) {
    raw.push_back(Stored(day * 24, 24, "d0000000000000001"));
    rollups.push_back(Stored(day * 24, 24, "d0000000000000001", "last"));
  }
  EXPECT_TRUE(Plan(Tier::kRaw, raw, 100 * kDay).empty());
  const auto jobs = Plan(Tier::kFiveMinutes, rollups, 100 * kDay);
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].inputs.size(), 32U);
  EXPECT_EQ(jobs[0].output.level(), Level::kMonth);
  EXPECT_EQ(jobs[0].output.aggregate, "last");
}

TEST(MergePlan, HoursAreMergedWhileTheMonthGoesOn) {
  std::vector<ListedBlock> blocks;
  for (int day = 0; day < 9; ++day)
    blocks.push_back(Stored(day * 24, 24, "d0000000000000001", "last"));
  blocks.push_back(Stored(9 * 24, 2, "0000000042", "last"));
  const TimeMs now_ms = 9 * kDay + kDay / 2;
  EXPECT_TRUE(Plan(Tier::kFiveMinutes, blocks, now_ms).empty());
  const auto jobs = Plan(Tier::kOneHour, blocks, now_ms);
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].inputs.size(), 9U);
  EXPECT_EQ(jobs[0].output.until_ms, 9 * kDay + 1);
  EXPECT_EQ(jobs[0].output.level(), Level::kMonth);

  // What was merged so far is one of those merged next, once there are enough.
  blocks = {Stored(0, 9 * 24, "m0000000000000001", "last")};
  for (int day = 9; day < 12; ++day)
    blocks.push_back(Stored(day * 24, 24, "d0000000000000001", "last"));
  EXPECT_TRUE(Plan(Tier::kOneHour, blocks, 13 * kDay).empty());
  blocks.push_back(Stored(12 * 24, 24, "d0000000000000001", "last"));
  EXPECT_TRUE(Plan(Tier::kOneHour, blocks, 13 * kDay).empty());  // That has not settled.
  const auto next = Plan(Tier::kOneHour, blocks, 13 * kDay + 1 + MergePlanOptions().settle_ms);
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].inputs.size(), 5U);
  // And at the end all of it, however few.
  blocks.resize(2);
  EXPECT_EQ(Plan(Tier::kOneHour, blocks, 40 * kDay).size(), 1U);
}

TEST(MergePlan, ClassesAreSplitOnceAndMergedApartAfterwards) {
  const auto split = Plan(Tier::kRaw, {Stored(0, 2, "0000000001")}, 3 * kDay, true);
  ASSERT_EQ(split.size(), 1U);
  EXPECT_TRUE(split[0].splits_classes);
  // Files of two classes of one day are done.
  const std::vector<ListedBlock> done = {Stored(0, 24, "d0000000000000001"),
                                         Stored(0, 24, "d0000000000000001k0badcafe")};
  EXPECT_TRUE(Plan(Tier::kRaw, done, 3 * kDay, true).empty());
  // Two of one class are one too many.
  std::vector<ListedBlock> twice = done;
  twice.push_back(Stored(0, 24, "d0000000000000002k0badcafe"));
  const auto jobs = Plan(Tier::kRaw, twice, 3 * kDay, true);
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].inputs.size(), 2U);
  EXPECT_FALSE(jobs[0].splits_classes);
  EXPECT_EQ(jobs[0].output.class_key(), "k0badcafe");
}

TEST(MergePlan, ADeleteRewritesWhatNoMergeTouches) {
  const Tombstone tombstone{.id = "x1", .start_ms = kHour, .end_ms = 2 * kHour};
  ListedBlock block = Stored(0, 24, "d0000000000000001");
  const auto jobs = Plan(Tier::kRaw, {block}, 3 * kDay, false, {tombstone});
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].deletes, std::vector<std::string>{"x1"});
  block.sources.push_back(AppliedDelete("x1"));
  EXPECT_TRUE(Plan(Tier::kRaw, {block}, 3 * kDay, false, {tombstone}).empty());
  EXPECT_TRUE(Plan(Tier::kRaw, {Stored(24, 24, "d0000000000000001")}, 9 * kDay, false, {tombstone}).empty());
}

TEST(MergePlan, WhateverIsListedSettlesAndNothingIsLost) {
  SeededRandom random(11);
  for (int round = 0; round < 200; ++round) {
    std::vector<ListedBlock> blocks;
    std::set<std::string> originals;
    const auto count = 1 + random.Next() % 60;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto first = static_cast<std::int64_t>(random.Next() % (24 * 5));
      const auto hours = 1 + static_cast<std::int64_t>(random.Next() % (random.Next() % 8 == 0 ? 40 : 3));
      blocks.push_back(Stored(first, hours, ("00000000" + std::to_string(10 + i)).c_str(), "sum"));
      originals.insert(blocks.back().file);
    }
    int steps = 0;
    while (true) {
      const auto jobs = Plan(Tier::kOneMinute, blocks, 1000 * kDay);
      if (jobs.empty()) break;
      ASSERT_LT(++steps, 50) << "round " << round << " does not settle";
      for (const MergeJob& job : jobs) {
        ListedBlock merged;
        merged.name = job.output;
        merged.file = job.output.FileName();
        for (const std::string& input : job.inputs) {
          const auto found = std::ranges::find(blocks, input, &ListedBlock::file);
          ASSERT_NE(found, blocks.end());
          merged.sources.push_back(input);
          merged.sources.insert(merged.sources.end(), found->sources.begin(), found->sources.end());
        }
        blocks.push_back(merged);
      }
    }
    // Each original is live or a source of exactly one live block.
    std::multiset<std::string> seen;
    for (const ListedBlock& block : Resolve(blocks).live) {
      if (originals.contains(block.file)) seen.insert(block.file);
      const std::set<std::string> sources(block.sources.begin(), block.sources.end());
      for (const std::string& source : sources) {
        if (originals.contains(source)) seen.insert(source);
      }
    }
    for (const std::string& original : originals)
      ASSERT_EQ(seen.count(original), 1U) << "round " << round << " " << original;
  }
}

TEST(ShardOf, SharesTheWorkOut) {
  std::vector<int> jobs(3, 0);
  for (int month = 0; month < 300; ++month) {
    MergeJob job;
    job.output.from_ms = month * PeriodMs(Level::kMonth) + 1;
    ++jobs[ShardOf(Tier::kRaw, "default", job, 3)];
  }
  for (const int count : jobs)
    EXPECT_GT(count, 60);
}

}  // namespace
}  // namespace tickscope::tier
