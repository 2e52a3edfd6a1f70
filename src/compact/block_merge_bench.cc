// Merging a day of two-hour blocks.
//
//   ./dev bench compact        TICKSCOPE_BENCH_TARGETS=1000 for 300,000 series: 6 GiB of disk, some minutes to write
//
// MergeDay: 100 targets of 300 series (100 buckets, 100 counters, 100 gauges), 10 s apart, 12 blocks of 720 rows: 259 M
// samples, written to the working directory, which should be on a disk.
//   overlap 0   blocks follow each other: chunks are copied
//   overlap 1   each block begins in the middle of the one before: half the samples are duplicates, all is decoded
// peak_rss_mib counts pages of mapped inputs as well; heap_mib is what the merge charges against its bound.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compact/block_merge.h"
#include "io/posix_file_system.h"

namespace tickscope::compact {
namespace {

constexpr std::size_t kRows = 720;
constexpr std::size_t kBlocks = 12;
constexpr std::size_t kTargetsDefault = 100;
constexpr std::size_t kBucketMetrics = 5;
constexpr std::size_t kBuckets = 20;
constexpr std::size_t kOtherMetrics = 100;  // Counters, and as many gauges.
constexpr TimeMs kStart = 1'700'000'000'000;

std::size_t TargetCount() {
  const char* const asked = std::getenv("TICKSCOPE_BENCH_TARGETS");
  return asked == nullptr ? kTargetsDefault : std::strtoul(asked, nullptr, 10);
}

std::uint64_t PeakRssKib() {
  constexpr std::string_view kField = "VmHWM:";
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(kField)) return std::strtoull(line.c_str() + kField.size(), nullptr, 10);
  }
  return 0;
}

std::string BoundOf(std::size_t bucket) {
  return bucket + 1 == kBuckets ? "+Inf" : fmt::format("{}", static_cast<double>(1ULL << bucket) / 100);
}

// The same at a row, whichever block asks: overlapping blocks agree.
std::uint64_t Noise(std::size_t series, std::size_t row) {
  std::uint64_t x = series * 0x9e37'79b9'7f4a'7c15ULL + row * 0xbf58'476d'1ce4'e5b9ULL;
  x = (x ^ (x >> 29)) * 0x94d0'49bb'1331'11ebULL;
  return x ^ (x >> 32);
}

// Writes one block, in block order.
class FleetBlock {
 public:
  FleetBlock(io::FileSystem& fs, const std::string& path, std::size_t first_row)
      : writer_(block::BlockWriter::Create(fs, path, {.tenant = "bench"}).value()), first_row_(first_row) {
    for (std::size_t target = 0; target < TargetCount(); ++target) {
      std::vector<TimeMs> times_ms;
      for (std::size_t row = 0; row < kRows; ++row)
        times_ms.push_back(kStart + static_cast<TimeMs>((first_row + row) * 10'000 + target * 97 % 10'000));
      times_.push_back(writer_.AddTimes(times_ms).value());
    }
  }

  void Write() {
    for (std::size_t metric = 0; metric < kOtherMetrics; ++metric) {
      for (std::size_t target = 0; target < TargetCount(); ++target)
        AddCounter(metric, target);
    }
    for (std::size_t metric = 0; metric < kOtherMetrics; ++metric) {
      for (std::size_t target = 0; target < TargetCount(); ++target)
        AddGauge(metric, target);
    }
    for (std::size_t metric = 0; metric < kBucketMetrics; ++metric) {
      for (std::size_t target = 0; target < TargetCount(); ++target)
        AddBuckets(metric, target);
    }
    if (!writer_.Finish()) std::abort();
  }

 private:
  void Add(const std::string& metric, std::size_t target, const std::string& le) {
    const std::string server = fmt::format("server-{:05}", target);
    std::vector<std::pair<std::string_view, std::string_view>> pairs = {
        {"__name__", metric}, {"job", "game"}, {"server_id", server}};
    if (!le.empty()) pairs.emplace_back("le", le);
    if (!writer_.AddSeries(Labels::FromPairs(pairs), times_[target], values_)) std::abort();
  }

  void AddBuckets(std::size_t metric, std::size_t target) {
    values_.assign(kRows, 0);
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
      const std::size_t mean = 60 - (bucket < 10 ? 10 - bucket : bucket - 10) * 5;
      for (std::size_t row = 0; row < kRows; ++row) {
        const std::size_t at = first_row_ + row;
        const std::size_t series = metric * 100'000 + target * 31 + bucket;
        values_[row] += static_cast<double>(at * mean + Noise(series, at) % (mean / 2 + 1));
      }
      Add(fmt::format("wait_{}_bucket", metric), target, BoundOf(bucket));
    }
  }

  void AddCounter(std::size_t metric, std::size_t target) {
    values_.assign(kRows, 0);
    for (std::size_t row = 0; row < kRows; ++row) {
      const std::size_t at = first_row_ + row;
      values_[row] =
          static_cast<double>(at * (metric % 30) + Noise(metric * 7777 + target, at) % (1 + metric % 30));
    }
    Add(fmt::format("events_{:03}_total", metric), target, {});
  }

  void AddGauge(std::size_t metric, std::size_t target) {
    values_.assign(kRows, static_cast<double>(metric));
    for (std::size_t row = 0; row < kRows && metric % 4 > 0; ++row) {
      const std::size_t at = first_row_ + row;
      const double wave = std::round(std::sin(static_cast<double>(at + target) / 300) * 400);
      values_[row] = (wave + static_cast<double>(Noise(metric * 99 + target, at / 3) % 50)) / 10;
    }
    Add(fmt::format("level_{:03}", metric), target, {});
  }

  block::BlockWriter writer_;
  const std::size_t first_row_;
  std::vector<block::TimesId> times_;
  std::vector<double> values_;
};

std::vector<std::string> WriteDay(io::FileSystem& fs, bool overlaps) {
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < kBlocks; ++i) {
    paths.push_back(fmt::format("merge-bench-{}.block", i));
    FleetBlock(fs, paths.back(), overlaps ? i * kRows / 2 : i * kRows).Write();
  }
  return paths;
}

void MergeDay(benchmark::State& state) {
  const auto fs = io::MakePosixFileSystem();
  const std::vector<std::string> paths = WriteDay(*fs, state.range(0) != 0);
  const std::string merged_path = "./merge-bench-merged.block";
  MergeProgress progress;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t samples = 0;
  // The peak of the merge, not of writing its inputs.
  std::ofstream("/proc/self/clear_refs") << "5";
  for (auto _ : state) {
    std::vector<std::shared_ptr<const block::BlockReader>> readers;
    bytes_in = 0;
    samples = 0;
    for (const std::string& path : paths) {
      readers.push_back(block::BlockReader::Open(*fs, path).value());
      bytes_in += readers.back()->file_bytes();
      samples += readers.back()->meta().sample_count;
    }
    MergeOptions options;
    options.progress = [&](const MergeProgress& at) { progress = at; };
    const auto merged = MergeBlocks(*fs, merged_path, readers, options);
    if (!merged || !*merged) std::abort();
    bytes_out = (*merged)->bytes;
  }
  state.counters["samples_per_s"] =
      benchmark::Counter(static_cast<double>(samples), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["peak_rss_mib"] = static_cast<double>(PeakRssKib()) / 1024;
  state.counters["heap_mib"] = static_cast<double>(progress.memory_bytes) / (1 << 20);
  state.counters["in_mib"] = static_cast<double>(bytes_in) / (1 << 20);
  state.counters["out_mib"] = static_cast<double>(bytes_out) / (1 << 20);
  state.counters["copied_share"] = static_cast<double>(progress.chunks_copied) /
                                   static_cast<double>(progress.chunks_copied + progress.chunks_encoded);
  for (const std::string& path : paths)
    static_cast<void>(fs->Remove(path));
  static_cast<void>(fs->Remove(merged_path));
}
BENCHMARK(MergeDay)
    ->ArgNames({"overlap"})
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->Iterations(3);

}  // namespace
}  // namespace tickscope::compact
