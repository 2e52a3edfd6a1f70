// The table of pushes that are on the stream: what is told apart, what is forgotten at which bound, and that a snapshot says the same.
#include "ingest/sender_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/random.h"

namespace tickscope::ingest {
namespace {

using codec::Delivery;
using codec::NumberRange;
using ::testing::ElementsAre;
using Verdict = SenderTable::Verdict;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

TEST(DeliveredSet, NeighboursBecomeOneRange) {
  DeliveredSet set;
  for (const std::uint64_t number : {5U, 7U, 6U, 1U, 0U, 9U, 5U})
    set.Add(number);
  EXPECT_THAT(set.ranges(), ElementsAre(NumberRange{0, 1}, NumberRange{5, 7}, NumberRange{9, 9}));
  set.Add({2, 8});
  EXPECT_THAT(set.ranges(), ElementsAre(NumberRange{0, 9}));
  set.Add(kMost);
  set.Add(kMost - 1);
  EXPECT_THAT(set.ranges(), ElementsAre(NumberRange{0, 9}, NumberRange{kMost - 1, kMost}));
  EXPECT_FALSE(set.Has(10));
  EXPECT_TRUE(set.Has(kMost));
}

TEST(DeliveredSet, IsAsASetOfNumbersWouldBe) {
  SeededRandom random(11);
  DeliveredSet set;
  std::set<std::uint64_t> model;
  for (int turn = 0; turn < 2'000; ++turn) {
    const std::uint64_t first = random.Below(200);
    const std::uint64_t last = first + random.Below(3);
    set.Add({first, last});
    for (std::uint64_t number = first; number <= last; ++number)
      model.insert(number);
    const std::uint64_t probe = random.Below(210);
    ASSERT_EQ(set.Has(probe), model.contains(probe)) << "turn " << turn;
  }
}

TEST(DeliveredSet, ForgetsTheLowestWhenThereAreTooMany) {
  DeliveredSet set;
  for (std::uint64_t i = 0; i <= DeliveredSet::kRangesMax; ++i)
    set.Add(i * 2);
  EXPECT_EQ(set.ranges().size(), DeliveredSet::kRangesMax);
  EXPECT_FALSE(set.Has(0));
  EXPECT_TRUE(set.Has(2));
}

TEST(SenderTable, TellsRepetitionsFromNews) {
  SenderTable table(10);
  const Delivery first{"a", 1, 1};
  EXPECT_EQ(table.Begin("eu", first), Verdict::kNew);
  EXPECT_EQ(table.Begin("eu", first), Verdict::kPending);
  table.Finish("eu", first, false);
  EXPECT_EQ(table.Begin("eu", first), Verdict::kNew) << "it was not written";
  table.Finish("eu", first, true);
  EXPECT_EQ(table.Begin("eu", first), Verdict::kDone);
  EXPECT_EQ(table.Begin("us", first), Verdict::kNew) << "another tenant's";
  EXPECT_EQ(table.Begin("eu", {"b", 1, 1}), Verdict::kNew) << "another sender's";
  EXPECT_EQ(table.Begin("eu", {"a", 2, 1}), Verdict::kNew) << "counted anew";
}

TEST(SenderTable, ForgetsWhoWasSilentLongest) {
  SenderTable table(2);
  for (const char* const sender : {"a", "b"})
    table.Learn("eu", {sender, 1, 1});
  EXPECT_EQ(table.Begin("eu", {"a", 1, 1}), Verdict::kDone);
  table.Learn("eu", {"c", 1, 1});
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.Begin("eu", {"a", 1, 1}), Verdict::kDone);
  EXPECT_EQ(table.Begin("eu", {"b", 1, 1}), Verdict::kNew);
}

TEST(SenderTable, KeepsTheLastEpochsOfASender) {
  SenderTable table(2);
  for (std::uint64_t epoch = 1; epoch <= SenderTable::kEpochsMax + 1; ++epoch)
    table.Learn("eu", {"a", epoch, 1});
  EXPECT_EQ(table.Begin("eu", {"a", 2, 1}), Verdict::kDone);
  EXPECT_EQ(table.Begin("eu", {"a", 1, 1}), Verdict::kNew);
}

TEST(SenderTable, ASnapshotSaysTheSame) {
  SenderTable table(3);
  for (const char* const sender : {"a", "b", "c"}) {
    for (const std::uint64_t number : {1U, 2U, 7U})
      table.Learn("eu", {sender, 9, number});
  }
  EXPECT_EQ(table.Begin("eu", {"c", 9, 8}), Verdict::kNew) << "not in the snapshot while it is pending";
  SenderTable copy(3);
  for (const codec::Delivered& delivered : table.Snapshot())
    copy.Learn(delivered);
  EXPECT_EQ(copy.Snapshot(), table.Snapshot());
  EXPECT_EQ(copy.Begin("eu", {"b", 9, 7}), Verdict::kDone);
  EXPECT_EQ(copy.Begin("eu", {"c", 9, 8}), Verdict::kNew);
}

TEST(SenderTable, ASnapshotIsBounded) {
  SenderTable table(10'000);
  for (int sender = 0; sender < 2'000; ++sender) {
    for (std::uint64_t range = 0; range < 200; ++range)
      table.Learn("eu", {"sender-" + std::to_string(sender), 1, range * 2});
  }
  Bytes bytes;
  codec::PutDelivered(table.Snapshot(), bytes);
  EXPECT_LE(bytes.size(), SenderTable::kSnapshotBytesMax);
  EXPECT_EQ(table.Snapshot().back().sender, "sender-1999") << "who was heard last is in it";
}

}  // namespace
}  // namespace tickscope::ingest
