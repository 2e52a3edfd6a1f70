// The API end to end without sockets: a request goes into the router, an answer comes out.
//
// testdata/refusals.tsv is golden: status and text were taken from Prometheus 3.16 for the same requests.
// tests/blackbox/test_api_vs_prometheus.py asks both servers and compares.
#include "api/prometheus_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <set>
#include <sstream>

#include "base/clock.h"
#include "http/gzip.h"
#include "model/sample.h"
#include "wire/json_writer.h"

namespace tickscope::api {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr TimeMs kT0 = 1'700'000'000'000;

struct StoredSeries {
  Labels labels;
  std::vector<FloatSample> samples;
};

class StoredSet final : public SeriesSet {
 public:
  StoredSet(std::vector<const StoredSeries*> series, const SelectRequest& request)
      : series_(std::move(series)), start_ms_(request.start_ms), end_ms_(request.end_ms) {}
  bool Next() override { return next_++ < series_.size(); }
  [[nodiscard]] const Labels& labels() const override { return series_[next_ - 1]->labels; }
  Status ReadSamples(SampleColumns& out) override {
    out.Clear();
    for (const FloatSample& sample : series_[next_ - 1]->samples) {
      if (sample.time_ms < start_ms_ || sample.time_ms > end_ms_) continue;
      out.times_ms.push_back(sample.time_ms);
      out.values.push_back(sample.value);
    }
    return {};
  }

 private:
  std::vector<const StoredSeries*> series_;
  TimeMs start_ms_;
  TimeMs end_ms_;
  std::size_t next_ = 0;
};

// A few series of the default tenant; other tenants have none. Selecting `broken` fails.
class TableStorage final : public Queryable {
 public:
  explicit TableStorage(std::vector<StoredSeries> series) : series_(std::move(series)) {
    std::ranges::sort(series_, {}, &StoredSeries::labels);
  }
  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                          const QueryContext& context) const override {
    TICKSCOPE_RETURN_IF_ERROR(context.Check());
    for (const Matcher& matcher : request.matchers) {
      if (matcher.value() == "broken") return Fail(ErrorCode::kCorruption, "chunk does not decode");
    }
    return std::make_unique<StoredSet>(Matching(request), request);
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest& request,
                                                            const QueryContext&) const override {
    std::set<std::string> names;
    for (const StoredSeries* series : Matching(request)) {
      for (const auto& [name, value] : series->labels)
        names.emplace(name);
    }
    return std::vector<std::string>(names.begin(), names.end());
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string& name,
                                                             const SelectRequest& request,
                                                             const QueryContext&) const override {
    std::set<std::string> values;
    for (const StoredSeries* series : Matching(request)) {
      if (series->labels.Has(name)) values.emplace(series->labels.Get(name));
    }
    return std::vector<std::string>(values.begin(), values.end());
  }

 private:
  [[nodiscard]] std::vector<const StoredSeries*> Matching(const SelectRequest& request) const {
    std::vector<const StoredSeries*> matching;
    if (request.tenant != kDefaultTenant) return matching;
    for (const StoredSeries& series : series_) {
      const auto in_range = [&](const FloatSample& s) {
        return s.time_ms >= request.start_ms && s.time_ms <= request.end_ms;
      };
      if (MatchesAll(request.matchers, series.labels) && std::ranges::any_of(series.samples, in_range)) {
        matching.push_back(&series);
      }
    }
    return matching;
  }

  std::vector<StoredSeries> series_;
};

class TableMetadata final : public MetadataSource {
 public:
  [[nodiscard]] std::vector<MetadataFamily> Metadata(const MetadataRequest& request) const override {
    std::vector<MetadataFamily> families = {
        {"http_requests", {{"counter", "Requests.", ""}}},
        {"temp", {{"gauge", "Heat.", "celsius"}, {"gauge", "Temperature.", ""}}}};
    std::erase_if(families, [&](const MetadataFamily& family) {
      return !request.family.empty() && family.name != request.family;
    });
    families.resize(std::min(families.size(), request.families_max));
    for (MetadataFamily& family : families) {
      family.entries.resize(std::min(family.entries.size(), request.entries_per_family_max));
    }
    return families;
  }
};

class TableHeadStatus final : public HeadStatusSource {
 public:
  [[nodiscard]] HeadStatus Status(const TenantId&, std::size_t top) const override {
    HeadStatus status{.series_count = 5,
                      .label_pair_count = 4,
                      .chunk_count = 6,
                      .min_time_ms = kT0,
                      .max_time_ms = kT0 + 60'000,
                      .series_by_metric = {{"temp", 3}, {"http_requests_total", 2}},
                      .values_by_label = {{"place", 3}},
                      .value_bytes_by_label = {{"place", 12}},
                      .series_by_label_pair = {{"job=api", 2}}};
    status.series_by_metric.resize(std::min<std::size_t>(top, 2));
    return status;
  }
};

class PrometheusApiTest : public testing::Test {
 protected:
  PrometheusApiTest() { Register({}); }

  void Register(PrometheusApiOptions options) {
    options.version = "0.1.0";
    options.storage_retention = "15d";
    options.flags = {{"listen", "127.0.0.1:9280"}};
    router_ = http::Router();
    RegisterPrometheusApi(router_,
                          {.storage = storage_,
                           .engine = engine_,
                           .clock = clock_,
                           .pool = pool_,
                           .front = front_,
                           .query_pool = query_pool_,
                           .metrics = metrics_,
                           .metadata = metadata_,
                           .head_status = head_status_,
                           .ready = [this] { return ready_; },
                           .config_yaml = [] { return std::string("listen: 127.0.0.1:9280\n"); }},
                          options);
  }

  http::Response Call(http::Request request) {
    std::promise<http::Response> answered;
    router_.Handle(std::move(request),
                   [&](http::Response response) { answered.set_value(std::move(response)); });
    return answered.get_future().get();
  }
  http::Response Get(std::string target) {
    http::Request request;
    request.target = std::move(target);
    return Call(std::move(request));
  }
  // The answer's data; the whole body when it is not a success without notes.
  std::string Data(std::string target) {
    const std::string prefix = R"({"status":"success","data":)";
    const http::Response response = Get(std::move(target));
    if (response.status != 200 || !response.body.starts_with(prefix)) return response.body;
    return response.body.substr(prefix.size(), response.body.size() - prefix.size() - 1);
  }

  const TableStorage storage_{{
      {Labels{{"__name__", "http_requests_total"}, {"job", "api"}, {"instance", "a"}},
       {{kT0, 1}, {kT0 + 60'000, 11}, {kT0 + 120'000, 21}}},
      {Labels{{"__name__", "http_requests_total"}, {"job", "api"}, {"instance", "b"}},
       {{kT0, 2}, {kT0 + 60'500, 12}}},
      {Labels{{"__name__", "temp"}, {"place", "x\"y"}}, {{kT0, NormalNan()}}},
      {Labels{{"__name__", "temp"}, {"place", "q"}}, {{kT0 + 60'000, 1e-7}}},
      {Labels{{"__name__", "temp"}, {"place", "r"}, {"a.b", "dotted"}}, {{kT0 + 60'000, 1e21}}},
  }};
  const promql::Engine engine_{promql::EngineOptions{}};
  ManualClock clock_{kT0 + 120'000};
  MetricRegistry metrics_;
  const TableMetadata metadata_;
  const TableHeadStatus head_status_;
  Status ready_;
  WorkerPool pool_{2, 8};
  queryfront::QueryFront front_{
      {.storage = storage_, .engine = engine_.options(), .clock = clock_, .metrics = metrics_}, {}};
  queryfront::QueryPool query_pool_{metrics_, {.threads = 4}};
  http::Router router_;
};

TEST_F(PrometheusApiTest, InstantQueries) {
  EXPECT_EQ(Data("/api/v1/query?query=1&time=1.5"), R"({"resultType":"scalar","result":[1.5,"1"]})");
  EXPECT_EQ(Data("/api/v1/query?query=1"), R"({"resultType":"scalar","result":[1700000120,"1"]})");
  EXPECT_EQ(Data("/api/v1/query?query=%22a%22&time=1"), R"({"resultType":"string","result":[1,"a"]})");
  EXPECT_EQ(Data("/api/v1/query?query=nothing"), R"({"resultType":"vector","result":[]})");
  EXPECT_EQ(Data("/api/v1/query?query=temp&time=1700000060"),
            R"({"resultType":"vector","result":[{"metric":{"__name__":"temp","a.b":"dotted","place":"r"},)"
            R"("value":[1700000060,"1e+21"]},{"metric":{"__name__":"temp","place":"q"},)"
            R"("value":[1700000060,"1e-07"]},{"metric":{"__name__":"temp","place":"x\"y"},)"
            R"("value":[1700000060,"NaN"]}]})");
  EXPECT_EQ(Data("/api/v1/query?query=http_requests_total%5B5m%5D"),
            R"({"resultType":"matrix","result":[)"
            R"({"metric":{"__name__":"http_requests_total","instance":"a","job":"api"},)"
            R"("values":[[1700000000,"1"],[1700000060,"11"],[1700000120,"21"]]},)"
            R"({"metric":{"__name__":"http_requests_total","instance":"b","job":"api"},)"
            R"("values":[[1700000000,"2"],[1700000060.500,"12"]]}]})");
}

TEST_F(PrometheusApiTest, RangeQueries) {
  EXPECT_EQ(Data("/api/v1/query_range?query=1&start=1&end=2&step=0.5"),
            R"({"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"],[1.500,"1"],[2,"1"]]}]})");
  EXPECT_EQ(Data("/api/v1/query_range?query=temp&start=1700000000&end=1700000060&step=30&limit=1"),
            R"({"resultType":"matrix","result":[{"metric":{"__name__":"temp","a.b":"dotted","place":"r"},)"
            R"("values":[[1700000060,"1e+21"]]}]},"warnings":["results truncated due to limit"])");
  EXPECT_EQ(Get("/api/v1/query_range?query=1&start=0&end=11000&step=1").status, 200);
}

TEST_F(PrometheusApiTest, LookbackTimeoutAndStats) {
  EXPECT_EQ(Data("/api/v1/query?query=temp&time=1700000170&lookback_delta=1m"),
            R"({"resultType":"vector","result":[]})");
  EXPECT_THAT(Data("/api/v1/query?query=temp&time=1700000100&limit=2&lookback_delta=0"), HasSubstr("1e-07"));
  EXPECT_THAT(
      Data("/api/v1/query?query=count(temp)&time=1700000060&stats=all&timeout=1m"),
      StartsWith(
          R"({"resultType":"vector","result":[{"metric":{},"value":[1700000060,"3"]}],"stats":{"timings":{)"
          R"("evalTotalTime":0,"resultSortTime":0,"queryPreparationTime":0,"innerEvalTime":0,)"
          R"("execQueueTime":0,"execTotalTime":0},"samples":{"totalQueryableSamples":3,"samplesRead":3,)"
          R"("seriesTouched":3,"peakSamples":)"));
  EXPECT_THAT(Get("/api/v1/query?query=1&stats=foo").body,
              HasSubstr(R"("warnings":["value \"foo\" for parameter \"stats\" is deprecated)"));
}

TEST_F(PrometheusApiTest, Series) {
  EXPECT_EQ(Data("/api/v1/series?match[]=temp&match[]={place=%22q%22}"),
            R"([{"__name__":"temp","a.b":"dotted","place":"r"},{"__name__":"temp","place":"q"},)"
            R"({"__name__":"temp","place":"x\"y"}])");
  EXPECT_EQ(
      Data("/api/v1/series?match[]=temp&limit=1"),
      R"([{"__name__":"temp","a.b":"dotted","place":"r"}],"warnings":["results truncated due to limit"])");
  EXPECT_EQ(Get("/api/v1/series?match[]=temp&limit=3").body.find("warnings"), std::string::npos);
  EXPECT_EQ(Data("/api/v1/series?match[]=temp&start=5&end=1"), "[]");
  EXPECT_EQ(Data("/api/v1/series?match[]=nothing"), "[]");
}

TEST_F(PrometheusApiTest, LabelsAndValues) {
  EXPECT_EQ(Data("/api/v1/labels"), R"(["__name__","a.b","instance","job","place"])");
  EXPECT_EQ(Data("/api/v1/labels?match[]=http_requests_total&match[]={place=%22q%22}"),
            R"(["__name__","instance","job","place"])");
  EXPECT_EQ(Data("/api/v1/labels?limit=1"), R"(["__name__"],"warnings":["results truncated due to limit"])");
  EXPECT_EQ(Data("/api/v1/labels?start=3&end=1"), "[]");
  EXPECT_EQ(Data("/api/v1/label/instance/values"), R"(["a","b"])");
  EXPECT_EQ(Data("/api/v1/label/__name__/values"), R"(["http_requests_total","temp"])");
  EXPECT_EQ(Data("/api/v1/label/U__a_2e_b/values"), R"(["dotted"])");
  EXPECT_EQ(Data("/api/v1/label/a.b/values"), R"(["dotted"])");
  EXPECT_EQ(Data("/api/v1/label/place/values?match[]={instance=%22a%22}"), "[]");
}

TEST_F(PrometheusApiTest, Metadata) {
  EXPECT_EQ(Data("/api/v1/metadata?metric=http_requests"),
            R"({"http_requests":[{"type":"counter","help":"Requests.","unit":""}]})");
  EXPECT_EQ(Data("/api/v1/metadata?limit_per_metric=1&metric=temp"),
            R"({"temp":[{"type":"gauge","help":"Heat.","unit":"celsius"}]})");
  EXPECT_EQ(Data("/api/v1/metadata?limit=1&limit_per_metric=-1"),
            R"({"http_requests":[{"type":"counter","help":"Requests.","unit":""}]})");
}

TEST_F(PrometheusApiTest, Federates) {
  const http::Response good = Get("/federate?match[]=temp&match[]={place=%22q%22}");
  EXPECT_EQ(good.status, 200);
  EXPECT_THAT(good.body, StartsWith("# TYPE temp untyped\ntemp{"));
  EXPECT_THAT(good.body, HasSubstr("instance=\"\""));
  EXPECT_EQ(Get("/federate").body, "");
  const http::Response bad = Get("/federate?match[]={}");
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(bad.body, "match[] must contain at least one non-empty matcher\n");
}

TEST_F(PrometheusApiTest, StatusPages) {
  EXPECT_EQ(Data("/api/v1/status/buildinfo"),
            R"({"version":"3.16.0","revision":"tickscope-0.1.0","branch":"","buildUser":"","buildDate":"",)"
            R"("goVersion":""})");
  EXPECT_EQ(Data("/api/v1/status/tsdb?limit=1"),
            R"({"headStats":{"numSeries":5,"numLabelPairs":4,"chunkCount":6,"minTime":1700000000000,)"
            R"("maxTime":1700000060000},"seriesCountByMetricName":[{"name":"temp","value":3}],)"
            R"("labelValueCountByLabelName":[{"name":"place","value":3}],)"
            R"("memoryInBytesByLabelName":[{"name":"place","value":12}],)"
            R"("seriesCountByLabelValuePair":[{"name":"job=api","value":2}]})");
  EXPECT_EQ(Data("/api/v1/status/flags"), R"({"listen":"127.0.0.1:9280"})");
  EXPECT_EQ(Data("/api/v1/status/config"), R"({"yaml":"listen: 127.0.0.1:9280\n"})");
  EXPECT_THAT(Data("/api/v1/status/runtimeinfo"), HasSubstr(R"("startTime":"2023-11-14T22:15:20.000Z")"));
  EXPECT_THAT(Data("/api/v1/status/runtimeinfo"), HasSubstr(R"("storageRetention":"15d")"));
}

TEST_F(PrometheusApiTest, QueriesAsText) {
  EXPECT_EQ(Data("/api/v1/format_query?query=sum(a)by(b)"), "\"sum by (b) (a)\"");
  EXPECT_EQ(Data("/api/v1/parse_query?query=1"), R"({"type":"numberLiteral","val":"1"})");
  EXPECT_EQ(Data("/api/v1/query_exemplars?query=temp&start=1&end=2"), "[]");
}

TEST_F(PrometheusApiTest, WhatDoesNotRunHereIsEmpty) {
  EXPECT_EQ(Data("/api/v1/rules?type=alert"), R"({"groups":[]})");
  EXPECT_EQ(Data("/api/v1/alerts"), R"({"alerts":[]})");
  EXPECT_EQ(Data("/api/v1/alertmanagers"), R"({"activeAlertmanagers":[],"droppedAlertmanagers":[]})");
  EXPECT_EQ(Data("/api/v1/targets"), R"({"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}})");
  EXPECT_EQ(Data("/api/v1/targets?state=active"),
            R"({"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":null})");
  EXPECT_EQ(Data("/api/v1/targets/metadata"), "[]");
  EXPECT_EQ(Data("/api/v1/scrape_pools"), R"({"scrapePools":[]})");
}

TEST_F(PrometheusApiTest, RefusesInTheReferencesWords) {
  std::ifstream table(TICKSCOPE_TESTDATA "/refusals.tsv");
  ASSERT_TRUE(table) << TICKSCOPE_TESTDATA "/refusals.tsv";
  std::size_t row_count = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with('#')) continue;
    ++row_count;
    std::istringstream row(line);
    std::string target;
    std::string status;
    std::string type;
    std::string error;
    std::getline(std::getline(std::getline(std::getline(row, target, '\t'), status, '\t'), type, '\t'),
                 error);
    SCOPED_TRACE(target);
    std::string want = R"({"status":"error","errorType":")" + type + R"(","error":)";
    wire::AppendJsonString(error, want);
    const http::Response response = Get("/api/v1/" + target);
    EXPECT_EQ(std::to_string(response.status), status);
    EXPECT_EQ(response.body, want + "}");
  }
  EXPECT_GT(row_count, 80U);
}

TEST_F(PrometheusApiTest, FormsWorkWhereQueriesDo) {
  http::Request request{.method = "POST",
                        .target = "/api/v1/query?time=5",
                        .headers = {},
                        .body = "query=1%2B1",
                        .remote_address = {}};
  request.headers.Set("Content-Type", "application/x-www-form-urlencoded");
  EXPECT_EQ(Call(request).body, R"({"status":"success","data":{"resultType":"scalar","result":[5,"2"]}})");
}

TEST_F(PrometheusApiTest, OtherMethodsAreRefused) {
  http::Request request{
      .method = "DELETE", .target = "/api/v1/query", .headers = {}, .body = {}, .remote_address = {}};
  const http::Response refused = Call(request);
  EXPECT_EQ(refused.status, 405);
  EXPECT_THAT(refused.headers.Get("Allow"), HasSubstr("POST"));
  request.method = "POST";
  request.target = "/api/v1/status/buildinfo";
  EXPECT_EQ(Call(request).status, 405);
  request.method = "OPTIONS";
  EXPECT_EQ(Call(request).status, 204);
  EXPECT_EQ(Get("/api/v1/nothing").status, 404);
}

TEST_F(PrometheusApiTest, TenantsDoNotSeeEachOther) {
  http::Request request{
      .method = "GET", .target = "/api/v1/labels", .headers = {}, .body = {}, .remote_address = {}};
  request.headers.Set("X-Scope-OrgID", "other");
  EXPECT_EQ(Call(request).body, R"({"status":"success","data":[]})");
  request.headers.Set("X-Scope-OrgID", "../default");
  const http::Response refused = Call(request);
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("tenant in X-Scope-OrgID"));
}

TEST_F(PrometheusApiTest, CompressesWhenAsked) {
  http::Request request{
      .method = "GET", .target = "/api/v1/labels", .headers = {}, .body = {}, .remote_address = {}};
  const std::string plain = Call(request).body;
  request.headers.Set("Accept-Encoding", "deflate, gzip;q=0.5");
  const http::Response response = Call(request);
  EXPECT_EQ(response.headers.Get("Content-Encoding"), "gzip");
  EXPECT_EQ(http::Gunzip(response.body, 1 << 20).value(), plain);
}

TEST_F(PrometheusApiTest, StorageErrorsAreInternal) {
  const http::Response response = Get("/api/v1/query?query=broken");
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr(R"("errorType":"internal")"));
}

TEST_F(PrometheusApiTest, AnswersAreBounded) {
  Register({.response_bytes_max = 100'000,
            .version = {},
            .hostname = {},
            .working_directory = {},
            .storage_retention = {},
            .flags = {}});
  EXPECT_EQ(Get("/api/v1/query_range?query=1&start=0&end=1000&step=1").status, 200);
  const http::Response response = Get("/api/v1/query_range?query=1&start=0&end=11000&step=1");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.body,
            R"({"status":"error","errorType":"execution","error":"answer exceeds 100000 bytes: )"
            R"(select fewer series or use a longer step"})");
}

// Holds the pool's two threads until the end of its life.
class BusyPool {
 public:
  explicit BusyPool(WorkerPool& pool) {
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(pool.Submit([gate = gate_] {
        const MutexLock lock(gate->mu);
        ++gate->held;
        gate->changed.NotifyAll();
        while (!gate->released)
          gate->changed.Wait(gate->mu);
      }));
    }
    const MutexLock lock(gate_->mu);
    while (gate_->held < 2)
      gate_->changed.Wait(gate_->mu);
  }
  ~BusyPool() { Release(); }
  void Release() {
    const MutexLock lock(gate_->mu);
    gate_->released = true;
    gate_->changed.NotifyAll();
  }

 private:
  // Shared, for the threads wake after this object is gone.
  struct Gate {
    Mutex mu;
    CondVar changed;
    int held TICKSCOPE_GUARDED_BY(mu) = 0;
    bool released TICKSCOPE_GUARDED_BY(mu) = false;
  };
  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
};

TEST_F(PrometheusApiTest, AFullPoolShedsAndHealthStillAnswers) {
  BusyPool busy(pool_);
  std::vector<std::future<http::Response>> waiting;
  for (int i = 0; i < 8; ++i) {
    auto answered = std::make_shared<std::promise<http::Response>>();
    waiting.push_back(answered->get_future());
    http::Request request;
    request.target = "/api/v1/labels";
    router_.Handle(request,
                   [answered](http::Response response) { answered->set_value(std::move(response)); });
  }
  const http::Response shed = Get("/api/v1/labels");
  EXPECT_EQ(shed.status, 503);
  EXPECT_EQ(shed.headers.Get("Retry-After"), "1");
  EXPECT_THAT(shed.body, HasSubstr(R"("errorType":"unavailable")"));
  // Queries have threads of their own.
  EXPECT_EQ(Get("/api/v1/query?query=1").status, 200);
  EXPECT_EQ(Get("/-/healthy").status, 200);
  EXPECT_EQ(Get("/api/v1/status/buildinfo").status, 200);
  EXPECT_THAT(metrics_.RenderText(),
              HasSubstr(R"(tickscope_api_requests_total{endpoint="labels",result="unavailable"} 1)"));

  // A request that waited past its deadline is told so and not run.
  clock_.Advance(std::chrono::minutes(3));
  busy.Release();
  for (auto& one : waiting) {
    const http::Response late = one.get();
    EXPECT_EQ(late.status, 503);
    EXPECT_EQ(late.body,
              R"({"status":"error","errorType":"timeout","error":"query timed out in query queue"})");
  }
}

TEST_F(PrometheusApiTest, Health) {
  EXPECT_EQ(Get("/-/ready").status, 200);
  ready_ = Fail(ErrorCode::kUnavailable, "replaying the stream: 40 %");
  const http::Response unready = Get("/-/ready");
  EXPECT_EQ(unready.status, 503);
  EXPECT_EQ(unready.body, "Tickscope is not ready: replaying the stream: 40 %\n");
  EXPECT_EQ(Get("/-/healthy").status, 200);
  EXPECT_EQ(Get("/metrics").headers.Get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(Get("/metrics").body, HasSubstr("tickscope_api_requests_total"));
  EXPECT_EQ(Get("/").status, 404) << "the pages are the console's";
}

}  // namespace
}  // namespace tickscope::api
