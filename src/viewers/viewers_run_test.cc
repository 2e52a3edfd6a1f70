// Viewers against a made-up server on the in-memory network and simulated time: what they ask, how often, and what they
// count when it is slow, wrong or away.
#include "viewers/viewers_run.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "http/router.h"
#include "http/server.h"
#include "http/stream_body.h"
#include "io/memory_network.h"

namespace tickscope::viewers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::Pair;

constexpr TimeMs kStart = 1'700'000'001'234;
constexpr const char* kEmptyAnswer = R"({"status":"success","data":{"resultType":"matrix","result":[]}})";

class ViewersRunTest : public ::testing::Test {
 protected:
  void Start(http::Handler handler) {
    server_ = http::Server::Start(network_, {.address = "server:80"}, std::move(handler), metrics_).value();
  }
  // Answers as a good server does; `delay` before each range query's answer.
  void StartGood(milliseconds delay = milliseconds(0)) {
    timers_ = network_.MakeLoop();
    Start([this, delay](const http::Request& request, http::Respond respond) {
      const std::string path(request.path());
      ++requests_[path];
      if (path != "/api/v1/query_range") {
        return respond({.status = 200, .body = R"({"status":"success","data":["apac","eu"]})"});
      }
      forms_.push_back(http::ParseForm(request.body));
      http::Response response{.status = 200, .body = kEmptyAnswer};
      response.headers.Set("X-Tickscope-Cache", forms_.size() % 2 == 0 ? "hit" : "miss");
      timers_->After(delay, [respond = std::move(respond), response = std::move(response)]() mutable {
        respond(std::move(response));
      });
    });
  }
  ViewersOptions Options() {
    return {.server = http::ParseUrl("http://server:80/").value(), .count = 4, .refresh = seconds(10)};
  }
  static Dashboard TwoPanels() {
    return {
        .title = "d",
        .range_ms = 3'600'000,
        .variables = {{.name = "region", .label = "region", .match = "up", .value = ""}},
        .panels = {{.queries = {"a{r=\"$region\"}"}},
                   {.queries = {"rate(b[$__rate_interval])"}, .range_ms = 604'800'000, .step_ms = 600'000}}};
  }
  void Pass(seconds time) { network_.scheduler().RunFor(time); }

  ManualClock clock_{kStart};
  MetricRegistry metrics_;
  io::MemoryNetwork network_{clock_, {}};
  std::unique_ptr<io::EventLoop> timers_;
  std::unique_ptr<http::Server> server_;
  std::map<std::string, int> requests_;
  std::vector<std::vector<std::pair<std::string, std::string>>> forms_;
};

TEST_F(ViewersRunTest, AsksWhatAPageAsks) {
  StartGood(milliseconds(100));
  const ViewersRun run(network_, clock_, Options(), {TwoPanels()});
  Pass(seconds(60));
  const ViewersReport report = run.Report();
  EXPECT_EQ(requests_["/api/v1/status/buildinfo"], 4);
  EXPECT_EQ(requests_["/api/v1/metadata"], 4);
  EXPECT_EQ(requests_["/api/v1/label/region/values"], 4);
  EXPECT_EQ(report.opening.answers, 12U);
  EXPECT_GE(report.refreshes_due, 20U);
  EXPECT_LE(report.refreshes_due, 24U);
  EXPECT_EQ(report.refreshes_late, 0U);
  EXPECT_EQ(report.queries[0].answers, report.queries[1].answers);
  EXPECT_NEAR(report.queries[0].p95_ms, 100, 5);
  EXPECT_EQ(report.error_count(), 0U);
  EXPECT_EQ(report.queries[0].cache[1] + report.queries[0].cache[3], report.queries[0].answers);
  ASSERT_GE(forms_.size(), 40U);
  for (const auto& form : forms_) {
    const std::map<std::string, std::string> fields(form.begin(), form.end());
    const double step = std::stod(fields.at("step"));
    const double start = std::stod(fields.at("start"));
    const double end = std::stod(fields.at("end"));
    EXPECT_EQ(std::fmod(start, step), 0) << "aligned";
    EXPECT_EQ(std::fmod(end, step), 0);
    EXPECT_TRUE(fields.at("query") == "a{r=\"apac\"}" || fields.at("query") == "rate(b[610s])" ||
                fields.at("query") == "rate(b[10m10s])")
        << fields.at("query");
  }
}

TEST_F(ViewersRunTest, CountsRefreshesThatASlowServerMakesLate) {
  StartGood(seconds(25));
  ViewersOptions options = Options();
  options.count = 1;
  const ViewersRun run(network_, clock_, options, {TwoPanels()});
  Pass(seconds(110));
  const ViewersReport report = run.Report();
  EXPECT_GE(report.refreshes_due, 9U);
  EXPECT_GT(report.refreshes_missed, 3U);
  EXPECT_GE(report.refreshes_late, 2U);
  EXPECT_LE(report.refreshes_done, 4U);
  EXPECT_GE(report.queries[0].max_ms, 25'000) << "from when it was due";
}

TEST_F(ViewersRunTest, CountsErrorsByKind) {
  Start([](const http::Request& request, http::Respond respond) {
    if (request.path() != "/api/v1/query_range") return respond({.status = 404, .body = "none"});
    respond({.status = request.body.contains("600.000") ? 503 : 200, .body = "not JSON"});
  });
  ViewersOptions options = Options();
  options.count = 20;
  const ViewersRun run(network_, clock_, options, {TwoPanels()});
  Pass(seconds(100));
  server_.reset();
  Pass(seconds(20));
  const ViewersReport report = run.Report();
  EXPECT_THAT(report.errors, Contains(Pair("http 404", 60)));
  EXPECT_THAT(report.errors, Contains(Pair("http 503", testing::Gt(100))));
  EXPECT_THAT(report.errors, Contains(Pair("unavailable", testing::Gt(10))));
  EXPECT_THAT(report.errors, Contains(Pair("unreadable", testing::Ge(1)))) << "some are read to their end";
  EXPECT_EQ(report.opening.errors, 60U);
}

TEST_F(ViewersRunTest, APageFollowsAndComesBack) {
  std::vector<std::shared_ptr<http::StreamBody>> streams;
  std::vector<std::string> last_ids;
  Start([&](const http::Request& request, http::Respond respond) {
    if (request.path() != "/api/v1/stream")
      return respond({.status = 200, .body = R"({"status":"success","data":[]})"});
    last_ids.emplace_back(request.headers.Get("Last-Event-ID"));
    streams.push_back(std::make_shared<http::StreamBody>(1 << 20));
    respond({.status = 200, .body = "retry: 500\n\n", .stream = streams.back()});
  });
  ViewersOptions options = Options();
  options.mode = ViewerMode::kPage;
  options.count = 1;
  const ViewersRun run(network_, clock_, options, {TwoPanels()});
  Pass(seconds(11));
  ASSERT_EQ(streams.size(), 1U);
  const auto offer = [&](std::string text) {
    (void)streams.back()->Offer({std::make_shared<const std::string>(std::move(text))});
  };
  offer(
      "id: 1\nevent: snapshot\ndata: {\"query\":\"0\",\"from\":1,\"to\":2,\"step\":10,\"series\":["
      "{\"n\":0,\"metric\":{},\"values\":[[1,\"7\"],[2,\"8\"]]},{\"n\":1,\"metric\":{},\"values\":[[1,\"7\"]]"
      "}]}\n\n");
  offer("id: 2\nevent: snapshot\ndata: {\"query\":\"1\",\"from\":1,\"to\":2,\"step\":10,\"series\":[]}\n\n");
  offer(
      fmt::format("id: 3\nevent: points\ndata: "
                  "{{\"query\":\"0\",\"to\":{},\"series\":[{{\"n\":0,\"values\":[[3,\"9\"]]}}]}}\n\n",
                  clock_.NowMs() / 1000 - 1));
  Pass(seconds(1));
  streams.back()->End();
  Pass(seconds(5));
  const ViewersReport report = run.Report();
  EXPECT_EQ(report.connects, 2U);
  EXPECT_EQ(report.snapshots, 2U);
  EXPECT_EQ(report.snapshot_points, 3U);
  EXPECT_EQ(report.new_points, 1U);
  EXPECT_EQ(report.first_views[0].answers, 1U);
  EXPECT_EQ(report.first_views[1].answers, 1U);
  EXPECT_EQ(report.events[0].answers, 1U);
  EXPECT_GE(report.events[0].max_ms, 1000);
  EXPECT_LE(report.events[0].max_ms, 2100);
  EXPECT_THAT(last_ids, testing::ElementsAre("", "3"));
}

TEST(ViewersReport, TextAndJsonNameWhatCounts) {
  ViewerStats stats;
  stats.RecordQuery(WindowClass::kUpTo12h, milliseconds(20), CacheUse::kHit, 1000);
  stats.RecordQuery(WindowClass::kUpTo12h, milliseconds(30), CacheUse::kMiss, 1000);
  stats.RecordError(WindowClass::kUpTo7d, "http 503", "busy");
  const ViewersReport report = stats.Report();
  EXPECT_THAT(ReportText(report), testing::HasSubstr("cache hit 50.0 %"));
  EXPECT_THAT(ReportText(report), testing::HasSubstr("http 503"));
  EXPECT_THAT(ReportJson(report), testing::HasSubstr(R"("cache_hit_share":0.5)"));
  EXPECT_THAT(ReportJson(report), testing::HasSubstr(R"("errors":{"http 503":1})"));
}

}  // namespace
}  // namespace tickscope::viewers
