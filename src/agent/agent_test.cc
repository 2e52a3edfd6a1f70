// The agent as its targets and its receiver see it: what arrives, in which order, at which times, and what happens when
// either of them fails. Simulated time; targets are scraped every 10 s at the second their hash gives.
#include "agent/agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "agent/simulated_site_test.h"

namespace tickscope::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

/// Without the five series about the scrape: "series = value" each.
std::vector<std::string> OfTarget(const std::vector<Arrived>& all) {
  std::vector<std::string> out;
  for (const Arrived& one : all) {
    if (!one.series.starts_with("up{") && !one.series.starts_with("scrape_"))
      out.push_back(one.series + " = " + one.value);
  }
  return out;
}

std::vector<std::string> ValuesOf(const std::vector<Arrived>& all, std::string_view name) {
  std::vector<std::string> out;
  for (const Arrived& one : all) {
    if (one.series.starts_with(std::string(name) + "{")) out.push_back(one.value);
  }
  return out;
}

TEST(Agent, SendsWhatATargetExposesEveryInterval) {
  SimulatedSite site;
  site.AddTextTarget("a:9100", "# TYPE kills counter\nkills 3\nplayers{mode=\"x\"} 7\n");
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"})).has_value());
  site.RunFor(seconds(30));
  const std::vector<Arrived> arrived = site.TakeArrived();
  ASSERT_EQ(arrived.size(), 21U);

  const std::vector<Arrived> first(arrived.begin(), arrived.begin() + 7);
  const std::string target = "instance=\"a:9100\", job=\"game\"}";
  const TimeMs t = first[0].time_ms;
  EXPECT_THAT(
      first,
      ElementsAre(Arrived{"up{" + target, t, "1.0"}, Arrived{"scrape_duration_seconds{" + target, t, "0.0"},
                  Arrived{"scrape_samples_scraped{" + target, t, "2.0"},
                  Arrived{"scrape_samples_post_metric_relabeling{" + target, t, "2.0"},
                  Arrived{"scrape_series_added{" + target, t, "2.0"}, Arrived{"kills{" + target, t, "3.0"},
                  Arrived{"players{instance=\"a:9100\", job=\"game\", mode=\"x\"}", t, "7.0"}));
  EXPECT_EQ(site.metadata_types["kills{" + target], "counter");
  EXPECT_EQ(site.metadata_types["up{" + target], "gauge");
  // The same second of every interval, and the same order.
  for (std::size_t i = 7; i < arrived.size(); ++i) {
    EXPECT_EQ(arrived[i].time_ms, arrived[i - 7].time_ms + 10'000);
    EXPECT_EQ(arrived[i].series, arrived[i - 7].series);
  }
  EXPECT_EQ(ValuesOf(arrived, "scrape_series_added"), (std::vector<std::string>{"2.0", "0.0", "0.0"}));
}

TEST(Agent, CreatedLinesAreStartTimestamps) {
  SimulatedSite site;
  site.AddTarget("a:9100", [](const http::Request&, http::Respond respond) {
    http::Response response{.status = 200};
    response.headers.Set("Content-Type", "application/openmetrics-text; version=1.0.0");
    response.body =
        "# TYPE kills counter\n"
        "kills_total{map=\"x\"} 3\nkills_created{map=\"x\"} 1600000000.5\n"
        "kills_total{map=\"y\"} 4\nkills_total{map=\"z\"} 5\nkills_created{map=\"z\"} 1600000001\n"
        "# TYPE wait histogram\n"
        "wait_bucket{le=\"1\"} 3\nwait_bucket{le=\"+Inf\"} 4\nwait_count 4\nwait_sum 5\nwait_created "
        "1600000002.25\n"
        // Nothing says since when these run: another family, a gauge, a time that is none.
        "# TYPE wins counter\nwins_total 1\n"
        "# TYPE load gauge\nload 1\n# TYPE load_created gauge\nload_created 1600000003\n"
        "# TYPE odd counter\nodd_total 1\nodd_created NaN\n"
        "# TYPE late counter\nlate_created 1600000004\n"
        "# EOF\n";
    respond(std::move(response));
  });
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"})).has_value());
  site.RunFor(seconds(20));
  const std::string target = "instance=\"a:9100\", job=\"game\"";
  const std::map<std::string, TimeMs> want = {{"kills_total{" + target + ", map=\"x\"}", 1'600'000'000'500},
                                              {"kills_total{" + target + ", map=\"z\"}", 1'600'000'001'000},
                                              {"wait_bucket{" + target + ", le=\"1.0\"}", 1'600'000'002'250},
                                              {"wait_bucket{" + target + ", le=\"+Inf\"}", 1'600'000'002'250},
                                              {"wait_count{" + target + "}", 1'600'000'002'250},
                                              {"wait_sum{" + target + "}", 1'600'000'002'250}};
  EXPECT_EQ(site.starts_ms, want);
}

TEST(Agent, MarksSeriesThatDisappear) {
  SimulatedSite site;
  const auto body = site.AddTextTarget("a:9100", "one 1\ntwo 2\n");
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"})).has_value());
  site.RunFor(seconds(10));
  (void)site.TakeArrived();
  *body = "zero 0\ntwo 2\n";
  site.RunFor(seconds(10));
  // A new series comes after those that keep their place.
  EXPECT_THAT(OfTarget(site.TakeArrived()), ElementsAre("one{instance=\"a:9100\", job=\"game\"} = stale",
                                                        "two{instance=\"a:9100\", job=\"game\"} = 2.0",
                                                        "zero{instance=\"a:9100\", job=\"game\"} = 0.0"));
  site.RunFor(seconds(10));
  EXPECT_EQ(OfTarget(site.TakeArrived()).size(), 2U);  // Marked once.
}

TEST(Agent, AFailedScrapeMarksEverythingAndIsDown) {
  SimulatedSite site;
  const auto body = site.AddTextTarget("a:9100", "one 1\n");
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"})).has_value());
  site.RunFor(seconds(10));
  (void)site.TakeArrived();
  *body = "one 1\ntwo 2\nthree\n";  // Nothing of a body that does not parse to its end is taken.
  site.RunFor(seconds(10));
  std::vector<Arrived> arrived = site.TakeArrived();
  EXPECT_EQ(ValuesOf(arrived, "up"), std::vector<std::string>{"0.0"});
  EXPECT_EQ(OfTarget(arrived), std::vector<std::string>{"one{instance=\"a:9100\", job=\"game\"} = stale"});
  *body = "one 5\n";
  site.RunFor(seconds(10));
  arrived = site.TakeArrived();
  EXPECT_EQ(ValuesOf(arrived, "up"), std::vector<std::string>{"1.0"});
  EXPECT_EQ(OfTarget(arrived), std::vector<std::string>{"one{instance=\"a:9100\", job=\"game\"} = 5.0"});
}

TEST(Agent, LimitsFailTheScrape) {
  struct Case {
    const char* name;
    const char* setting;
    const char* within;
    const char* beyond;
  };
  const Case cases[] = {
      {"samples", "    sample_limit: 2\n", "a 1\nb 1\n", "a 1\nb 1\nc 1\n"},
      {"labels", "    label_limit: 4\n", "a{x=\"1\"} 1\n", "a{x=\"1\",y=\"2\"} 1\n"},
      {"label name", "    label_name_length_limit: 9\n", "a{nine_long=\"1\"} 1\n", "a{ten_longer=\"1\"} 1\n"},
      {"label value", "    label_value_length_limit: 6\n", "a{x=\"sixsix\"} 1\n", "a{x=\"seven77\"} 1\n"},
      {"body", "    body_size_limit: 8B\n", "aa 1000\n", "aa 10000\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    SimulatedSite site;
    const auto body = site.AddTextTarget("a:9100", c.within);
    ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"}, c.setting)).has_value());
    site.RunFor(seconds(10));
    EXPECT_EQ(ValuesOf(site.TakeArrived(), "up"), std::vector<std::string>{"1.0"});
    *body = c.beyond;
    site.RunFor(seconds(10));
    EXPECT_EQ(ValuesOf(site.TakeArrived(), "up"), std::vector<std::string>{"0.0"});
  }
}

TEST(Agent, ASilentTargetTimesOutAndIsDown) {
  SimulatedSite site;
  std::vector<http::Respond> kept;
  site.AddTarget("a:9100",
                 [&](const http::Request&, http::Respond respond) { kept.push_back(std::move(respond)); });
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"}, "    scrape_timeout: 3s\n")).has_value());
  site.RunFor(seconds(14));
  const std::vector<Arrived> arrived = site.TakeArrived();
  EXPECT_THAT(ValuesOf(arrived, "up"), AllOf(Not(IsEmpty()), Each("0.0")));
  EXPECT_THAT(ValuesOf(arrived, "scrape_duration_seconds"), Each("3.0"));
  kept.clear();
}

TEST(Agent, OwnTimesAndDuplicates) {
  SimulatedSite site;
  const std::string far = std::to_string(SimulatedSite::kStartMs + 3'600'000);
  const auto body = site.AddTextTarget(
      "a:9100", "own 1 1699999999000\nown 2 1699999999500\ntwice 1\ntwice 2\nfar 1 " + far + "\n");
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"})).has_value());
  site.RunFor(seconds(10));
  EXPECT_THAT(OfTarget(site.TakeArrived()), ElementsAre("own{instance=\"a:9100\", job=\"game\"} = 1.0",
                                                        "own{instance=\"a:9100\", job=\"game\"} = 2.0",
                                                        "twice{instance=\"a:9100\", job=\"game\"} = 1.0"));
  EXPECT_EQ(site.metrics.dropped(DropReason::kDuplicate), 1U);
  EXPECT_EQ(site.metrics.dropped(DropReason::kFuture), 1U);
  // A series with times of its own may pause: no marker.
  *body = "\n";
  site.RunFor(seconds(10));
  EXPECT_THAT(OfTarget(site.TakeArrived()), ElementsAre("twice{instance=\"a:9100\", job=\"game\"} = stale"));
}

TEST(Agent, HonorTimestampsOffGivesTheScrapesTime) {
  SimulatedSite site;
  site.AddTextTarget("a:9100", "own 1 1699999999000\n");
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"}, "    honor_timestamps: false\n")).has_value());
  site.RunFor(seconds(10));
  const std::vector<Arrived> arrived = site.TakeArrived();
  ASSERT_EQ(arrived.size(), 6U);
  EXPECT_EQ(arrived[5].time_ms, arrived[0].time_ms);
}

TEST(Agent, RemovedTargetsAndShutdownLeaveMarkers) {
  SimulatedSite site;
  site.AddTextTarget("a:9100", "one 1\n");
  site.AddTextTarget("b:9100", "one 1\n");
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100", "b:9100"})).has_value());
  site.RunFor(seconds(10));
  (void)site.TakeArrived();
  ASSERT_TRUE(site.Apply(SiteYaml({"b:9100"})).has_value());
  site.RunFor(milliseconds(1));
  std::vector<Arrived> arrived = site.TakeArrived();
  ASSERT_EQ(arrived.size(), 6U);
  for (const Arrived& one : arrived) {
    EXPECT_EQ(one.value, "stale");
    EXPECT_THAT(one.series, ::testing::HasSubstr("instance=\"a:9100\""));
  }
  EXPECT_LT(site.Shutdown(seconds(10)), seconds(1));
  arrived = site.TakeArrived();
  ASSERT_EQ(arrived.size(), 6U);
  for (const Arrived& one : arrived)
    EXPECT_EQ(one.value, "stale");
}

TEST(Agent, ReloadKeepsWhatDidNotChange) {
  SimulatedSite site;
  site.AddTextTarget("a:9100", "one 1\n");
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"})).has_value());
  site.RunFor(seconds(10));
  (void)site.TakeArrived();
  const RemoteWriter* const writer = site.agent->writers().front().get();
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100", "a:9100"})).has_value());  // Listed twice, scraped once.
  EXPECT_EQ(site.agent->writers().front().get(), writer);
  EXPECT_EQ(site.agent->target_count(), 1U);
  site.RunFor(seconds(10));
  const std::vector<Arrived> arrived = site.TakeArrived();
  EXPECT_THAT(ValuesOf(arrived, "one"), ElementsAre("1.0"));
  EXPECT_THAT(ValuesOf(arrived, "scrape_series_added"), ElementsAre("0.0"));
  // A configuration that does not parse changes nothing.
  EXPECT_FALSE(site.Apply("remote_write: []\n").has_value());
  EXPECT_EQ(site.agent->target_count(), 1U);
}

TEST(Agent, FallsBackToVersionOneOn415) {
  SimulatedSite site;
  site.AddTextTarget("a:9100", "one 1\n");
  site.answer = [](const http::Request& request) {
    const bool is_v2 = request.headers.Get("Content-Type") == wire::kRemoteWriteV2ContentType;
    return http::Response{.status = is_v2 ? 415 : 204};
  };
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"})).has_value());
  site.RunFor(seconds(20));
  using enum wire::RemoteWriteProtocol;
  EXPECT_THAT(site.protocols, ElementsAre(kV2, kV1, kV1));
  EXPECT_THAT(ValuesOf(site.TakeArrived(), "one"), ElementsAre("1.0", "1.0"));
  EXPECT_EQ(site.request_headers[0].Get(wire::kRemoteWriteVersionHeader), "2.0.0");
  EXPECT_EQ(site.request_headers[1].Get(wire::kRemoteWriteVersionHeader), "0.1.0");
  EXPECT_EQ(site.request_headers[1].Get("Content-Encoding"), "snappy");
}

TEST(Agent, FallsBackToVersionOneWhenNothingIsSaidToBeWritten) {
  // Prometheus before 3.0 reads a 2.0 message as an empty 1.0 one and answers 204.
  SimulatedSite site;
  site.AddTextTarget("a:9100", "one 1\n");
  site.answer = [](const http::Request&) { return http::Response{.status = 204}; };
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"})).has_value());
  site.RunFor(seconds(20));
  using enum wire::RemoteWriteProtocol;
  EXPECT_THAT(site.protocols, ElementsAre(kV2, kV1, kV1));
  EXPECT_EQ(site.metrics.sent_samples->value(), 12U);
}

TEST(Agent, RetriesUntilTheReceiverIsBackAndLosesNothing) {
  SimulatedSite site;
  site.AddTextTarget("a:9100", "one 1\n");
  site.answer = [](const http::Request&) { return http::Response{.status = 503}; };
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"})).has_value());
  site.RunFor(seconds(60));
  EXPECT_THAT(site.TakeArrived(), IsEmpty());
  EXPECT_GT(site.metrics.requests_retried->value(), 5U);
  site.answer = nullptr;
  site.RunFor(seconds(60));
  const std::vector<Arrived> arrived = site.TakeArrived();
  std::vector<TimeMs> times_ms;
  for (const Arrived& one : arrived) {
    if (one.series.starts_with("one")) times_ms.push_back(one.time_ms);
  }
  ASSERT_EQ(times_ms.size(), 12U);
  for (std::size_t i = 1; i < times_ms.size(); ++i)
    EXPECT_EQ(times_ms[i], times_ms[i - 1] + 10'000);
  EXPECT_EQ(site.metrics.queue_samples->value(), 0);
  EXPECT_EQ(site.metrics.queue_bytes->value(), 0);
}

TEST(Agent, ObeysRetryAfter) {
  SimulatedSite site;
  site.AddTextTarget("a:9100", "one 1\n");
  site.answer = [](const http::Request&) {
    http::Response response{.status = 429};
    response.headers.Set("Retry-After", "7");
    return response;
  };
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"}, "", "    throttle_ratio: 0\n")).has_value());
  site.RunFor(seconds(30));
  ASSERT_GE(site.request_times_ms.size(), 3U);
  for (std::size_t i = 1; i < site.request_times_ms.size(); ++i) {
    EXPECT_GE(site.request_times_ms[i] - site.request_times_ms[i - 1], 7'000);
    EXPECT_LE(site.request_times_ms[i] - site.request_times_ms[i - 1], 8'000);
  }
}

TEST(Agent, DropsWhatTheReceiverRefuses) {
  SimulatedSite site;
  site.AddTextTarget("a:9100", "one 1\n");
  site.answer = [](const http::Request&) { return http::Response{.status = 400, .body = "out of order"}; };
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"})).has_value());
  site.RunFor(seconds(20));
  EXPECT_EQ(site.protocols.size(), 2U);  // Not sent again.
  EXPECT_EQ(site.metrics.dropped(DropReason::kRefused), 12U);
  EXPECT_EQ(site.metrics.queue_samples->value(), 0);
}

TEST(Agent, CountsPartialWrites) {
  SimulatedSite site;
  site.AddTextTarget("a:9100", "one 1\n");
  site.answer = [](const http::Request&) {
    http::Response response{.status = 204};
    response.headers.Set(wire::kSamplesWrittenHeader, "4");
    return response;
  };
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"})).has_value());
  site.RunFor(seconds(10));
  EXPECT_EQ(site.metrics.sent_samples->value(), 4U);
  EXPECT_EQ(site.metrics.dropped(DropReason::kPartialWrite), 2U);
}

TEST(Agent, AFullQueueDropsTheOldest) {
  SimulatedSite site;
  std::string body;
  for (int i = 0; i < 100; ++i)
    body += "m{i=\"" + std::to_string(i) + "\"} 1\n";
  site.AddTextTarget("a:9100", body);
  site.answer = [](const http::Request&) { return http::Response{.status = 503}; };
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"}, "", "    queue_bytes_max: 64KiB\n")).has_value());
  site.RunFor(seconds(600));
  EXPECT_GT(site.metrics.dropped(DropReason::kQueueFull), 4'000U);
  EXPECT_LE(site.metrics.queue_bytes->value(), 64 * 1024);
  const std::uint64_t dropped = site.metrics.dropped(DropReason::kQueueFull);
  const auto waiting = static_cast<std::uint64_t>(site.metrics.queue_samples->value());
  EXPECT_EQ(dropped + waiting, 60U * 105U);
  site.answer = nullptr;
  site.RunFor(seconds(31));
  std::vector<TimeMs> times_ms;
  for (const Arrived& one : site.TakeArrived()) {
    if (one.series.starts_with("up")) times_ms.push_back(one.time_ms);
  }
  // What arrives is the newest: all but the part that was under way follow each other to the present.
  ASSERT_GT(times_ms.size(), 5U);
  for (std::size_t i = 2; i < times_ms.size(); ++i)
    EXPECT_EQ(times_ms[i], times_ms[i - 1] + 10'000);
  EXPECT_GT(times_ms.back(), site.clock.NowMs() - 11'000);
}

TEST(Agent, BatchesAreBounded) {
  SimulatedSite site;
  site.AddTextTarget("a:9100", "a 1\nb 1\nc 1\nd 1\n");
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"}, "", "    batch_samples_max: 4\n")).has_value());
  site.RunFor(seconds(10));
  EXPECT_EQ(site.protocols.size(), 3U);  // 9 samples.
  EXPECT_EQ(site.TakeArrived().size(), 9U);
}

TEST(Agent, ShutdownIsBounded) {
  SimulatedSite site;
  site.AddTextTarget("a:9100", "one 1\n");
  site.answer = [](const http::Request&) { return http::Response{.status = 503}; };
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"})).has_value());
  site.RunFor(seconds(20));
  EXPECT_EQ(site.Shutdown(seconds(5)), seconds(5));
  EXPECT_EQ(site.metrics.dropped(DropReason::kShutdown), 18U);  // Two scrapes and the markers.
}

TEST(Agent, MetadataGoesOutOnceThenByInterval) {
  SimulatedSite site;
  site.AddTextTarget("a:9100", "# TYPE kills counter\nkills 3\n");
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"}, "", "    metadata_interval: 60s\n")).has_value());
  site.RunFor(seconds(10));
  EXPECT_EQ(site.metadata_types.size(), 6U);
  site.metadata_types.clear();
  site.RunFor(seconds(50));
  EXPECT_THAT(site.metadata_types, IsEmpty());
  site.RunFor(seconds(10));
  EXPECT_EQ(site.metadata_types.size(), 6U);
}

TEST(Agent, SendsCustomHeaders) {
  SimulatedSite site;
  site.AddTextTarget("a:9100", "one 1\n");
  ASSERT_TRUE(site.Apply(SiteYaml({"a:9100"}, "", "    headers: {X-Scope-OrgID: studio}\n")).has_value());
  site.RunFor(seconds(10));
  ASSERT_FALSE(site.request_headers.empty());
  EXPECT_EQ(site.request_headers[0].Get("x-scope-orgid"), "studio");
}

TEST(NextDueMs, IsStrictlyLaterAndOnTheGrid) {
  EXPECT_EQ(NextDueMs(0, 10, 3), 3);
  EXPECT_EQ(NextDueMs(2, 10, 3), 3);
  EXPECT_EQ(NextDueMs(3, 10, 3), 13);
  EXPECT_EQ(NextDueMs(12, 10, 13), 13);
  EXPECT_EQ(NextDueMs(-8, 10, 3), -7);
}

}  // namespace
}  // namespace tickscope::agent
