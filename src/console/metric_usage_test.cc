// What is asked for and what is not; how many series there were on a day: across restarts, within bounds.
#include "console/metric_usage.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "console/cardinality_history.h"
#include "io/memory_file_system.h"
#include "promql/engine.h"
#include "promql/parser.h"

namespace tickscope::console {
namespace {

using ::testing::ElementsAre;

constexpr TimeMs kHour = 3'600'000;

std::unique_ptr<KeyedLog> Opened(io::FileSystem& fs) {
  auto log = KeyedLog::Open(fs, "d/log", {});
  EXPECT_TRUE(log.has_value());
  return *std::move(log);
}

class MetricUsageTest : public ::testing::Test {
 protected:
  void SetUp() override { Open({}); }
  void Open(MetricUsage::Limits limits) {
    usage_.reset();
    log_.reset();
    log_ = Opened(fs_);
    usage_ = std::make_unique<MetricUsage>(*log_, clock_, limits);
  }
  void Ask(std::string_view selector, const TenantId& tenant = "t", Reader reader = Reader::kUser) {
    const auto matchers = promql::ParseSeriesSelector(selector, {});
    ASSERT_TRUE(matchers.has_value());
    usage_->Note(tenant, *matchers, reader);
  }
  [[nodiscard]] std::optional<TimeMs> Last(const TenantId& tenant, const std::string& name) const {
    const auto asked = usage_->Find(tenant, name);
    return asked ? std::optional(asked->time_ms) : std::nullopt;
  }
  // "dashboard 10, viewer 12": the hours of those who asked.
  [[nodiscard]] std::string Readers(const std::string& name) const {
    std::string text;
    const auto asked = usage_->Find("t", name);
    for (std::size_t i = 0; asked && i < kReaders; ++i) {
      if (asked->by_reader[i])
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", ReaderName(static_cast<Reader>(i)),
                            *asked->by_reader[i] / kHour);
    }
    return text;
  }

  io::MemoryFileSystem fs_;
  ManualClock clock_{10 * kHour + 5};
  std::unique_ptr<KeyedLog> log_;
  std::unique_ptr<MetricUsage> usage_;
};

TEST_F(MetricUsageTest, KnowsNamesAndPatternsToTheHour) {
  Ask(R"(up{job="x"})");
  Ask(R"({__name__=~"game_.*"})");
  Ask(R"({job="y"})");
  Ask(R"({__name__!="other",job="y"})");
  EXPECT_EQ(Last("t", "up"), 10 * kHour);
  EXPECT_EQ(Last("t", "game_players"), 10 * kHour);
  EXPECT_EQ(Last("t", "other"), std::nullopt);
  EXPECT_EQ(Last("u", "up"), std::nullopt);
  EXPECT_EQ(usage_->ObservedSince("t"), 10 * kHour + 5);
  clock_.Advance(std::chrono::hours(2));
  Ask("up");
  EXPECT_EQ(Last("t", "up"), 12 * kHour);
  EXPECT_EQ(Last("t", "game_players"), 10 * kHour);
  EXPECT_THAT(usage_->Tenants(), ElementsAre("t"));
}

TEST_F(MetricUsageTest, KnowsWhoAsked) {
  Ask("up", "t", Reader::kDashboard);
  Ask("up", "t", Reader::kRule);
  clock_.Advance(std::chrono::hours(2));
  Ask("up", "t", Reader::kViewer);
  Ask(R"({__name__=~"u.+"})", "t", Reader::kUser);
  EXPECT_EQ(Readers("up"), "rule 10, dashboard 10, user 12, viewer 12");
  EXPECT_EQ(Readers("uptime"), "user 12");
  EXPECT_EQ(Readers("down"), "");
  ASSERT_TRUE(usage_->Flush());
  Open({});
  EXPECT_EQ(Readers("up"), "rule 10, dashboard 10, user 12, viewer 12");
  EXPECT_EQ(Last("t", "up"), 12 * kHour);
}

TEST_F(MetricUsageTest, AnExpressionIsAllItsSelectors) {
  const auto expr = promql::ParseExpr(
      "sum(rate(a[5m])) / on() (b offset 1h) + max_over_time(c[1h:1m]) + topk(scalar(d), -(e))", {});
  ASSERT_TRUE(expr.has_value());
  usage_->NoteAll("t", **expr, Reader::kViewer);
  for (const char* const name : {"a", "b", "c", "d", "e"})
    EXPECT_EQ(Readers(name), "viewer 10") << name;
}

TEST_F(MetricUsageTest, ReadsWhatAnOlderVersionKept) {
  ASSERT_TRUE(log_->Put("t", 0, "since 5\n7 up\n8 ~a.+\nx y\n9,9,junk z\n9,,1 w\n9,0,9 v\n"));
  usage_ = std::make_unique<MetricUsage>(*log_, clock_, MetricUsage::Limits{});
  EXPECT_EQ(usage_->ObservedSince("t"), 5);
  EXPECT_EQ(Last("t", "up"), 7 * kHour);
  EXPECT_EQ(Readers("up"), "") << "by whom is not known";
  EXPECT_EQ(Last("t", "abc"), 8 * kHour);
  for (const char* const name : {"y", "z", "w"})
    EXPECT_EQ(Last("t", name), std::nullopt) << name;
  EXPECT_EQ(Readers("v"), "dashboard 9");
}

TEST_F(MetricUsageTest, SurvivesARestart) {
  Ask("up");
  Ask(R"({__name__=~"a.+|b c"})");
  ASSERT_TRUE(usage_->Flush());
  const std::size_t bytes = io::ReadWholeFile(fs_, "d/log", 1U << 20)->size();
  Ask("up");
  ASSERT_TRUE(usage_->Flush());
  EXPECT_EQ(io::ReadWholeFile(fs_, "d/log", 1U << 20)->size(), bytes) << "the same again is not written";
  clock_.Advance(std::chrono::hours(5));
  Open({});
  EXPECT_EQ(Last("t", "up"), 10 * kHour);
  EXPECT_EQ(Last("t", "abc"), 10 * kHour);
  EXPECT_EQ(Last("t", "b c"), 10 * kHour);
  EXPECT_EQ(Last("t", "b"), std::nullopt);
  EXPECT_EQ(usage_->ObservedSince("t"), 10 * kHour + 5);
}

TEST_F(MetricUsageTest, ForgetsTheLongestUnasked) {
  Open({.names_max = 2, .patterns_max = 1, .tenants_max = 1});
  Ask("a");
  clock_.Advance(std::chrono::hours(1));
  Ask("b");
  clock_.Advance(std::chrono::hours(1));
  Ask("a");
  Ask("c");
  EXPECT_TRUE(Last("t", "a").has_value());
  EXPECT_FALSE(Last("t", "b").has_value());
  Ask(R"({__name__=~"x.+"})");
  Ask(R"({__name__=~"y.+"})");
  EXPECT_FALSE(Last("t", "x1").has_value());
  Ask("a", "another");
  EXPECT_FALSE(Last("another", "a").has_value());
}

TEST_F(MetricUsageTest, AFullDiskLosesNothingThatIsTriedAgain) {
  Ask("up");
  fs_.SetCapacity(20);
  EXPECT_FALSE(usage_->Flush());
  fs_.SetCapacity(1U << 20);
  ASSERT_TRUE(usage_->Flush());
  Open({});
  EXPECT_TRUE(Last("t", "up").has_value());
}

TEST(CardinalityHistory, ADayKeepsWhatItWasToldLast) {
  constexpr TimeMs kDay = 24 * kHour;
  io::MemoryFileSystem fs;
  auto log = Opened(fs);
  CardinalityHistory history(*log);
  ASSERT_TRUE(history.Sample("t", 0, 10, {{"a", 7}, {"b", 3}}));
  ASSERT_TRUE(history.Sample("t", kDay - 1, 12, {{"a", 9}, {"b", 3}}));
  ASSERT_TRUE(history.Sample("t", kDay, 20, {{"c d", 15}, {"a", 5}}));
  ASSERT_TRUE(history.Sample("u", kDay, 1, {{"z", 1}}));
  log = Opened(fs);
  const auto text = [&](std::size_t days, std::size_t metrics) {
    std::vector<std::string> lines;
    for (const MetricDay& day : CardinalityHistory(*log).List("t", days, metrics))
      lines.push_back(day.day + " " + day.metric + " " + std::to_string(day.series));
    return lines;
  };
  EXPECT_THAT(text(10, 10), ElementsAre("1970-01-02  20", "1970-01-02 c d 15", "1970-01-02 a 5",
                                        "1970-01-01  12", "1970-01-01 a 9", "1970-01-01 b 3"));
  EXPECT_THAT(text(1, 1), ElementsAre("1970-01-02  20", "1970-01-02 c d 15"));
}

TEST(CardinalityHistory, OldDaysGo) {
  io::MemoryFileSystem fs;
  const auto log = Opened(fs);
  CardinalityHistory history(*log);
  for (std::size_t day = 0; day < CardinalityHistory::kDaysMax + 3; ++day)
    ASSERT_TRUE(history.Sample("t", static_cast<TimeMs>(day) * 24 * kHour, day, {}));
  const auto days = history.List("t", 1'000, 10);
  ASSERT_EQ(days.size(), CardinalityHistory::kDaysMax);
  EXPECT_EQ(days.back().series, 3U);
}

}  // namespace
}  // namespace tickscope::console
