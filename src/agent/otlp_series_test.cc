// OTLP that an agent takes: what its receiver gets, what is refused and how that is told, and that an answer means what it says: on the disk, or
// in a queue that has room. From the door to a receiver in memory, on simulated time.
#include "agent/otlp_series.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/otlp_door.h"
#include "agent/simulated_site_test.h"
#include "otlp/json_request.h"

namespace tickscope::agent {
namespace {

using otlp::ExportOutcome;
using otlp::Signal;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kRemote =
    "remote_write:\n  - url: http://receiver:9280/api/v1/write\n    backoff_max: 100ms\n";
constexpr std::string_view kSpooled =
    "remote_write:\n  - url: http://receiver:9280/api/v1/write\n    backoff_max: 100ms\n"
    "    spool: {directory: spool, bytes_max: 4MiB, segment_bytes: 64KiB, commit_interval: 60s}\n";

std::string ToProtobuf(const std::string& json) {
  return otlp::JsonRequests().ToProtobuf(Signal::kMetrics, json).value();
}

// A request of metrics, of a resource with these attributes.
std::string Request(const std::string& metrics, const std::string& resource = "") {
  return ToProtobuf(R"({"resourceMetrics":[{"resource":{"attributes":[)" + resource +
                    R"(]},"scopeMetrics":[{"metrics":[)" + metrics + "]}]}]}");
}

std::string TextAttribute(std::string_view key, std::string_view value) {
  return fmt::format(R"({{"key":"{}","value":{{"stringValue":"{}"}}}})", key, value);
}

std::string Gauge(std::string_view name, double value, TimeMs time_ms, const std::string& attributes = "") {
  return fmt::format(
      R"({{"name":"{}","gauge":{{"dataPoints":[{{"timeUnixNano":"{}000000","asDouble":{},"attributes":[{}]}}]}}}})",
      name, time_ms, value, attributes);
}

// A monotonic sum of one point; temporality 1 is delta, 2 cumulative.
std::string Sum(std::string_view name, double value, TimeMs start_ms, TimeMs time_ms, int temporality) {
  return fmt::format(
      R"({{"name":"{}","sum":{{"isMonotonic":true,"aggregationTemporality":{},"dataPoints":[{{"startTimeUnixNano":"{}000000","timeUnixNano":"{}000000","asDouble":{}}}]}}}})",
      name, temporality, start_ms, time_ms, value);
}

class OtlpSeriesTest : public ::testing::Test {
 protected:
  static constexpr TimeMs kNow = SimulatedSite::kStartMs;

  // Starts the agent, and the door before it.
  void Start(std::string_view remote = kRemote, OtlpConfig config = {},
             const Labels& external = Labels{{"region", "eu"}}) {
    ASSERT_TRUE(site_.Apply(remote).has_value());
    series_ = std::make_unique<OtlpSeries>(config, external,
                                           AgentContext{.network = site_.network,
                                                        .loop = *loop_,
                                                        .clock = site_.clock,
                                                        .random = random_,
                                                        .metrics = site_.metrics,
                                                        .processes = site_.processes,
                                                        .guard = site_.guard},
                                           metrics_);
    door_ = std::make_unique<OtlpDoor>(
        1U << 20,
        OtlpDoor::Roads{.metrics =
                            [this](WriteBatchPtr batch, CommitGroup::Done done) {
                              loop_->Post([this, batch = std::move(batch), done = std::move(done)]() mutable {
                                site_.agent->Take(batch, std::move(done));
                              });
                            },
                        .logs = nullptr},
        *series_, metrics_);
  }
  // Exports, and runs for a while. What the exporter hears; nothing when that is nothing yet.
  std::optional<ExportOutcome> Export(const std::string& message, milliseconds wait = seconds(1)) {
    const auto heard = std::make_shared<std::optional<ExportOutcome>>();
    door_->Export(Signal::kMetrics, TenantId(kDefaultTenant), message, std::nullopt,
                  [heard](ExportOutcome outcome) { *heard = std::move(outcome); });
    site_.RunFor(wait);
    return *heard;
  }
  // "series = value" each, since the last call.
  std::vector<std::string> Told() {
    std::vector<std::string> out;
    for (const Arrived& one : site_.TakeArrived())
      out.push_back(one.series + " = " + one.value);
    return out;
  }
  [[nodiscard]] std::uint64_t Requests(OtlpResult result) {
    return metrics_.requests(Signal::kMetrics, result).value();
  }

  SimulatedSite site_;
  MetricRegistry registry_;
  OtlpMetrics metrics_{registry_};
  SeededRandom random_{3};
  std::unique_ptr<io::EventLoop> loop_ = site_.network.MakeLoop();
  std::unique_ptr<OtlpSeries> series_;
  std::unique_ptr<OtlpDoor> door_;
};

TEST_F(OtlpSeriesTest, SeriesAreTheGatewaysWithTheAgentsLabels) {
  OtlpConfig config;
  config.labels = Labels{{"map", "of the agent"}, {"zone", "a"}};
  Start(kRemote, config);
  const std::string resource = TextAttribute("service.name", "match") + "," +
                               TextAttribute("service.instance.id", "i1") + "," +
                               TextAttribute("os", "linux");
  const std::string metrics =
      Gauge("players", 7, kNow, TextAttribute("map", "dust")) + "," + Sum("kills", 5, kNow - 60'000, kNow, 2);
  const auto heard = Export(Request(metrics, resource));
  ASSERT_TRUE(heard.has_value());
  EXPECT_FALSE(heard->error.has_value());
  EXPECT_EQ(heard->refused, 0U);
  const std::string own = R"(, region="eu", service_name="match", zone="a"})";
  EXPECT_THAT(
      Told(),
      ElementsAre(
          R"(players{instance="i1", job="match", map="dust")" + own + " = 7.0",
          R"(kills_total{instance="i1", job="match", map="of the agent")" + own + " = 5.0",
          R"(target_info{instance="i1", job="match", map="of the agent", os="linux", region="eu", zone="a"} = 1.0)"));
  EXPECT_EQ(site_.starts_ms[R"(kills_total{instance="i1", job="match", map="of the agent")" + own],
            kNow - 60'000);
  EXPECT_EQ(site_.metadata_types[R"(players{instance="i1", job="match", map="dust")" + own], "gauge");
  EXPECT_EQ(site_.metadata_types[R"(kills_total{instance="i1", job="match", map="of the agent")" + own],
            "counter");
  EXPECT_EQ(metrics_.points->value(), 2U);
  EXPECT_EQ(series_->size(), 3U);
}

TEST_F(OtlpSeriesTest, HistogramsAndEnds) {
  Start(kRemote, {}, Labels());
  const std::string times =
      fmt::format(R"("startTimeUnixNano":"{}000000","timeUnixNano":"{}000000")", kNow - 1'000, kNow);
  const std::string classic = R"({"name":"c","histogram":{"aggregationTemporality":2,"dataPoints":[{)" +
                              times +
                              R"(,"count":"3","sum":4,"bucketCounts":["1","2"],"explicitBounds":[1]}]}})";
  const std::string native =
      R"({"name":"n","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{)" + times +
      R"(,"count":"3","sum":4,"scale":2,"positive":{"offset":0,"bucketCounts":["1","2"]}}]}})";
  const std::string ends = fmt::format(
      R"({{"name":"g","gauge":{{"dataPoints":[{{"timeUnixNano":"{}000000","flags":1}}]}}}})", kNow);
  const std::string not_a_number = fmt::format(
      R"({{"name":"nan","gauge":{{"dataPoints":[{{"timeUnixNano":"{}000000","asDouble":"NaN"}}]}}}})", kNow);
  ASSERT_FALSE(Export(Request(classic + "," + native + "," + ends + "," + not_a_number))->error.has_value());
  EXPECT_THAT(Told(),
              ElementsAre("c_sum = 4.0", "c_count = 3.0", R"(c_bucket{le="1"} = 1.0)",
                          R"(c_bucket{le="+Inf"} = 3.0)", "n = histogram 3", "g = stale", "nan = NaN"));
}

TEST_F(OtlpSeriesTest, ExemplarsGoWithTheirSample) {
  Start();
  const std::string exemplar =
      R"("exemplars":[{"asDouble":0.5,"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"}])";
  const std::string classic = fmt::format(
      R"({{"name":"c","histogram":{{"aggregationTemporality":2,"dataPoints":[{{)"
      R"("timeUnixNano":"{}000000","count":"3","sum":4,"bucketCounts":["1","2"],"explicitBounds":[1],{}}}]}}}})",
      kNow, exemplar);
  const auto taken = series_->Take(Request(classic));
  ASSERT_TRUE(taken.has_value());
  ASSERT_THAT(taken->batch->exemplars, SizeIs(1));
  EXPECT_EQ(taken->batch->exemplars[0].labels.Get("trace_id"), "0102030405060708090a0b0c0d0e0f10");
  EXPECT_EQ(taken->batch->exemplars[0].time_ms, kNow);
  for (const BatchSample& sample : taken->batch->samples)
    EXPECT_EQ(sample.exemplar_count, sample.series->labels.Get("le") == "1" ? 1U : 0U);
  // A histogram's series share what describes them, which makes them one again where they are sent by OTLP.
  EXPECT_EQ(taken->batch->samples.front().series->family, taken->batch->samples.back().series->family);
}

TEST_F(OtlpSeriesTest, NothingEndsThatIsNotSentAnyMore) {
  Start();
  (void)Export(Request(Gauge("players", 7, kNow)));
  (void)Told();
  site_.RunFor(seconds(7'200));
  (void)Export(Request(Gauge("other", 1, site_.clock.NowMs())));
  EXPECT_THAT(Told(), ElementsAre(R"(other{region="eu"} = 1.0)"));
  EXPECT_EQ(series_->size(), 1U) << "but it made room";
  (void)site_.Shutdown(seconds(5));
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(OtlpSeriesTest, DeltasAreAddedUpAndOnceOnly) {
  Start();
  (void)Export(Request(Sum("kills", 5, kNow - 10'000, kNow, 1)));
  (void)Export(Request(Sum("kills", 3, kNow, kNow + 1'000, 1)));
  // A retry.
  (void)Export(Request(Sum("kills", 3, kNow, kNow + 1'000, 1)));
  const auto heard = Export(Request(Sum("kills", 1, kNow - 5'000, kNow - 1'000, 1)));
  EXPECT_EQ(heard->refused, 1U);
  EXPECT_THAT(heard->message, HasSubstr("delta out of order"));
  EXPECT_THAT(Told(), ElementsAre(R"(kills_total{region="eu"} = 5.0)", R"(kills_total{region="eu"} = 8.0)",
                                  R"(kills_total{region="eu"} = 8.0)"));
  EXPECT_EQ(site_.starts_ms[R"(kills_total{region="eu"})"], kNow - 10'000);
  EXPECT_EQ(Requests(OtlpResult::kPartly), 1U);
}

TEST_F(OtlpSeriesTest, WhatIsRefusedCostsItsPointAndIsTold) {
  const auto guard = guard::Guard::Make({.mode = guard::GuardMode::kEnforce, .schema = {}, .pii = {}},
                                        site_.clock, registry_)
                         .value();
  site_.guard = guard.get();
  OtlpConfig config;
  config.series_max = 2;
  Start(kRemote, config, Labels());
  const std::string private_point = Gauge("logins", 1, kNow, TextAttribute("mail", "jane.doe@example.com"));
  const std::string no_value =
      fmt::format(R"({{"name":"empty","gauge":{{"dataPoints":[{{"timeUnixNano":"{}000000"}}]}}}})", kNow);
  const std::string request =
      Request(private_point + "," + no_value + "," + Gauge("future", 1, kNow + 3'600'000) + "," +
              Gauge("past", 1, 5) + "," + Gauge("good", 1, kNow));
  auto heard = Export(request);
  ASSERT_TRUE(heard.has_value());
  EXPECT_FALSE(heard->error.has_value());
  // "future" and "past" are series, of which nothing was sent; so there is no room for a third.
  EXPECT_EQ(heard->refused, 5U);
  EXPECT_THAT(heard->message,
              HasSubstr("1 data points refused: data point 1 of \"empty\": number without a value"));
  EXPECT_THAT(heard->message, HasSubstr("4 of 4 samples not written: series 0: "));
  EXPECT_THAT(heard->message, HasSubstr("series 2: sample too far in the future: got 2023-11-14T23:13:20"));
  EXPECT_THAT(heard->message, HasSubstr("series 3: sample too far in the past: got 1970-01-01T00:00:00"));
  EXPECT_THAT(heard->message, HasSubstr("series 4: too many series: the agent takes 2"));
  EXPECT_THAT(heard->message, ::testing::Not(HasSubstr("jane")));
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_EQ(metrics_.refused_points(), 5U);
  EXPECT_EQ(metrics_.refused_points(OtlpRefusal::kGuard).value(), 1U);
  EXPECT_EQ(site_.metrics.dropped(DropReason::kGuard), 1U);
  heard = Export(Request(private_point));
  EXPECT_THAT(heard->message, HasSubstr("refused by the guard before"));
}

TEST_F(OtlpSeriesTest, OtherRulesAreHeldToAtOnce) {
  const auto guard =
      guard::Guard::Make({.mode = guard::GuardMode::kOff, .schema = {}, .pii = {}}, site_.clock, registry_)
          .value();
  site_.guard = guard.get();
  Start(kRemote, {}, Labels());
  const auto request = [&] {
    return Request(Gauge("logins", 1, site_.clock.NowMs(), TextAttribute("mail", "jane.doe@example.com")));
  };
  EXPECT_EQ(Export(request())->refused, 0U);
  EXPECT_THAT(Told(), SizeIs(1));
  ASSERT_TRUE(guard->Replace({.mode = guard::GuardMode::kEnforce, .schema = {}, .pii = {}}).has_value());
  EXPECT_EQ(Export(request())->refused, 1U);
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(OtlpSeriesTest, WhatIsNoRequestIsAnError) {
  Start();
  auto heard = Export("\x0a\x7f");
  EXPECT_EQ(heard->error->code, ErrorCode::kCorruption);
  EXPECT_EQ(Requests(OtlpResult::kRefused), 1U);
  heard.reset();
  door_->Export(Signal::kMetrics, TenantId("eu"), "", std::nullopt,
                [&](ExportOutcome outcome) { heard = std::move(outcome); });
  EXPECT_EQ(heard->error->code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(*door_->Declines(Signal::kTraces), HasSubstr("send them to the gateway"));
  EXPECT_THAT(*door_->Declines(Signal::kLogs), HasSubstr("logs.push"));
  EXPECT_FALSE(door_->Declines(Signal::kMetrics).has_value());
}

TEST_F(OtlpSeriesTest, MetadataGoesOutAgainNowAndThen) {
  Start();
  const std::string name = R"(players{region="eu"})";
  const auto described = [&](seconds wait) {
    site_.metadata_types.clear();
    (void)Export(Request(Gauge("players", 7, site_.clock.NowMs())), wait);
    return site_.metadata_types.contains(name);
  };
  EXPECT_TRUE(described(seconds(60)));
  EXPECT_FALSE(described(seconds(60)));
  site_.RunFor(seconds(300));
  EXPECT_TRUE(described(seconds(60)));
}

TEST_F(OtlpSeriesTest, AnswersWhenItIsOnTheDiskAndAKillLosesNothing) {
  site_.answer = [](const http::Request&) { return http::Response{.status = 503}; };
  Start(kSpooled);
  // Two within one commit, which is the answers' own: the spool's comes in a minute.
  EXPECT_FALSE(Export(Request(Gauge("a", 1, kNow)), milliseconds(0)).has_value());
  ASSERT_TRUE(Export(Request(Gauge("b", 2, kNow)), kCommitWait).has_value());
  EXPECT_EQ(Requests(OtlpResult::kTaken), 2U);
  EXPECT_THAT(Told(), IsEmpty());
  door_.reset();
  site_.Kill();
  site_.fs.Crash({.unsynced = io::CrashPolicy::Unsynced::kLost, .seed = 1});
  site_.answer = nullptr;
  Start(kSpooled);
  site_.RunFor(seconds(61));
  EXPECT_THAT(Told(), ElementsAre(R"(a{region="eu"} = 1.0)", R"(b{region="eu"} = 2.0)"));
}

TEST_F(OtlpSeriesTest, AFullQueueIsToldAndKeepsWhatItHas) {
  site_.answer = [](const http::Request&) { return http::Response{.status = 503}; };
  Start(
      "remote_write:\n  - {url: 'http://receiver:9280/api/v1/write', queue_bytes_max: 64KiB, backoff_max: "
      "100ms}\n");
  std::size_t taken = 0;
  std::optional<ExportOutcome> heard;
  for (; taken < 10'000; ++taken) {
    heard = Export(Request(Gauge("g", 1, kNow + static_cast<TimeMs>(taken))), milliseconds(1));
    if (heard->error) break;
  }
  EXPECT_EQ(heard->error->code, ErrorCode::kResourceExhausted);
  EXPECT_GT(taken, 50U);
  EXPECT_EQ(site_.metrics.dropped(DropReason::kQueueFull), 0U);
  site_.answer = nullptr;
  site_.RunFor(seconds(60));
  EXPECT_THAT(Told(), SizeIs(taken));
  EXPECT_FALSE(Export(Request(Gauge("g", 1, kNow + 100'000)))->error.has_value());
}

TEST_F(OtlpSeriesTest, ADiskThatTakesNothingIsTold) {
  Start(kSpooled);
  site_.fs.SetCapacity(0);
  const auto heard = Export(Request(Gauge("g", 1, kNow)));
  EXPECT_EQ(heard->error->code, ErrorCode::kUnavailable);
  EXPECT_EQ(Requests(OtlpResult::kRetry), 1U);
}

TEST_F(OtlpSeriesTest, MoreThanMayWaitIsToldToComeAgain) {
  Start(kSpooled);
  // Of 9 MiB each, and nothing is answered before the loop runs.
  const std::string large = Request(Gauge("g", 1, kNow, TextAttribute("x", std::string(9U << 20, 'x'))));
  std::vector<ErrorCode> refused;
  std::size_t answered = 0;
  for (int i = 0; i < 4; ++i) {
    door_->Export(Signal::kMetrics, TenantId(kDefaultTenant), large + Request(Gauge("g", i, kNow + i)),
                  std::nullopt, [&](ExportOutcome outcome) {
                    ++answered;
                    if (outcome.error) refused.push_back(outcome.error->code);
                  });
  }
  EXPECT_THAT(refused, ElementsAre(ErrorCode::kResourceExhausted));
  site_.RunFor(seconds(1));
  EXPECT_EQ(answered, 4U);
  EXPECT_FALSE(Export(large)->error.has_value());
}

TEST_F(OtlpSeriesTest, WhoWaitsIsAnsweredAtTheEnd) {
  Start(kSpooled);
  std::optional<ExportOutcome> heard;
  const auto hear = [&](ExportOutcome outcome) { heard = std::move(outcome); };
  door_->Export(Signal::kMetrics, TenantId(kDefaultTenant), Request(Gauge("a", 1, kNow)), std::nullopt, hear);
  door_->Shut();
  door_->Close();
  ASSERT_TRUE(heard.has_value());
  EXPECT_EQ(heard->error->code, ErrorCode::kUnavailable);
  heard.reset();
  door_->Export(Signal::kMetrics, TenantId(kDefaultTenant), Request(Gauge("a", 1, kNow)), std::nullopt, hear);
  ASSERT_TRUE(heard.has_value());
  EXPECT_EQ(heard->error->code, ErrorCode::kUnavailable);
  // What was on its way finds nobody who waits.
  site_.RunFor(seconds(1));
}

}  // namespace
}  // namespace tickscope::agent
