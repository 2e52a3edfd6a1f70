// Requests of a game server's SDK: 100 counters, 60 gauges of 2 attributes, 12 histograms of 10 bounds, 4 exponential ones;
// 308 samples and 4 native histograms of one resource, as in steady state: the decoder, then decoder, gateway and stream
// together. Items are samples.
#include <benchmark/benchmark.h>

#include <string>
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

std::string Point(const std::string& value, int i, TimeMs time_ms) {
  return R"({"startTimeUnixNano":"1700000000000000000","timeUnixNano":")" + std::to_string(time_ms) +
         R"(000000",)" + value + R"(,"attributes":[{"key":"map.name","value":{"stringValue":"dust"}},
         {"key":"mode","value":{"stringValue":"ranked-)" +
         std::to_string(i % 4) + R"("}}]})";
}

// The same series at each time; values move with it.
std::string Request(int server, TimeMs time_ms) {
  std::string metrics;
  const auto add = [&](const std::string& metric) {
    if (!metrics.empty()) metrics += ',';
    metrics += metric;
  };
  const std::string step = std::to_string(time_ms / 10'000 % 1'000'000);
  for (int i = 0; i < 100; ++i) {
    add(R"({"name":"game.counter)" + std::to_string(i) +
        R"(","unit":"{event}","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[)" +
        Point(R"("asInt":")" + step + '"', i, time_ms) + "]}}");
  }
  for (int i = 0; i < 60; ++i) {
    add(R"({"name":"game.gauge)" + std::to_string(i) + R"(","unit":"ms","gauge":{"dataPoints":[)" +
        Point(R"("asDouble":)" + step + ".5", i, time_ms) + "]}}");
  }
  for (int i = 0; i < 12; ++i) {
    add(R"({"name":"game.hist)" + std::to_string(i) +
        R"(","unit":"s","histogram":{"aggregationTemporality":2,"dataPoints":[)" +
        Point(R"("count":"11","sum":)" + step + R"(,"bucketCounts":[1,1,1,1,1,1,1,1,1,1,1],
              "explicitBounds":[0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5])",
              i, time_ms) +
        "]}}");
  }
  for (int i = 0; i < 4; ++i) {
    add(R"({"name":"game.exp)" + std::to_string(i) +
        R"(","unit":"s","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[)" +
        Point(R"("count":"40","sum":)" + step +
                  R"(,"scale":5,"positive":{"offset":-40,"bucketCounts":[4,4,4,4,4,4,4,4,4,4]})",
              i, time_ms) +
        "]}}");
  }
  JsonRequests json;
  auto message = json.ToProtobuf(
      R"({"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"game-server"}},
      {"key":"service.instance.id","value":{"stringValue":"gs-)" +
      std::to_string(server) + R"("}},{"key":"cloud.region","value":{"stringValue":"eu-west-1"}},
      {"key":"host.name","value":{"stringValue":"h"}}]},"scopeMetrics":[{"scope":{"name":"sdk"},"metrics":[)" +
      metrics + "]}]}]}");
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
      gateway.Write(TenantId("bench"), request,
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
  const std::string json =
      R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[)" +
      [] {
        std::string points = Point(R"("asDouble":1.5)", 0, 1'700'000'100'000);
        for (int i = 1; i < 300; ++i)
          points += "," + Point(R"("asDouble":1.5)", i, 1'700'000'100'000);
        return points;
      }() +
      "]}}]}]}]}";
  JsonRequests requests;
  for (auto _ : state)
    TICKSCOPE_CHECK(requests.ToProtobuf(json).has_value());
  state.SetItemsProcessed(state.iterations() * 300);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(json.size()));
}
BENCHMARK(FromJson);

}  // namespace
}  // namespace tickscope::otlp
