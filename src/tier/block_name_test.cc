// Block names are what compactors, readers and retention agree on without talking: cases pin them, and what is not a name is
// refused.
#include "tier/block_name.h"

#include <gtest/gtest.h>

namespace tickscope::tier {
namespace {

TEST(BlockName, ReadsBackWhatItWrites) {
  struct Case {
    const char* name;
    BlockName block;
    const char* file;
    Level level;
    const char* class_key;
  };
  const Case cases[] = {
      {"of the store",
       {1700000000001, 1700007200001, "0000000042", ""},
       "1700000000001-1700007200001-0000000042.block",
       Level::kStored,
       ""},
      {"rollup", {1, 7200001, "0000000042", "last"}, "1-7200001-0000000042.last.block", Level::kStored, ""},
      {"before the epoch",
       {-7199999, 1, "0000000001", ""},
       "-7199999-1-0000000001.block",
       Level::kStored,
       ""},
      {"a day",
       {1, 86400001, "d00000000deadbeef", ""},
       "1-86400001-d00000000deadbeef.block",
       Level::kDay,
       ""},
      {"a day of a class",
       {1, 86400001, "d00000000deadbeefk0badcafe", "sum"},
       "1-86400001-d00000000deadbeefk0badcafe.sum.block",
       Level::kDay,
       "k0badcafe"},
      {"a month",
       {1, 2764800001, "m00000000deadbeef", "increase"},
       "1-2764800001-m00000000deadbeef.increase.block",
       Level::kMonth,
       ""},
      {"rolled up again",
       {1, 7200001, "r999700000000deadbeef", "count"},
       "1-7200001-r999700000000deadbeef.count.block",
       Level::kStored,
       ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(c.block.FileName(), c.file);
    const auto parsed = ParseBlockName(c.file);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, c.block);
    EXPECT_EQ(parsed->level(), c.level);
    EXPECT_EQ(parsed->class_key(), c.class_key);
  }
}

TEST(BlockName, RefusesWhatIsNoBlock) {
  for (const char* file :
       {"", ".block", "1-2.block", "1-2-.block", "2-1-d1.block", "1-1-d1.block", "1-2-D1.block",
        "1-2-d1.segment", "1-2-d1.block.quarantined", "1-2-d1.SUM.block", "1-2-d1..block", "x-2-d1.block",
        "1-2-d1.a.b.block", "1-99999999999999999999-d1.block", "1-2-d 1.block"}) {
    EXPECT_FALSE(ParseBlockName(file)) << file;
  }
}

TEST(ObjectName, TellsTierAndTenant) {
  const auto place = ParseObjectName("metrics/1m/eu-1/1-7200001-0000000042.last.block");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->tier, Tier::kOneMinute);
  EXPECT_EQ(place->tenant, "eu-1");
  EXPECT_EQ(place->file_name, "1-7200001-0000000042.last.block");
  EXPECT_EQ(ObjectPrefix(Tier::kOneMinute, "eu-1"), "metrics/1m/eu-1/");
  for (const char* name : {"", "metrics/", "metrics/raw", "metrics/raw/", "metrics/raw/a", "metrics/cold/a/b",
                           "metrics/rawx/a/b", "audit/raw/a/b", "metrics/raw//b"}) {
    EXPECT_FALSE(ParseObjectName(name)) << name;
  }
}

TEST(MergeId, FollowsFromTheSourcesAlone) {
  EXPECT_EQ(MergeId(Level::kDay, {"a", "b"}), MergeId(Level::kDay, {"b", "a"}));
  EXPECT_NE(MergeId(Level::kDay, {"a", "b"}), MergeId(Level::kDay, {"a"}));
  EXPECT_NE(MergeId(Level::kDay, {"ab"}), MergeId(Level::kDay, {"a", "b"}));
  EXPECT_EQ(MergeId(Level::kMonth, {"a"}).front(), 'm');
}

TEST(BlockName, HoursAreMadeOfWholeHours) {
  const BlockName block{1, 7'200'001, "0000000001", ""};
  EXPECT_FALSE(HoldsWindows(Tier::kRaw, block));
  for (const Tier tier : kRollupTiers)
    EXPECT_TRUE(HoldsWindows(tier, block)) << TierName(tier);
  const BlockName half{1'800'001, 3'600'001, "0000000001", ""};
  EXPECT_TRUE(HoldsWindows(Tier::kFiveMinutes, half));
  EXPECT_FALSE(HoldsWindows(Tier::kOneHour, half));
  EXPECT_FALSE(HoldsWindows(Tier::kOneHour, {1, 5'400'001, "0000000001", ""}));
  EXPECT_TRUE(HoldsWindows(Tier::kOneHour, {-3'599'999, 1, "0000000001", ""}));
}

TEST(Precedes, ARollupMadeAgainComesFirstAndThatOfMoreBlocksBeforeIt) {
  const BlockName early{1, 7200001, "0000000001", "sum"};
  const BlockName late{7200001, 14400001, "0000000002", "sum"};
  const BlockName again{1, 7200001, RerollId({"a", "b"}), "sum"};
  const BlockName more{1, 7200001, RerollId({"a", "b", "c"}), "sum"};
  EXPECT_TRUE(Precedes(early, late));
  EXPECT_FALSE(Precedes(late, early));
  EXPECT_TRUE(Precedes(again, early));
  EXPECT_TRUE(Precedes(more, again));
  EXPECT_FALSE(Precedes(again, again));
}

}  // namespace
}  // namespace tickscope::tier
