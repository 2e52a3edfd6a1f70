// Requests of a game server's SDK: 100 counters, 60 gauges, 12 histograms of 10 bounds, 4 exponential ones;
// 308 samples and 4 native histograms of one resource, as in steady state: the decoder, then decoder, gateway and stream
// together. Items are samples.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/metrics.h"
#include "base/random.h"
#include "ingest/gateway.h"
#include "io/memory_file_system.h"
#include "io/system_clock.h"
#include "otlp/json_request.h"
#include "otlp/metrics_request.h"
#include "stream/embedded_log.h"

namespace tickscope::otlp {
namespace {

constexpr std::uint64_t kSeed = 1;

std::string Point(std::string_view value, int i, TimeMs time_ms) {
  return fmt::format(
      R"({{"startTimeUnixNano":"1700000000000000000","timeUnixNano":"{}000000",{},"attributes":[
         {{"key":"map.name","value":{{"stringValue":"dust"}}}},
         {{"key":"mode","value":{{"stringValue":"ranked-{}"}}}}]}})",
      time_ms, value, i % 4);
}

// One metric of `kind`, which has that one point; `settings` end in a comma or are none.
std::string Metric(std::string_view kind, int i, std::string_view unit, std::string_view settings,
                   std::string_view point) {
  return fmt::format(R"({{"name":"game.{0}{1}","unit":"{2}","{0}":{{{3}"dataPoints":[{4}]}}}})", kind, i,
                     unit, settings, point);
}

// The same series at each time; values move with it.
std::string Request(int server, TimeMs time_ms) {
  constexpr std::string_view kCumulative = R"("aggregationTemporality":2,)";
  const TimeMs step = time_ms / 10'000 % 1'000'000;
  std::vector<std::string> metrics;
  for (int i = 0; i < 100; ++i)
    metrics.push_back(Metric("sum", i, "{event}", R"("aggregationTemporality":2,"isMonotonic":true,)",
                             Point(fmt::format(R"("asInt":"{}")", step), i, time_ms)));
  for (int i = 0; i < 60; ++i)
    metrics.push_back(
        Metric("gauge", i, "ms", "", Point(fmt::format(R"("asDouble":{}.5)", step), i, time_ms)));
  for (int i = 0; i < 12; ++i) {
    const std::string counts = fmt::format(R"("count":"11","sum":{},"bucketCounts":[1,1,1,1,1,1,1,1,1,1,1],
        "explicitBounds":[0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5])",
                                           step);
    metrics.push_back(Metric("histogram", i, "s", kCumulative, Point(counts, i, time_ms)));
  }
  for (int i = 0; i < 4; ++i) {
    const std::string counts = fmt::format(
        R"("count":"40","sum":{},"scale":5,"positive":{{"offset":-40,"bucketCounts":[4,4,4,4,4,4,4,4,4,4]}})",
        step);
    metrics.push_back(Metric("exponentialHistogram", i, "s", kCumulative, Point(counts, i, time_ms)));
  }
  JsonRequests json;
  auto message = json.ToProtobuf(Signal::kMetrics, fmt::format(
                                                       R"({{"resourceMetrics":[{{"resource":{{"attributes":[
      {{"key":"service.name","value":{{"stringValue":"game-server"}}}},
      {{"key":"service.instance.id","value":{{"stringValue":"gs-{}"}}}},
      {{"key":"cloud.region","value":{{"stringValue":"eu-west-1"}}}}]}},
      "scopeMetrics":[{{"scope":{{"name":"sdk"}},"metrics":[{}]}}]}}]}})",
                                                       server, fmt::join(metrics, ",")));
  TICKSCOPE_CHECK(message.has_value());
  return *std::move(message);
}

std::int64_t SamplesOf(const MetricsRequest& request) {
  return static_cast<std::int64_t>(request.values().size() + request.histograms().size());
}

void Decode(benchmark::State& state) {
  const std::string message = Request(0, 1'700'000'100'000);
  const Translation translation;
  MetricsRequest request(translation, kSeed);
  for (auto _ : state)
    TICKSCOPE_CHECK(request.Decode(message).has_value());
  state.SetItemsProcessed(state.iterations() * SamplesOf(request));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(message.size()));
}
BENCHMARK(Decode);

// Of 500 servers, one request each in turn; the log is in memory.
void DecodeAndWrite(benchmark::State& state) {
  constexpr int kServers = 500;
  const std::unique_ptr<Clock> system_clock = io::MakeSystemClock();
  const Clock& clock = *system_clock;
  SeededRandom random(kSeed);
  MetricRegistry metrics;
  io::MemoryFileSystem fs;
  stream::EmbeddedLogOptions options;
  options.directory = "/stream";
  options.disk_free_bytes_min = 0;
  options.retention_bytes_max = 64U << 20;
  auto log = stream::OpenEmbeddedLog(fs, clock, metrics, options);
  TICKSCOPE_CHECK(log.has_value());
  const Translation translation;
  MetricsRequest request(translation, kSeed);
  {
    ingest::Gateway gateway(**log, clock, random, metrics, {});
    std::vector<std::string> messages;
    const TimeMs now_ms = clock.NowMs();
    const auto write = [&](const std::string& message) {
      TICKSCOPE_CHECK(request.Decode(message).has_value());
      gateway.Write(TenantId("bench"), request, std::nullopt,
                    [](const ingest::WriteAnswer& answer) { TICKSCOPE_CHECK(!answer.error); });
    };
    for (int server = 0; server < kServers; ++server) {
      messages.push_back(Request(server, now_ms));
      write(messages.back());
    }
    std::size_t next = 0;
    for (auto _ : state)
      write(messages[next++ % messages.size()]);
    state.SetItemsProcessed(state.iterations() * SamplesOf(request));
    (*log)->Close();
  }
}
BENCHMARK(DecodeAndWrite);

void FromJson(benchmark::State& state) {
  constexpr int kPoints = 300;
  std::vector<std::string> points;
  for (int i = 0; i < kPoints; ++i)
    points.push_back(Point(R"("asDouble":1.5)", i, 1'700'000'100'000));
  const std::string json =
      fmt::format(R"({{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{}]}}]}}]}})",
                  Metric("gauge", 0, "ms", "", fmt::format("{}", fmt::join(points, ","))));
  JsonRequests requests;
  for (auto _ : state)
    TICKSCOPE_CHECK(requests.ToProtobuf(Signal::kMetrics, json).has_value());
  state.SetItemsProcessed(state.iterations() * kPoints);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(json.size()));
}
BENCHMARK(FromJson);

}  // namespace
}  // namespace tickscope::otlp
