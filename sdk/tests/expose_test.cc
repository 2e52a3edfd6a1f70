// Expositions, to the byte where that is bearable, and the HTTP listener. That a real Prometheus agrees on all three formats
// is tests/blackbox/test_sdk.py's.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cmath>
#include <cstring>
#include <random>
#include <thread>

#include "alone.h"

namespace tickscope::sdk {
namespace {

using testing::RunAlone;
using testing::Value;

// Families without the library's own, which is first.
std::string Rest(const std::string& text, const char* first) {
  return text.substr(text.find(std::string("# HELP ") + first));
}

TEST(Expose, Text) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    RegisterCounters({"a_total", "Back\\slash, \"quotes\"\nand a line."}, {{"x", {"p\"q", "\\\n"}}})
        .At(1U)
        .Add(3);
    RegisterHistograms({"h_seconds", "Help.", "seconds"}, {0.5, 1}).At().Observe(0.75);
    EXPECT_EQ(Rest(Expose(TS_TEXT), "a_total"),
              "# HELP a_total Back\\\\slash, \"quotes\"\\nand a line.\n"
              "# TYPE a_total counter\n"
              "a_total{x=\"p\\\"q\"} 0\n"
              "a_total{x=\"\\\\\\n\"} 3\n"
              "# HELP h_seconds Help.\n"
              "# TYPE h_seconds histogram\n"
              "h_seconds_bucket{le=\"0.5\"} 0\n"
              "h_seconds_bucket{le=\"1.0\"} 1\n"
              "h_seconds_bucket{le=\"+Inf\"} 1\n"
              "h_seconds_sum 0.75\n"
              "h_seconds_count 1\n");
  });
}

TEST(Expose, OpenMetrics) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    RegisterDoubleCounters({"a_seconds_total", "Say \"it\".", "seconds"}).At().Add(0.5);
    RegisterGauges({"g_bytes", "Help.", "bytes"}).At().Set(1e18);
    EXPECT_EQ(Rest(Expose(TS_OPENMETRICS), "a_seconds"),
              "# HELP a_seconds Say \\\"it\\\".\n"
              "# TYPE a_seconds counter\n"
              "# UNIT a_seconds seconds\n"
              "a_seconds_total 0.5\n"
              "# HELP g_bytes Help.\n"
              "# TYPE g_bytes gauge\n"
              "# UNIT g_bytes bytes\n"
              "g_bytes 1e+18\n"
              "# EOF\n");
  });
}

TEST(Expose, NumbersParseToWhatTheyWere) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    const Gauge gauge = RegisterGauges({"g", "Help."}).At();
    std::mt19937_64 random(3);
    std::vector<double> values = {0,
                                  -0.0,
                                  1,
                                  0.1,
                                  1.0 / 3,
                                  1e-7,
                                  123456789012345.678,
                                  9007199254740993.0,
                                  5e-324,
                                  1.7976931348623157e308,
                                  0.0167,
                                  1e15,
                                  1e22,
                                  4503599627370496.5};
    for (int i = 0; i < 3000; ++i) {
      double any;
      const std::uint64_t bits = random();
      std::memcpy(&any, &bits, sizeof any);
      values.push_back(any);
      values.push_back(static_cast<double>(random() % 100'000'000) / 1000);
    }
    for (const double value : values) {
      gauge.Set(value);
      const std::string text = Value("g");
      if (std::isnan(value)) {
        EXPECT_EQ(text, "NaN");
      } else {
        EXPECT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
      }
    }
    const std::pair<double, const char*> shortest[] = {
        {0.1, "0.1"},           {0.0167, "0.0167"}, {-2.5, "-2.5"},     {1e15, "1000000000000000"},
        {1234.567, "1234.567"}, {HUGE_VAL, "+Inf"}, {-HUGE_VAL, "-Inf"}};
    for (const auto& [value, text] : shortest) {
      gauge.Set(value);
      EXPECT_EQ(Value("g"), text);
    }
  });
}

TEST(Expose, ABufferThatIsTooSmallIsToldHowMuchAndNotOverrun) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    RegisterExponential({"e", "Help."}).At().Observe(3);
    RegisterCounters({"a_total", "Help."}).At().Add(3);
    for (const ts_format format : {TS_TEXT, TS_OPENMETRICS, TS_PROTOBUF}) {
      std::size_t needed = 0;
      ASSERT_EQ(ts_expose(format, nullptr, 0, &needed), TS_TOO_SMALL);
      for (std::size_t size = 0; size <= needed; ++size) {
        std::string buffer(size + 16, '#');
        std::size_t used = 0;
        EXPECT_EQ(ts_expose(format, buffer.data(), size, &used), size < needed ? TS_TOO_SMALL : TS_OK);
        EXPECT_EQ(used, needed);
        EXPECT_EQ(buffer.substr(size), std::string(16, '#'));
      }
    }
  });
}

TEST(Expose, TheFormatIsTheOneAskedForMost) {
  const std::pair<const char*, ts_format> cases[] = {
      {nullptr, TS_TEXT},
      {"", TS_TEXT},
      {"*/*", TS_TEXT},
      {"text/html", TS_TEXT},
      {"application/openmetrics-text", TS_OPENMETRICS},
      {"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
       TS_OPENMETRICS},
      {"application/openmetrics-text;q=0.2, text/plain;q=0.25", TS_TEXT},
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
       "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;q=0.3",
       TS_PROTOBUF},
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", TS_TEXT},
      {"application/openmetrics-text;q=0", TS_TEXT},
      {"application/openmetrics-text;q=9;q=", TS_TEXT},
      {",,,;;;q=q=q", TS_TEXT},
  };
  for (const auto& [accept, format] : cases)
    EXPECT_EQ(ts_format_of_accept(accept), format) << (accept == nullptr ? "NULL" : accept);
}

std::string Ask(std::uint16_t port, const std::string& request) {
  const int file = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    (void)!send(file, request.data(), request.size(), MSG_NOSIGNAL);
    char buffer[4096];
    for (ssize_t got; (got = recv(file, buffer, sizeof buffer, 0)) > 0;)
      answer.append(buffer, static_cast<std::size_t>(got));
  }
  close(file);
  return answer;
}

TEST(Expose, HttpServesMetricsAndNothingElse) {
  RunAlone([] {
    std::uint16_t port = 0;
    EXPECT_EQ(ts_http_start(nullptr, 0, &port), TS_NOT_STARTED);
    ASSERT_EQ(Start({}), TS_OK);
    EXPECT_EQ(ts_http_start("nonsense", 0, &port), TS_INVALID);
    ASSERT_EQ(ts_http_start(nullptr, 0, &port), TS_OK) << LastError();
    EXPECT_EQ(ts_http_start(nullptr, 0, nullptr), TS_CONFLICT);
    const std::string good =
        Ask(port, "GET /metrics HTTP/1.1\r\nHost: x\r\naccept: application/openmetrics-text\r\n\r\n");
    EXPECT_EQ(good.substr(0, 17), "HTTP/1.1 200 OK\r\n");
    EXPECT_NE(good.find("Content-Type: application/openmetrics-text; version=1.0.0"), std::string::npos);
    EXPECT_EQ(good.substr(good.size() - 6), "# EOF\n");
    EXPECT_EQ(Ask(port, "GET / HTTP/1.1\r\n\r\n").substr(9, 3), "404");
    EXPECT_EQ(Ask(port, "POST /metrics HTTP/1.1\r\n\r\n").substr(9, 3), "405");
    EXPECT_EQ(Ask(port, std::string(100'000, 'x')), "") << "a head without an end is no request";
    // A client that says nothing keeps the next one waiting for a second at most.
    const int idle = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(idle, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(Ask(port, "GET /metrics HTTP/1.1\r\n\r\n").substr(9, 3), "200");
    close(idle);
    ts_http_stop();
    EXPECT_EQ(Ask(port, "GET /metrics HTTP/1.1\r\n\r\n"), "");
    ts_http_stop();
  });
}

}  // namespace
}  // namespace tickscope::sdk
