// Rollups of a simulated fleet: what they cost a raw sample, and how many bytes a window of each aggregate takes.
//
//   build/bench/bin/simulation_bench --benchmark_filter=Fleet
//
// Servers of 300 series at 10 s (fleet/game_catalog.h): 26 constants, 38 gauges, 104 counters, 6 classic histograms. The
// block is written to the working directory and removed at the end. Bytes are of whole files, index included, over the
// windows a series has, so that an aggregate that follows from others costs next to nothing; hours=24 is what is left when a
// day's files are merged.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "block/block_order.h"
#include "fleet/game_server.h"
#include "fleet/server_identity.h"
#include "io/posix_file_system.h"
#include "rollup/rollup_builder.h"

namespace tickscope::simulation {
namespace {

constexpr TimeMs kStart = 1'767'225'600'000;
constexpr std::int64_t kCadence = 10'000;
const std::string kRawPath = "fleet-rollup-bench-raw.block";

std::shared_ptr<const block::BlockReader> MakeFleetBlock(io::FileSystem& fs, std::uint32_t servers,
                                                         std::size_t rows) {
  struct Column {
    Labels labels;
    std::uint32_t server = 0;
    std::vector<double> values;
  };
  std::vector<Column> columns;
  std::vector<std::vector<TimeMs>> times_ms(servers);
  for (std::uint32_t s = 0; s < servers; ++s) {
    const fleet::ServerIdentity identity = fleet::MakeServerIdentity(s);
    const std::size_t first = columns.size();
    for (std::size_t i = 0; i < fleet::kSeriesPerServer; ++i)
      columns.push_back({fleet::SeriesLabels(identity, i), s, std::vector<double>(rows)});
    // Spread over the cadence, as scrapes are.
    const TimeMs start_ms = kStart + 1 + static_cast<TimeMs>(s) * (kCadence - 1) / servers;
    fleet::GameServer server(1, s, kCadence, start_ms);
    for (std::size_t row = 0; row < rows; ++row) {
      server.Advance();
      times_ms[s].push_back(start_ms + static_cast<TimeMs>(row) * kCadence);
      for (std::size_t i = 0; i < fleet::kSeriesPerServer; ++i)
        columns[first + i].values[row] = server.values()[i];
    }
  }
  std::ranges::sort(columns,
                    [](const Column& a, const Column& b) { return block::BlockOrder(a.labels, b.labels); });
  auto writer = block::BlockWriter::Create(fs, kRawPath, {.tenant = "bench"}).value();
  for (const Column& column : columns) {
    const block::TimesId times = writer.AddTimes(times_ms[column.server]).value();
    if (!writer.AddSeries(column.labels, times, column.values)) std::abort();
  }
  if (!writer.Finish()) std::abort();
  return block::BlockReader::Open(fs, kRawPath).value();
}

void FleetRollups(benchmark::State& state) {
  const auto fs = io::MakePosixFileSystem();
  const auto servers = static_cast<std::uint32_t>(state.range(0));
  const std::int64_t hours = state.range(1);
  const auto rows = static_cast<std::size_t>(hours * 3'600'000 / kCadence);
  const auto raw = MakeFleetBlock(*fs, servers, rows);
  const auto samples = static_cast<double>(raw->meta().sample_count);
  std::vector<rollup::RollupFile> files;
  for (auto _ : state) {
    auto built = rollup::BuildRollups(*fs, {{raw}, {}},
                                      {.directory = ".",
                                       .stem = "fleet-rollup-bench",
                                       .start_ms = kStart,
                                       .end_ms = kStart + hours * 3'600'000,
                                       .replaced_stems = {}});
    if (!built) std::abort();
    files = *std::move(built);
  }
  state.counters["s_per_sample"] = benchmark::Counter(
      samples, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["raw_bytes_per_sample"] = static_cast<double>(raw->file_bytes()) / samples;
  std::map<std::int64_t, double> all;
  for (const rollup::RollupFile& file : files) {
    const double windows = static_cast<double>(servers * fleet::kSeriesPerServer) *
                           static_cast<double>(hours * 3'600'000) / static_cast<double>(file.resolution_ms);
    const double bytes = static_cast<double>(file.summary.bytes) / windows;
    all[file.resolution_ms] += bytes;
    state
        .counters[fmt::format("{}m_{}", file.resolution_ms / 60'000, rollup::AggregateName(file.aggregate))] =
        bytes;
    if (!fs->Remove("./" + file.name)) std::abort();
  }
  for (const auto& [resolution_ms, bytes] : all)
    state.counters[fmt::format("{}m_all", resolution_ms / 60'000)] = bytes;
  std::remove(kRawPath.c_str());
}
BENCHMARK(FleetRollups)
    ->ArgNames({"servers", "hours"})
    ->Args({40, 2})
    ->Args({10, 24})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3);

}  // namespace
}  // namespace tickscope::simulation
