// StatsD as the agent's receiver sees it: labels, forms, ends, what the guard refuses, and reloads.
#include "agent/statsd_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/simulated_site_test.h"

namespace tickscope::agent {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kStatsd =
    "statsd:\n  - {udp: '127.0.0.1:8125', instance: host, expire: 30s, labels: {zone: a}}\n";
constexpr std::string_view kRemote = "remote_write:\n  - url: http://receiver:9280/api/v1/write\n";

class StatsdSourceTest : public ::testing::Test {
 protected:
  StatsdSourceTest() {
    forms_["size"].bounds = {1, 2.5};
    site_.datagrams = &datagrams_;
    site_.histogram_forms = &forms_;
  }
  [[nodiscard]] Status Apply(std::string_view statsd = kStatsd) {
    return site_.Apply(std::string(statsd).append(kRemote));
  }
  // "series = value" each, since the last call.
  std::vector<std::string> Told() {
    std::vector<std::string> out;
    for (const Arrived& one : site_.TakeArrived())
      out.push_back(one.series + " = " + one.value);
    return out;
  }
  void Send(std::string_view text) { ASSERT_TRUE(datagrams_.Send("127.0.0.1:8125", text)); }

  io::MemoryDatagrams datagrams_;
  statsd::HistogramForms forms_;
  SimulatedSite site_;
};

TEST_F(StatsdSourceTest, IsSentLikeATarget) {
  ASSERT_TRUE(Apply().has_value());
  Send("kills:2|c|#map:x,job:mine\nplayers:7|g\ntick:20|ms\nsize:2|h\nsize:9|h");
  site_.RunFor(seconds(11));
  const std::string own = R"(instance="host", job="statsd")";
  EXPECT_THAT(
      Told(),
      ElementsAre("kills_total{exported_job=\"mine\", " + own + ", map=\"x\", zone=\"a\"} = 2.0",
                  "players{" + own + ", zone=\"a\"} = 7.0",
                  "tick_seconds{" + own + ", zone=\"a\"} = histogram 1",
                  "size_count{" + own + ", zone=\"a\"} = 2.0", "size_sum{" + own + ", zone=\"a\"} = 11.0",
                  "size_bucket{" + own + ", le=\"1.0\", zone=\"a\"} = 0.0",
                  "size_bucket{" + own + ", le=\"2.5\", zone=\"a\"} = 1.0",
                  "size_bucket{" + own + ", le=\"+Inf\", zone=\"a\"} = 2.0"));
  EXPECT_EQ(site_.metadata_types["players{" + own + ", zone=\"a\"}"], "gauge");
  EXPECT_EQ(site_.metadata_types["tick_seconds{" + own + ", zone=\"a\"}"], "histogram");
  EXPECT_EQ(site_.starts_ms["kills_total{exported_job=\"mine\", " + own + ", map=\"x\", zone=\"a\"}"],
            SimulatedSite::kStartMs);
  EXPECT_FALSE(site_.starts_ms.contains("players{" + own + ", zone=\"a\"}"));
}

TEST_F(StatsdSourceTest, EndsWithMarkers) {
  ASSERT_TRUE(Apply("statsd:\n  - {udp: '127.0.0.1:8125', instance: h, expire: 30s}\n").has_value());
  Send("players:7|g\ntick:20|ms");
  site_.RunFor(seconds(30));
  (void)Told();
  site_.RunFor(seconds(20));
  const auto told = Told();
  const std::string own = R"({instance="h", job="statsd"} = )";
  ASSERT_GE(told.size(), 2U);
  EXPECT_EQ(told[told.size() - 2], "players" + own + "stale");
  EXPECT_EQ(told[told.size() - 1], "tick_seconds" + own + "stale histogram");
  Send("players:1|g");
  site_.RunFor(seconds(10));
  EXPECT_THAT(Told(), ElementsAre("players" + own + "1.0"));
  (void)site_.Shutdown(seconds(5));
  EXPECT_THAT(Told(), ElementsAre("players" + own + "stale"));
}

TEST_F(StatsdSourceTest, WhatTheGuardRefusesIsNotSent) {
  MetricRegistry registry;
  const auto guard =
      guard::Guard::Make({.mode = guard::GuardMode::kEnforce, .schema = {}, .pii = {}}, site_.clock, registry)
          .value();
  site_.guard = guard.get();
  ASSERT_TRUE(Apply().has_value());
  Send("logins:1|c|#mail:jane.doe@example.com\nlogins:1|c|#zone:b");
  site_.RunFor(seconds(11));
  EXPECT_THAT(Told(), ElementsAre(HasSubstr("exported_zone=\"b\"")));
  EXPECT_EQ(site_.metrics.dropped(DropReason::kGuard), 1U);
}

TEST_F(StatsdSourceTest, LossesAreCounted) {
  ASSERT_TRUE(Apply().has_value());
  datagrams_.Lose("127.0.0.1:8125", 5);
  Send("a:1|c");
  datagrams_.Lose("127.0.0.1:8125", 2);
  Send("a:1|c");
  EXPECT_EQ(statsd::StatsdMetrics(site_.registry).lost_datagrams->value(), 7U);
}

TEST_F(StatsdSourceTest, AReloadThatChangesNothingOfItKeepsIt) {
  ASSERT_TRUE(Apply().has_value());
  Send("kills:7|c");
  ASSERT_TRUE(Apply().has_value());
  Send("kills:1|c");
  site_.RunFor(seconds(11));
  EXPECT_THAT(Told(),
              ElementsAre(HasSubstr("kills_total{instance=\"host\", job=\"statsd\", zone=\"a\"} = 8.0")));
}

TEST_F(StatsdSourceTest, AReloadChangesItAndLosesNothing) {
  ASSERT_TRUE(Apply().has_value());
  Send("kills:7|c");
  site_.RunFor(seconds(11));
  EXPECT_THAT(Told(), ElementsAre(HasSubstr(" = 7.0")));
  // Not read yet when the settings change.
  Send("kills:2|c");
  ASSERT_TRUE(
      Apply("statsd:\n  - {udp: '127.0.0.1:8125', instance: other, flush_interval: 5s}\n").has_value());
  Send("kills:1|c");
  site_.RunFor(seconds(6));
  const std::string before = R"(kills_total{instance="host", job="statsd", zone="a"} = )";
  const std::string after = R"(kills_total{instance="other", job="statsd"} = )";
  EXPECT_THAT(Told(), ElementsAre(before + "9.0", before + "stale", after + "1.0"));
  // Also of the external labels, that are of the whole agent.
  ASSERT_TRUE(
      site_
          .Apply(std::string("global: {external_labels: {region: eu}}\n"
                             "statsd:\n  - {udp: '127.0.0.1:8125', instance: other, flush_interval: 5s}\n")
                     .append(kRemote))
          .has_value());
  Send("kills:1|c");
  site_.RunFor(seconds(6));
  EXPECT_THAT(Told(), ElementsAre(after + "stale",
                                  R"(kills_total{instance="other", job="statsd", region="eu"} = 1.0)"));
}

TEST_F(StatsdSourceTest, CountersThatGoOnUnderTheirNameBeginAnewAfterAReload) {
  ASSERT_TRUE(Apply().has_value());
  Send("kills:7|c");
  site_.RunFor(seconds(11));
  ASSERT_TRUE(Apply("statsd:\n  - {udp: '127.0.0.1:8125', instance: host, expire: 60s, labels: {zone: a}}\n")
                  .has_value());
  const TimeMs reloaded_ms = site_.clock.NowMs();
  Send("kills:1|c");
  site_.RunFor(seconds(10));
  const std::string series = R"(kills_total{instance="host", job="statsd", zone="a"})";
  const std::vector<Arrived> arrived = site_.TakeArrived();
  ASSERT_EQ(arrived.size(), 3U);
  EXPECT_EQ(arrived[1].value, "stale");
  EXPECT_EQ(arrived[2].series, series);
  EXPECT_EQ(arrived[2].value, "1.0");
  EXPECT_GT(arrived[2].time_ms, arrived[1].time_ms);
  EXPECT_EQ(site_.starts_ms[series], reloaded_ms);
}

TEST_F(StatsdSourceTest, AReloadThatIsRefusedLeavesItAsItIs) {
  ASSERT_TRUE(Apply().has_value());
  const auto loop = site_.network.MakeLoop();
  const auto somebody_elses = datagrams_.Receive(*loop, "127.0.0.1:8126", [](ByteView) {}).value();
  ASSERT_FALSE(Apply("statsd:\n  - {udp: '127.0.0.1:8125', instance: other}\n  - {udp: '127.0.0.1:8126'}\n"));
  Send("kills:1|c");
  site_.RunFor(seconds(11));
  EXPECT_THAT(Told(), ElementsAre(HasSubstr("instance=\"host\"")));
}

TEST_F(StatsdSourceTest, AnotherSchemaGivesHistogramsAnotherForm) {
  ASSERT_TRUE(Apply().has_value());
  Send("size:2|h");
  site_.RunFor(seconds(11));
  EXPECT_THAT(Told(), testing::SizeIs(5));
  forms_.clear();
  ASSERT_TRUE(Apply().has_value());
  (void)Told();
  Send("size:2|h");
  site_.RunFor(seconds(10));
  EXPECT_THAT(Told(), testing::Contains(HasSubstr(" = histogram 1")));
}

TEST_F(StatsdSourceTest, WhatIsTakenOutEnds) {
  ASSERT_TRUE(Apply().has_value());
  Send("players:8|g");
  site_.RunFor(seconds(11));
  (void)Told();
  ASSERT_TRUE(Apply("").has_value());
  EXPECT_FALSE(datagrams_.Send("127.0.0.1:8125", "players:9|g"));
  site_.RunFor(seconds(10));
  EXPECT_THAT(Told(), ElementsAre(HasSubstr("stale")));
}

TEST(StatsdConfig, Mistakes) {
  const char* const cases[] = {
      "statsd: [{}]\n",
      "statsd: [{udp: nowhere}]\n",
      "statsd: [{udp: '127.0.0.1:1'}, {udp: '127.0.0.1:1'}]\n",
      "statsd: [{unix: relative}]\n",
      "statsd: [{udp: '127.0.0.1:1', labels: {__name__: x}}]\n",
      "statsd: [{udp: '127.0.0.1:1', buckets: [1, 1]}]\n",
      "statsd: [{udp: '127.0.0.1:1', buckets: [x]}]\n",
      "statsd: [{udp: '127.0.0.1:1', flush_interval: 10s, expire: 5s}]\n",
      "host_metrics: {proc: relative}\n",
      "host_metrics: {root: /host/}\n",
  };
  for (const char* const yaml : cases) {
    SCOPED_TRACE(yaml);
    EXPECT_FALSE(ParseAgentConfig(std::string(yaml).append(kRemote), "a.yaml").has_value());
  }
  const auto config = ParseAgentConfig(
      std::string(
          "statsd: [{udp: '127.0.0.1:1', unix: /run/s, buckets: [0.5, 1]}]\nhost_metrics: {enabled: true}\n")
          .append(kRemote),
      "a.yaml");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  const auto again = ParseAgentConfig(DescribeAgentConfig(*config), "b.yaml");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->statsd, config->statsd);
  EXPECT_EQ(again->host_metrics, config->host_metrics);
}

}  // namespace
}  // namespace tickscope::agent
