// What writing an answer costs. Workload: a dashboard panel's matrix, 200 series of 5 labels by 720 points (2 h at
// 10 s), with values as counters (whole numbers) and as rates (17 digits).
#include <benchmark/benchmark.h>

#include "api/result_json.h"
#include "base/random.h"
#include "http/gzip.h"

namespace tickscope::api {
namespace {

constexpr std::size_t kSeries = 200;
constexpr std::size_t kPoints = 720;

promql::Matrix MakeMatrix(double scale) {
  SeededRandom random(1);
  promql::Matrix matrix;
  for (std::size_t i = 0; i < kSeries; ++i) {
    const std::string server = "gs-" + std::to_string(i);
    promql::MatrixSeries series{Labels{{"__name__", "player_actions_total"},
                                       {"region", "eu"},
                                       {"mode", "ranked"},
                                       {"build", "1.42.0"},
                                       {"server", server}},
                                {}};
    for (std::size_t p = 0; p < kPoints; ++p) {
      const auto time_ms = 1'700'000'000'000 + static_cast<TimeMs>(p) * 10'000;
      series.points.push_back({time_ms, static_cast<double>(random.Below(1'000'000)) * scale, nullptr});
    }
    matrix.push_back(std::move(series));
  }
  return matrix;
}

void WriteMatrix(benchmark::State& state, double scale) {
  const promql::Value value = MakeMatrix(scale);
  std::size_t bytes = 0;
  for (auto _ : state) {
    std::string out;
    wire::JsonWriter json(out, SIZE_MAX);
    benchmark::DoNotOptimize(WriteValue(value, QueryContext(), json));
    bytes = out.size();
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kSeries * kPoints));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void WriteCounters(benchmark::State& state) {
  WriteMatrix(state, 1);
}
void WriteRates(benchmark::State& state) {
  WriteMatrix(state, 1.0 / 3);
}

void CompressCounters(benchmark::State& state) {
  std::string out;
  wire::JsonWriter json(out, SIZE_MAX);
  benchmark::DoNotOptimize(WriteValue(MakeMatrix(1), QueryContext(), json));
  std::size_t packed_bytes = 0;
  for (auto _ : state) {
    packed_bytes = http::Gzip(out).size();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
  state.counters["ratio"] = static_cast<double>(out.size()) / static_cast<double>(packed_bytes);
}

BENCHMARK(WriteCounters)->Unit(benchmark::kMillisecond);
BENCHMARK(WriteRates)->Unit(benchmark::kMillisecond);
BENCHMARK(CompressCounters)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tickscope::api
