// What it costs the agent to read a page of 300 series from its file, as ./dev bench sdk shows: 168 scalars, six histograms
// of 20 buckets, counts of two threads.
#include <benchmark/benchmark.h>

#include <thread>
#include <tickscope/tickscope.hpp>

#include "base/check.h"
#include "io/posix_file_system.h"
#include "sdkpage/page_reader.h"

namespace tickscope::sdkpage {
namespace {

void DeclareThreeHundred() {
  for (int i = 0; i < 42; ++i) {
    const std::string name = "game_some_counter_" + std::to_string(i) + "_total";
    const auto family =
        sdk::RegisterCounters({name.c_str(), "Something counted."}, {{"platform", {"a", "b", "c", "d"}}});
    for (std::uint32_t k = 0; k < 4; ++k)
      family.At(k).Add(static_cast<std::uint64_t>(i) + k);
  }
  std::vector<double> bounds;
  for (int i = 1; i < 20; ++i)
    bounds.push_back(i * 0.001);
  for (int i = 0; i < 6; ++i) {
    const std::string name = "game_some_histogram_" + std::to_string(i) + "_seconds";
    sdk::RegisterHistograms({name.c_str(), "Something timed.", "seconds"}, bounds).At().Observe(0.004);
  }
}

void BM_RefreshThreeHundredSeries(benchmark::State& state) {
  sdk::Options options;
  options.directory = "/dev/shm";
  options.name = "tickscope-bench";
  TICKSCOPE_CHECK(sdk::Start(options) == TS_OK);
  DeclareThreeHundred();
  std::thread(DeclareThreeHundred).join();
  const auto fs = io::MakePosixFileSystem();
  auto file = fs->OpenRead(ts_page_path());
  TICKSCOPE_CHECK(file.has_value());
  const auto page = PageReader::Open(std::move(*file));
  TICKSCOPE_CHECK(page.has_value());
  for (auto _ : state) {
    TICKSCOPE_CHECK((*page)->Refresh().has_value());
    double sum = 0;
    for (const PageFamily& family : (*page)->families()) {
      for (std::uint32_t i = 0; i < family.series_count; ++i)
        sum += family.is_histogram() ? (*page)->Sum(family, i) : (*page)->Scalar(family, i);
    }
    benchmark::DoNotOptimize(sum);
  }
  sdk::Stop();
}
BENCHMARK(BM_RefreshThreeHundredSeries)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tickscope::sdkpage
