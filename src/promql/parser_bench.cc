// Text to checked tree, and to the plan that explain shows: what a query costs before it reads anything. A query that is not
// explained has no plan made.
//
// Workload  A dashboard's expression of some 500 characters: aggregations, a join, a quantile, a subquery.
// Reports   time a parse, a parse and plan over a store of nothing, a parse and evaluation over it, which is what a query that is
//           served pays besides its samples, a parse of two expressions that RE2 has to compile, a print; bytes_per_second of
//           expression text.
#include <benchmark/benchmark.h>

#include <string>

#include "model/empty_series_set.h"
#include "promql/engine.h"
#include "promql/parser.h"
#include "promql/plan.h"
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

void BM_ParseCompiledExpressions(benchmark::State& state) {
  const EngineOptions options;
  for (auto _ : state) {
    auto expr = ParseExpr(R"(rate(game_errors_total{server=~"server-[0-9]+",status=~"5.."}[5m]))", options);
    if (!expr) {
      state.SkipWithError(expr.error().message.c_str());
      return;
    }
    benchmark::DoNotOptimize(*expr);
  }
}
BENCHMARK(BM_ParseCompiledExpressions)->Unit(benchmark::kMicrosecond);

// A store of nothing: what is left is the engine's.
class Nothing final : public Queryable {
 public:
  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest&,
                                                          const QueryContext&) const override {
    return std::make_unique<EmptySeriesSet>();
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest&,
                                                            const QueryContext&) const override {
    return std::vector<std::string>();
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string&, const SelectRequest&,
                                                             const QueryContext&) const override {
    return std::vector<std::string>();
  }
};

void BM_ParseAndPlan(benchmark::State& state) {
  const Nothing nothing;
  const Engine engine{EngineOptions()};
  const TenantId tenant(kDefaultTenant);
  const QueryContext context;
  for (auto _ : state) {
    auto plan = engine.Explain(nothing, {}, tenant, Expression(), 0, 43'200'000, 60'000, context);
    if (!plan) {
      state.SkipWithError(plan.error().message.c_str());
      return;
    }
    benchmark::DoNotOptimize(*plan);
  }
}
BENCHMARK(BM_ParseAndPlan)->Unit(benchmark::kMicrosecond);

void BM_ParseAndEvaluateNothing(benchmark::State& state) {
  const Nothing nothing;
  const Engine engine{EngineOptions()};
  const TenantId tenant(kDefaultTenant);
  const QueryContext context;
  for (auto _ : state) {
    auto result = engine.Range(nothing, tenant, Expression(), 0, 43'200'000, 60'000, context);
    if (!result) {
      state.SkipWithError(result.error().message.c_str());
      return;
    }
    benchmark::DoNotOptimize(*result);
  }
}
BENCHMARK(BM_ParseAndEvaluateNothing)->Unit(benchmark::kMicrosecond);

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
