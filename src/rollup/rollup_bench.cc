// What a raw sample costs on its way to windows of one and five minutes, stage by stage.
//
//   ./dev bench rollup
//
// 300 series of a kind over two hours at 10 s, from a block in memory. Decode reads them; Windows decodes and makes rows; Build
// writes all fourteen files. A rise of the counters that is drawn anew each sample, gauges of 53 bits: what packs worst.
// For a fleet's mixture, and bytes, see src/simulation/fleet_rollup_bench.cc.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>
#include <functional>

#include "base/random.h"
#include "io/memory_file_system.h"
#include "rollup/rollup_builder.h"

namespace tickscope::rollup {
namespace {

constexpr TimeMs kStart = 1'700'006'400'000;
constexpr TimeMs kEnd = kStart + 7'200'000;
constexpr std::size_t kRows = 720;
constexpr std::size_t kSeries = 300;

enum Workload : std::int64_t { kCounters, kConstants, kDecimals, kGauges };

std::shared_ptr<const block::BlockReader> MakeBlock(io::FileSystem& fs, std::int64_t workload) {
  auto writer = block::BlockWriter::Create(fs, "/raw.block", {.tenant = "bench"}).value();
  std::vector<TimeMs> times_ms;
  for (std::size_t row = 0; row < kRows; ++row)
    times_ms.push_back(kStart + 3'000 + static_cast<TimeMs>(row) * 10'000);
  const block::TimesId times = writer.AddTimes(times_ms).value();
  SeededRandom random(1);
  std::vector<double> values(kRows);
  for (std::size_t series = 0; series < kSeries; ++series) {
    double total = 0;
    for (double& v : values) {
      total += static_cast<double>(random.Below(60));
      switch (workload) {
        case kCounters:
          v = total;
          break;
        case kConstants:
          v = 7;
          break;
        case kDecimals:
          v = total / 100;
          break;
        default:
          v = random.Unit();
      }
    }
    const Labels labels = Labels::FromPairs(
        {{"__name__", workload == kGauges ? "m" : "m_total"}, {"series", fmt::format("{:04}", series)}});
    if (!writer.AddSeries(labels, times, values)) std::abort();
  }
  if (!writer.Finish()) std::abort();
  return block::BlockReader::Open(fs, "/raw.block").value();
}

void ForEachSeries(const block::BlockReader& block, const std::function<void(SampleColumns&)>& take) {
  block::Cursor cursor(block);
  SampleColumns samples;
  for (std::uint32_t i = 0; i < kSeries; ++i) {
    samples.Clear();
    if (!cursor.ReadSamples(static_cast<block::SeriesId>(i), INT64_MIN, INT64_MAX, samples)) std::abort();
    take(samples);
  }
}

void NoteSamples(benchmark::State& state) {
  constexpr const char* kNames[] = {"counters", "constants", "decimals", "gauges"};
  state.SetLabel(kNames[state.range(0)]);
  state.counters["s_per_sample"] =
      benchmark::Counter(static_cast<double>(kRows * kSeries),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void Decode(benchmark::State& state) {
  io::MemoryFileSystem fs;
  const auto block = MakeBlock(fs, state.range(0));
  for (auto _ : state)
    ForEachSeries(*block, [](SampleColumns& samples) { benchmark::DoNotOptimize(samples.values.data()); });
  NoteSamples(state);
}
BENCHMARK(Decode)->DenseRange(kCounters, kGauges);

void Windows(benchmark::State& state) {
  io::MemoryFileSystem fs;
  const auto block = MakeBlock(fs, state.range(0));
  WindowKernel kernel(60'000);
  RollupRows minutes;
  RollupRows fives;
  for (auto _ : state) {
    ForEachSeries(*block, [&](SampleColumns& samples) {
      kernel.Aggregate(samples, kStart, state.range(0) == kGauges ? AggregateSet::All() : kOfCounters,
                       minutes);
      FoldRows(minutes, 300'000, fives);
      benchmark::DoNotOptimize(fives.ends_ms.data());
    });
  }
  NoteSamples(state);
}
BENCHMARK(Windows)->DenseRange(kCounters, kGauges);

void Build(benchmark::State& state) {
  io::MemoryFileSystem fs;
  const auto block = MakeBlock(fs, state.range(0));
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    const auto files = BuildRollups(
        fs, {{block}, {}},
        {.directory = "", .stem = "x", .start_ms = kStart, .end_ms = kEnd, .replaced_stems = {}});
    if (!files) std::abort();
    bytes = 0;
    for (const RollupFile& file : *files)
      bytes += file.summary.bytes;
  }
  NoteSamples(state);
  state.counters["bytes_per_sample"] = static_cast<double>(bytes) / static_cast<double>(kRows * kSeries);
}
BENCHMARK(Build)->DenseRange(kCounters, kGauges)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tickscope::rollup
