// What aggregation costs a sample: counters of many targets added up into a tenth as many groups, a window every 10 s, each with its journal on
// memory. Unit: time a sample, from Add to the window's end.
//
//   ./dev bench aggregate
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "aggregate/durable_windows.h"
#include "io/memory_file_system.h"

namespace tickscope::aggregate {
namespace {

constexpr TimeMs kStartMs = 1'700'000'000'000;

// Arguments: series, and whether there is a journal.
void BM_AddAndClose(benchmark::State& state) {
  const auto series = static_cast<std::size_t>(state.range(0));
  io::MemoryFileSystem fs;
  auto durable = DurableWindows::Open(&fs, state.range(1) != 0 ? "/state" : "", {}).value();
  Windows& windows = durable->windows();
  windows.Begin(kStartMs);
  std::vector<InputId> inputs;
  for (std::size_t i = 0; i < series; ++i) {
    GroupSpec group{.rule = 1, .metric = "game_joins_total", .kind = GroupKind::kCounter};
    group.functions = {schema::AggregateFunction::kSum};
    group.labels = Labels{{"mode", std::to_string(i % (series / 10))}, {"region", "eu"}};
    inputs.push_back(windows.InputOf({i, i}, group).value());
  }
  TimeMs now_ms = kStartMs;
  double value = 0;
  for (auto _ : state) {
    now_ms += 10'000;
    value += 3;
    for (const InputId input : inputs)
      benchmark::DoNotOptimize(windows.Add(input, {.time_ms = now_ms - 1'000, .value = value}));
    durable->Write();
    benchmark::DoNotOptimize(durable->Close(now_ms));
    durable->NoteHandedOn();
    durable->Sync();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(series));
  state.counters["ns_per_sample"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(series),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_AddAndClose)->Args({300, 0})->Args({300, 1})->Args({30'000, 0})->Args({30'000, 1});

}  // namespace
}  // namespace tickscope::aggregate
