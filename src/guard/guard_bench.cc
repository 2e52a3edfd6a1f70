// What a judgement costs at a series' first sight: items are series, of names and labels as a game server has them. In steady
// state there is none; tickscope_guard_judged_series_total tells how many there were.
#include "guard/guard.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "schema/schema_reader.h"

namespace tickscope::guard {
namespace {

constexpr int kMetrics = 50;
constexpr int kBuckets = 6;

class FixedClock final : public Clock {
 public:
  [[nodiscard]] TimeMs NowMs() const override { return 1'000; }
  [[nodiscard]] std::chrono::nanoseconds Monotonic() const override { return {}; }
};

std::string SchemaOfAll() {
  std::string text =
      "schema: game\nversion: \"1.0\"\ndefaults: {owner: gameplay, class: ops, cadence: 10s}\n"
      "target_labels:\n  region: {values: [na, eu, ap], help: Where.}\n"
      "  server: {pattern: \"(na|eu|ap)-[a-z]-[0-9]{5}\", budget: 8192, help: Which.}\nmetrics:\n";
  for (int i = 0; i < kMetrics; ++i)
    text += fmt::format(
        "  - {{name: game_part_{}_seconds, type: histogram, help: How long., buckets: [0.005, 0.01, 0.025, "
        "0.05, 0.1]}}\n",
        i);
  return text;
}

void BM_Judge(benchmark::State& state) {
  const FixedClock clock;
  MetricRegistry metrics;
  GuardOptions options;
  options.mode = GuardMode::kEnforce;
  if (state.range(0) != 0) options.schema = schema::ReadSchema(SchemaOfAll(), "bench.yaml").value();
  const auto guard = Guard::Make(std::move(options), clock, metrics).value();
  constexpr const char* kBounds[kBuckets] = {"0.005", "0.01", "0.025", "0.05", "0.1", "+Inf"};
  std::vector<std::string> names;
  for (int i = 0; i < kMetrics; ++i)
    names.push_back(fmt::format("game_part_{}_seconds_bucket", i));
  std::vector<std::vector<LabelView>> all;
  for (const std::string& name : names) {
    for (const char* const bound : kBounds)
      all.push_back({{"__name__", name},
                     {"instance", "10.12.3.44:9100"},
                     {"job", "game"},
                     {"le", bound},
                     {"region", "eu"},
                     {"server", "eu-a-00412"}});
  }
  const TenantId tenant(kDefaultTenant);
  std::size_t refused = 0;
  for (auto _ : state) {
    for (const auto& labels : all)
      refused +=
          guard->Judge(tenant, {.labels = labels, .type = {}, .type_before = {}}).has_value() ? 1U : 0U;
  }
  if (refused > 0) state.SkipWithError("series of the bench are refused");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(all.size()));
}
BENCHMARK(BM_Judge)->ArgName("schema")->Arg(0)->Arg(1);

}  // namespace
}  // namespace tickscope::guard
