// Text to checked tree, which is all the planning there is: what a query costs before it reads anything.
//
// Workload  A dashboard's expression of some 500 characters: aggregations, a join, a quantile, a subquery.
// Reports   time a parse; bytes_per_second of expression text.
#include <benchmark/benchmark.h>

#include <string>

#include "promql/parser.h"
#include "promql/printer.h"

namespace tickscope::promql {
namespace {

const std::string& Expression() {
  static const std::string text =
      R"(histogram_quantile(0.99, sum by (le, region) (rate(game_tick_seconds_bucket{region=~"eu-.*",mode!="casual"}[5m]))) )"
      R"(/ on (region) group_left () (avg by (region) (max_over_time(game_players{mode="ranked"}[1h:1m] offset 5m)) > 0) )"
      R"(or label_replace(sum without (instance, server) (increase(game_joins_total{region="na-1"}[10m] @ end())), )"
      R"("region", "$1", "zone", "(.*)-.*") and on (region) (clamp_min(deriv(game_queue_length[15m]), 0) * 60 )"
      R"(+ ignoring (zone) group(game_up == bool 1) unless absent(game_maintenance{state="on"})))";
  return text;
}

void BM_ParseExpression(benchmark::State& state) {
  const EngineOptions options;
  for (auto _ : state) {
    auto expr = ParseExpr(Expression(), options);
    if (!expr) {
      state.SkipWithError(expr.error().message.c_str());
      return;
    }
    benchmark::DoNotOptimize(*expr);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * Expression().size()));
}
BENCHMARK(BM_ParseExpression)->Unit(benchmark::kMicrosecond);

void BM_PrintExpression(benchmark::State& state) {
  const auto expr = ParseExpr(Expression(), EngineOptions{});
  if (!expr) {
    state.SkipWithError(expr.error().message.c_str());
    return;
  }
  for (auto _ : state)
    benchmark::DoNotOptimize(ToString(**expr));
}
BENCHMARK(BM_PrintExpression)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tickscope::promql
