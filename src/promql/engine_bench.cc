// The generic path on what dashboards ask most: sum by(rate()) and histogram_quantile over classic buckets.
//
// Workload  124 histograms of 20 buckets (2,480 series), a sample each 10 s for 12 h, queried at a 60 s step with 5 m
//           windows: 10.7 M stored samples, of which each lies in five windows.
// Reports   items_per_second: stored samples read, with the cost of windows, groups and quantiles in it.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "promql/engine.h"

namespace tickscope::promql {
namespace {

constexpr std::size_t kHistograms = 124;
constexpr std::size_t kBuckets = 20;
constexpr std::int64_t kCadenceMs = 10'000;
constexpr std::int64_t kSpanMs = 12 * 3600 * 1000;

// Series in memory; reading one copies its columns, as a store that decodes would fill them.
class MemoryBuckets final : public Queryable {
 public:
  MemoryBuckets() {
    std::uint64_t state = 42;  // xorshift: the same data on each run.
    const auto next = [&state] {
      state ^= state << 13;
      state ^= state >> 7;
      return state ^= state << 17;
    };
    for (std::size_t h = 0; h < kHistograms; ++h) {
      std::vector<double> totals(kBuckets, 0);
      std::vector<SampleColumns> columns(kBuckets);
      for (std::int64_t t = 0; t <= kSpanMs; t += kCadenceMs) {
        double cumulative = 0;
        for (std::size_t b = 0; b < kBuckets; ++b) {
          totals[b] += static_cast<double>(next() % 40);
          cumulative += totals[b];
          columns[b].times_ms.push_back(t);
          columns[b].values.push_back(cumulative);
        }
      }
      for (std::size_t b = 0; b < kBuckets; ++b) {
        const std::string le = b + 1 == kBuckets ? "+Inf" : std::to_string(1U << b);
        series_.push_back({Labels{{kMetricName, "tick_seconds_bucket"},
                                  {"le", le},
                                  {"region", h % 3 == 0   ? "eu"
                                             : h % 3 == 1 ? "na"
                                                          : "ap"},
                                  {"server", std::to_string(h)}},
                           std::move(columns[b])});
      }
    }
  }

  Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest&, const QueryContext&) const override {
    return std::make_unique<AllSeries>(series_);
  }
  Result<std::vector<std::string>> LabelNames(const SelectRequest&, const QueryContext&) const override {
    return std::vector<std::string>{};
  }
  Result<std::vector<std::string>> LabelValues(const std::string&, const SelectRequest&,
                                               const QueryContext&) const override {
    return std::vector<std::string>{};
  }

 private:
  struct Series {
    Labels labels;
    SampleColumns columns;
  };

  class AllSeries final : public SeriesSet {
   public:
    explicit AllSeries(const std::vector<Series>& series) : series_(series) {}
    bool Next() override { return ++next_ <= series_.size(); }
    const Labels& labels() const override { return series_[next_ - 1].labels; }
    Status ReadSamples(SampleColumns& out) override {
      out.Clear();
      const SampleColumns& columns = series_[next_ - 1].columns;
      out.times_ms.assign(columns.times_ms.begin(), columns.times_ms.end());
      out.values.assign(columns.values.begin(), columns.values.end());
      return {};
    }

   private:
    const std::vector<Series>& series_;
    std::size_t next_ = 0;
  };

  std::vector<Series> series_;
};

void RunQuery(benchmark::State& state, const std::string& query) {
  static const MemoryBuckets storage;
  const Engine engine(EngineOptions{});
  const QueryContext context;
  std::uint64_t samples = 0;
  for (auto _ : state) {
    const auto result =
        engine.Range(storage, TenantId(kDefaultTenant), query, 300'000, kSpanMs, 60'000, context);
    if (!result) {
      state.SkipWithError(result.error().message.c_str());
      return;
    }
    samples += result->stats.samples_read;
    benchmark::DoNotOptimize(result->value);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(samples));
}

void BM_SumByRate(benchmark::State& state) {
  RunQuery(state, "sum by (region) (rate(tick_seconds_bucket[5m]))");
}
void BM_HistogramQuantile(benchmark::State& state) {
  RunQuery(state, "histogram_quantile(0.99, sum by (le, region) (rate(tick_seconds_bucket[5m])))");
}
void BM_HistogramQuantileByServer(benchmark::State& state) {
  RunQuery(state, "histogram_quantile(0.99, rate(tick_seconds_bucket[5m]))");
}
void BM_AvgOverTime(benchmark::State& state) {
  RunQuery(state, "avg by (region) (avg_over_time(tick_seconds_bucket[5m]))");
}

BENCHMARK(BM_SumByRate)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_HistogramQuantile)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_HistogramQuantileByServer)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_AvgOverTime)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tickscope::promql
