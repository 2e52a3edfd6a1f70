// What may go, to the millisecond; and which parts of a time range which tier answers.
#include "tier/retention.h"

#include <gtest/gtest.h>

#include "tier/coverage.h"
#include "tier/tombstone.h"

namespace tickscope::tier {
namespace {

Matcher Equal(const char* name, const char* value) {
  return *Matcher::Make(MatchType::kEqual, name, value);
}

RetentionPolicy DebugGoesEarly() {
  RetentionPolicy policy;
  policy.rules.push_back(
      {"{class=\"debug\"}", {Equal("class", "debug")}, {2 * kDayMs, 7 * kDayMs, 7 * kDayMs}});
  policy.rules.push_back(
      {"{class=\"sli\"}", {Equal("class", "sli")}, {30 * kDayMs, 400 * kDayMs, 800 * kDayMs}});
  return policy;
}

ListedBlock Block(TimeMs until_ms, const std::string& id) {
  ListedBlock block;
  block.name = {until_ms - kDayMs, until_ms, id, ""};
  block.file = block.name.FileName();
  return block;
}

TEST(Retention, TheFirstRuleThatMatchesCounts) {
  const RetentionPolicy policy = DebugGoesEarly();
  EXPECT_EQ(policy.ClassOf(Labels{{"__name__", "a"}, {"class", "debug"}}), 0U);
  EXPECT_EQ(policy.ClassOf(Labels{{"__name__", "a"}, {"class", "sli"}}), 1U);
  EXPECT_EQ(policy.ClassOf(Labels{{"__name__", "a"}}), 2U);
  EXPECT_EQ(policy.class_count(), 3U);
  EXPECT_NE(policy.ClassKey(0), policy.ClassKey(1));
  EXPECT_EQ(policy.ClassKey(2), "");
}

TEST(Retention, FilesGoWhenAllTheirSamplesAreOlder) {
  const RetentionPolicy policy = DebugGoesEarly();
  struct Case {
    const char* name;
    std::string id;
    std::int64_t keep_days;
  };
  const Case cases[] = {
      {"of the store, all classes in it", "0000000001", 30},
      {"merged, of no rule", "d0000000000000001", 14},
      {"merged, debug", "d0000000000000001" + policy.ClassKey(0), 2},
      {"merged, sli", "d0000000000000001" + policy.ClassKey(1), 30},
      {"merged, of a rule that is gone", "d0000000000000001kffffffff", 30},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::vector<ListedBlock> live = {Block(1000 * kDayMs, c.id)};
    const TimeMs gone_ms = (1000 + c.keep_days) * kDayMs;
    EXPECT_TRUE(Expired(Tier::kRaw, live, policy, gone_ms - 1).empty());
    EXPECT_EQ(Expired(Tier::kRaw, live, policy, gone_ms).size(), 1U);
  }
}

TEST(Retention, TenantsMayHaveTheirOwn) {
  RetentionOptions options;
  options.tenants["eu"].keep_ms = {kDayMs, kDayMs, kDayMs};
  EXPECT_EQ(options.For("eu").keep_ms[0], kDayMs);
  EXPECT_EQ(options.For("na").keep_ms[0], 14 * kDayMs);
}

TEST(Coverage, GapsAreWhatNothingCovers) {
  using I = Interval;
  const auto united = Union({{50, 60}, {10, 20}, {20, 30}, {15, 18}, {40, 40}});
  EXPECT_EQ(united, (std::vector<I>{{10, 30}, {50, 60}}));
  EXPECT_EQ(Gaps({0, 100}, united), (std::vector<I>{{0, 10}, {30, 50}, {60, 100}}));
  EXPECT_EQ(Gaps({10, 60}, united), (std::vector<I>{{30, 50}}));
  EXPECT_EQ(Gaps({12, 29}, united), std::vector<I>{});
  EXPECT_EQ(Gaps({25, 35}, united), (std::vector<I>{{30, 35}}));
  EXPECT_EQ(Gaps({0, 5}, {}), (std::vector<I>{{0, 5}}));
}

Result<std::vector<Matcher>> ParseForTest(std::string_view selector) {
  if (!selector.starts_with('{')) return Fail(ErrorCode::kInvalidArgument, "no selector");
  return std::vector<Matcher>{Equal("server", "s-1")};
}

TEST(Tombstone, ReadsBackAndTellsDamage) {
  const Tombstone asked{
      .id = "d1", .start_ms = -5, .end_ms = 90, .asked_ms = 100, .selectors = {"{server=\"s-1\"}"}};
  const std::string text = WriteTombstone(asked);
  const auto parsed = ParseTombstone("d1", text, ParseForTest);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->start_ms, -5);
  EXPECT_EQ(parsed->end_ms, 90);
  EXPECT_EQ(parsed->selectors, asked.selectors);
  EXPECT_TRUE(parsed->Names(Labels{{"server", "s-1"}}));
  EXPECT_FALSE(parsed->Names(Labels{{"server", "s-2"}}));
  for (std::size_t cut = 0; cut < text.size(); ++cut)
    EXPECT_FALSE(ParseTombstone("d1", text.substr(0, cut), ParseForTest)) << cut;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string flipped = text;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    EXPECT_FALSE(ParseTombstone("d1", flipped, ParseForTest)) << at;
  }
}

}  // namespace
}  // namespace tickscope::tier
