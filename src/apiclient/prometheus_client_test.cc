// The client over a real loopback socket: what it sends for each call, and what it makes of answers that are not one.
#include "apiclient/prometheus_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/mutex.h"
#include "http/server.h"
#include "io/asio_network.h"

namespace tickscope::apiclient {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class PrometheusClientTest : public testing::Test {
 protected:
  PrometheusClient Client(const std::string& path, const std::string& tenant) {
    return PrometheusClient::Make(
               *network_, {.url = "http://" + server_->address() + path, .tenant = tenant, .http = {}})
        .value();
  }
  void Answer(http::Response response) {
    const MutexLock lock(mu_);
    answer_ = std::move(response);
  }
  void Answer(std::string json) {
    http::Response response{.status = 200, .headers = {}, .body = std::move(json)};
    response.headers.Set("Content-Type", "application/json");
    Answer(std::move(response));
  }
  http::Request Seen() {
    const MutexLock lock(mu_);
    return seen_;
  }

 private:
  Mutex mu_;
  http::Request seen_ TICKSCOPE_GUARDED_BY(mu_);
  http::Response answer_ TICKSCOPE_GUARDED_BY(mu_);
  MetricRegistry metrics_;
  const std::unique_ptr<io::Network> network_ = io::MakeAsioNetwork();
  const std::unique_ptr<http::Server> server_ = http::Server::Start(
                                                    *network_, {.address = "127.0.0.1:0"},
                                                    [this](http::Request request, http::Respond respond) {
                                                      const MutexLock lock(mu_);
                                                      seen_ = std::move(request);
                                                      respond(answer_);
                                                    },
                                                    metrics_)
                                                    .value();
};

TEST_F(PrometheusClientTest, SendsWhatEachCallMeans) {
  PrometheusClient client = Client("", "");
  Answer(R"({"status":"success","data":{"resultType":"scalar","result":[1,"2"]}})");
  EXPECT_EQ(client.Instant("a + b{c=\"d&e\"}", std::nullopt).value().series[0].points[0].value, "2");
  EXPECT_EQ(Seen().method, "POST");
  EXPECT_EQ(Seen().target, "/api/v1/query");
  EXPECT_EQ(Seen().body, "query=a%20%2B%20b%7Bc%3D%22d%26e%22%7D");
  EXPECT_FALSE(Seen().headers.Has("X-Scope-OrgID"));

  ASSERT_TRUE(client.Instant("1", 1'500).has_value());
  EXPECT_EQ(Seen().body, "query=1&time=1.500");
  ASSERT_TRUE(client.Range("up", 0, 60'000, 15'000).has_value());
  EXPECT_EQ(Seen().target, "/api/v1/query_range");
  EXPECT_EQ(Seen().body, "query=up&start=0.000&end=60.000&step=15.000");

  Answer(R"({"status":"success","data":[{"a":"b"}]})");
  EXPECT_THAT(client.Series({"up", "{a=\"b\"}"}, {.start_ms = 1, .end_ms = std::nullopt}).value().series,
              ElementsAre(Labels{{"a", "b"}}));
  EXPECT_EQ(Seen().body, "match%5B%5D=up&match%5B%5D=%7Ba%3D%22b%22%7D&start=0.001");

  Answer(R"({"status":"success","data":["x"]})");
  EXPECT_THAT(client.LabelNames({}, {}).value().texts, ElementsAre("x"));
  EXPECT_EQ(Seen().target, "/api/v1/labels");
  EXPECT_THAT(client.LabelValues("a.b/c", {"up"}, {}).value().texts, ElementsAre("x"));
  EXPECT_EQ(Seen().method, "GET");
  EXPECT_EQ(Seen().target, "/api/v1/label/a.b%2Fc/values?match%5B%5D=up");
}

TEST_F(PrometheusClientTest, KeepsAPathAndNamesTheTenant) {
  Answer(R"({"status":"success","data":[]})");
  ASSERT_TRUE(Client("/prometheus/", "studio").LabelNames({}, {}).has_value());
  EXPECT_EQ(Seen().target, "/prometheus/api/v1/labels");
  EXPECT_EQ(Seen().headers.Get("X-Scope-OrgID"), "studio");
}

TEST_F(PrometheusClientTest, PassesErrorsOn) {
  http::Response refused{
      .status = 400, .headers = {}, .body = R"({"status":"error","errorType":"bad_data","error":"no"})"};
  refused.headers.Set("Content-Type", "application/json");
  Answer(std::move(refused));
  EXPECT_EQ(Client("", "").Instant("(", std::nullopt).error(),
            (Error{ErrorCode::kInvalidArgument, "bad_data: no"}));

  http::Response page{.status = 502, .headers = {}, .body = "<html>" + std::string(1'000, 'x')};
  page.headers.Set("Content-Type", "text/html");
  Answer(std::move(page));
  const Error error = Client("", "").Instant("1", std::nullopt).error();
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_THAT(error.message, HasSubstr("HTTP 502 Bad Gateway: <html>xxx"));
  EXPECT_LT(error.message.size(), 400U);
}

TEST_F(PrometheusClientTest, RefusesUrls) {
  const auto network = io::MakeAsioNetwork();
  EXPECT_FALSE(PrometheusClient::Make(*network, {.url = "localhost", .tenant = {}, .http = {}}).has_value());
  const auto with_query =
      PrometheusClient::Make(*network, {.url = "http://h/?a=b", .tenant = {}, .http = {}});
  ASSERT_FALSE(with_query.has_value());
  EXPECT_THAT(with_query.error().message, StartsWith("a server's URL has no query part"));
}

}  // namespace
}  // namespace tickscope::apiclient
