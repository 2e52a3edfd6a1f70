// Scans of packed columns.
//
//   ./dev bench block
//
// ScanFromDisk: sum by (le, region) (rate(h_bucket[1m])) over 5,000 servers x 20 buckets x 2 h at 10 s, 72 M samples, at a
// step of 15 s, from a block whose pages were dropped from the page cache before each round.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <thread>

#include "base/random.h"
#include "block/block_reader.h"
#include "io/posix_file_system.h"

namespace tickscope::block {
namespace {

constexpr std::size_t kRows = 720;
constexpr std::size_t kServers = 5000;
constexpr std::size_t kBuckets = 20;
constexpr TimeMs kStart = 1'700'000'000'000;
constexpr const char* kRegions[] = {"apac", "eu", "na"};

std::string BoundOf(std::size_t bucket) {
  return bucket + 1 == kBuckets ? "+Inf" : fmt::format("{}", static_cast<double>(1U << bucket) / 100);
}

// 600 observations a scrape of a server, spread over the buckets.
// In the working directory, which should be on a disk; removed at the end of the process.
std::string WriteFleetBlock(io::FileSystem& fs) {
  const std::string path = "scan-bench.block";
  auto writer = BlockWriter::Create(fs, path, {.tenant = "bench"}).value();
  std::vector<TimeMs> times_ms;
  for (std::size_t row = 0; row < kRows; ++row)
    times_ms.push_back(kStart + static_cast<TimeMs>(row) * 10'000);
  const TimesId times = writer.AddTimes(times_ms).value();
  SeededRandom random(5);
  std::vector<double> below(kRows);
  std::vector<double> values(kRows);
  for (const char* region : kRegions) {
    for (std::size_t server = 0; server < kServers; ++server) {
      if (kRegions[server % 3] != region) continue;
      std::ranges::fill(below, 0);
      for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
        const std::uint64_t mean = 60 - (bucket < 10 ? 10 - bucket : bucket - 10) * 5;
        double sum = 1000;
        for (std::size_t row = 0; row < kRows; ++row) {
          sum += static_cast<double>(random.Below(mean) / 2 + random.Below(mean) / 2);
          below[row] += sum;
          values[row] = below[row];
        }
        const Labels labels = Labels::FromPairs({{"__name__", "h_bucket"},
                                                 {"region", region},
                                                 {"server", fmt::format("s{:05}", server)},
                                                 {"le", BoundOf(bucket)}});
        if (!writer.AddSeries(labels, times, values)) std::abort();
      }
    }
  }
  if (!writer.Finish()) std::abort();
  return path;
}

void DropPages() {
  std::ofstream("/proc/sys/vm/drop_caches") << "1";
}

void ScanFromDisk(benchmark::State& state) {
  const auto fs = io::MakePosixFileSystem();
  static const std::string path = WriteFleetBlock(*fs);
  static const int registered = std::atexit([] { std::remove("scan-bench.block"); });
  benchmark::DoNotOptimize(registered);
  const auto threads = static_cast<std::size_t>(state.range(0));
  const std::size_t group_count = kBuckets * 3;
  double total = 0;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    if (state.range(1) != 0) DropPages();
    state.ResumeTiming();
    const auto block = BlockReader::Open(*fs, path).value();
    bytes = block->file_bytes();
    const std::vector<SeriesId> ids = block->Select({Matcher::Equal("__name__", "h_bucket")}).value();
    std::vector<std::vector<std::uint64_t>> rows(threads * group_count, std::vector<std::uint64_t>(kRows, 0));
    std::vector<std::jthread> workers;
    for (std::size_t thread = 0; thread < threads; ++thread) {
      workers.emplace_back([&, thread] {
        Cursor cursor(*block);
        CounterSteps steps;
        // Whole histograms to a thread: buckets refer to each other.
        const std::size_t share = ids.size() / kBuckets * thread / threads * kBuckets;
        const std::size_t end = ids.size() / kBuckets * (thread + 1) / threads * kBuckets;
        for (std::size_t i = share; i < end; ++i) {
          const std::size_t region = i / kBuckets * 3 / (ids.size() / kBuckets);
          const std::size_t group = thread * group_count + region * kBuckets + i % kBuckets;
          steps.Clear();
          if (!cursor.ReadSteps(ids[i], INT64_MIN, INT64_MAX, steps).value_or(false)) std::abort();
          std::size_t row = 0;
          for (const StepStretch& stretch : steps.stretches) {
            for (std::size_t i = 0; i < stretch.steps.size(); ++i)
              rows[group][row + i + 1] += stretch.steps[i];
            row += stretch.times_ms.size();
          }
        }
      });
    }
    workers.clear();
    for (const auto& of_group : rows)
      total += static_cast<double>(of_group[10]);
  }
  benchmark::DoNotOptimize(total);
  state.counters["samples"] = static_cast<double>(kRows * kServers * kBuckets);
  state.counters["samples_per_s"] = benchmark::Counter(static_cast<double>(kRows * kServers * kBuckets),
                                                       benchmark::Counter::kIsIterationInvariantRate);
  state.counters["file_bytes_per_sample"] =
      static_cast<double>(bytes) / static_cast<double>(kRows * kServers * kBuckets);
}
BENCHMARK(ScanFromDisk)
    ->ArgNames({"threads", "cold"})
    ->Args({1, 1})
    ->Args({2, 1})
    ->Args({2, 0})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(5);

}  // namespace
}  // namespace tickscope::block
