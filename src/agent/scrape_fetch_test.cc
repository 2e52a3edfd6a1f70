// The HTTP half of a scrape: what is asked for, and every kind of answer.
#include "agent/scrape_fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "http/gzip.h"
#include "http/server.h"
#include "io/memory_network.h"

namespace tickscope::agent {
namespace {

using ::testing::HasSubstr;

class ScrapeFetch : public ::testing::Test {
 protected:
  Result<ScrapeAnswer> Fetch(const TargetConfig& target,
                             std::function<http::Response(const http::Request&)> answer) {
    const auto server = http::Server::Start(
                            network_, {.address = "t:1"},
                            [&](const http::Request& request, http::Respond respond) {
                              asked_ = request.headers;
                              respond(answer(request));
                            },
                            metrics_)
                            .value();
    const auto client = http::Client::Make(network_, {.response_bytes_max = target.body_bytes_max});
    return FetchExposition(*client, http::ParseUrl("http://t:1/metrics").value(), target);
  }

  static http::Response Answer(std::string body, std::string_view type, std::string_view encoding = "") {
    http::Response response{.body = std::move(body)};
    if (!type.empty()) response.headers.Set("Content-Type", type);
    if (!encoding.empty()) response.headers.Set("Content-Encoding", encoding);
    return response;
  }

  ManualClock clock_;
  io::MemoryNetwork network_{clock_, {}};
  MetricRegistry metrics_;
  http::Headers asked_;
};

TEST_F(ScrapeFetch, AsksForTheBestFormatFirst) {
  ASSERT_TRUE(Fetch({}, [](const auto&) { return Answer("a 1\n", "text/plain"); }).has_value());
  EXPECT_EQ(
      asked_.Get("Accept"),
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
      "application/openmetrics-text;version=0.0.1;q=0.4,"
      "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1");
  EXPECT_EQ(asked_.Get("Accept-Encoding"), "gzip");
  EXPECT_EQ(asked_.Get("X-Prometheus-Scrape-Timeout-Seconds"), "5");
}

TEST_F(ScrapeFetch, TakesGzip) {
  const auto answer = Fetch({}, [](const auto&) {
    return Answer(http::Gzip("a 1\n# EOF\n"), "application/openmetrics-text", "gzip");
  });
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->body, "a 1\n# EOF\n");
  EXPECT_EQ(answer->format, wire::ExpositionFormat::kOpenMetrics);
}

TEST_F(ScrapeFetch, Refuses) {
  struct Case {
    const char* name;
    std::function<http::Response(const http::Request&)> answer;
    const char* message;
  };
  const Case cases[] = {
      {"status", [](const auto&) { return http::Response{.status = 404}; },
       "expected status 200, got 404 Not Found"},
      {"no type", [](const auto&) { return Answer("a 1\n", ""); }, "no Content-Type in the answer"},
      {"web page", [](const auto&) { return Answer("<html>", "text/html"); },
       "unknown Content-Type in the answer"},
      {"encoding", [](const auto&) { return Answer("x", "text/plain", "br"); },
       "expected Content-Encoding gzip, got \"br\""},
      {"not gzip", [](const auto&) { return Answer("plain", "text/plain", "gzip"); }, "gzip"},
      {"bomb",
       [](const auto&) { return Answer(http::Gzip(std::string(1 << 20, ' ')), "text/plain", "gzip"); },
       "gzip content too large"},
  };
  TargetConfig target;
  target.body_bytes_max = 64 << 10U;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto answer = Fetch(target, c.answer);
    ASSERT_FALSE(answer.has_value());
    EXPECT_THAT(answer.error().message, HasSubstr(c.message));
  }
}

TEST_F(ScrapeFetch, FallsBackWhenTold) {
  TargetConfig target;
  target.fallback_format = wire::ExpositionFormat::kText;
  const auto answer = Fetch(target, [](const auto&) { return Answer("a 1\n", ""); });
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->format, wire::ExpositionFormat::kText);
}

}  // namespace
}  // namespace tickscope::agent
