// Aggregates that are added up where the columns are: the same answers as series by series, over random series with gaps,
// staleness markers, resets, NaN and histograms; and what is not of their form is left to the evaluator.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>

#include "base/random.h"
#include "model/column_scan.h"
#include "model/sample.h"
#include "promql/engine.h"

namespace tickscope::promql {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;

struct Stored {
  Labels labels;
  SampleColumns samples;
};

// Series in memory, told both ways.
class BothWays final : public Queryable {
 public:
  explicit BothWays(std::uint64_t seed) {
    SeededRandom random(seed);
    for (std::uint32_t i = 0; i < 60; ++i) {
      Stored series;
      series.labels = Labels::FromPairs({{"__name__", i % 4 == 3 ? "g" : "c_total"},
                                         {"region", fmt::format("r{}", i % 3)},
                                         {"server", fmt::format("s{}", i / 4)},
                                         {"shard", fmt::format("{}", i % 4)}});
      double v = static_cast<double>(random.Below(3) == 0 ? 0 : random.Below(2000));
      const bool never_falls = random.Below(2) == 0;
      const bool has_grid = random.Below(3) > 0;
      for (TimeMs time_ms = kStart + static_cast<TimeMs>(random.Below(9'999)); time_ms < kStart + 3'600'000;
           time_ms += 10'000) {
        if (!has_grid && random.Below(60) == 0) time_ms += static_cast<TimeMs>(random.Below(60)) * 10'000;
        v = !never_falls && random.Below(90) == 0 ? 0 : v + static_cast<double>(random.Below(30));
        const bool is_odd = i % 7 == 5 && !never_falls && random.Below(40) == 0;
        series.samples.times_ms.push_back(time_ms);
        // Some gauges have fractions, go below zero and are zero of either sign.
        double told = i % 8 == 7 ? (v - 600) / 8 : v;
        if (i % 8 == 7 && random.Below(20) == 0) told = random.Below(2) == 0 ? 0.0 : -0.0;
        series.samples.values.push_back(is_odd ? (random.Below(2) == 0 ? StaleNan() : NormalNan()) : told);
      }
      all_.push_back(std::move(series));
    }
    std::ranges::sort(all_, {}, &Stored::labels);
  }

  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                          const QueryContext&) const override {
    return std::make_unique<Set>(*this, request);
  }
  [[nodiscard]] Result<std::unique_ptr<ColumnScan>> Scan(const SelectRequest& request,
                                                         const QueryContext&) const override {
    ++scans_;
    return std::make_unique<Columns>(*this, request);
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest&,
                                                            const QueryContext&) const override {
    return std::vector<std::string>();
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string&, const SelectRequest&,
                                                             const QueryContext&) const override {
    return std::vector<std::string>();
  }
  std::vector<Stored> all_;
  mutable int scans_ = 0;
  mutable std::atomic<int> summaries_ = 0;

 private:
  [[nodiscard]] std::vector<const Stored*> Find(const SelectRequest& request) const {
    std::vector<const Stored*> found;
    for (const Stored& series : all_) {
      const bool matches = std::ranges::all_of(request.matchers, [&](const Matcher& matcher) {
        return matcher.Matches(series.labels.Get(matcher.name()));
      });
      if (matches) found.push_back(&series);
    }
    return found;
  }
  static void Copy(const Stored& series, const SelectRequest& request, SampleColumns& out) {
    for (std::size_t i = 0; i < series.samples.size(); ++i) {
      if (series.samples.times_ms[i] < request.start_ms || series.samples.times_ms[i] > request.end_ms)
        continue;
      out.times_ms.push_back(series.samples.times_ms[i]);
      out.values.push_back(series.samples.values[i]);
      if (!series.samples.histograms.empty()) out.histograms.push_back(series.samples.histograms[i]);
    }
  }

  class Set final : public SeriesSet {
   public:
    Set(const BothWays& storage, SelectRequest request)
        : found_(storage.Find(request)), request_(std::move(request)) {}
    [[nodiscard]] bool Next() override { return ++next_ <= found_.size(); }
    [[nodiscard]] const Labels& labels() const override { return found_[next_ - 1]->labels; }
    [[nodiscard]] Status ReadSamples(SampleColumns& out) override {
      out.Clear();
      Copy(*found_[next_ - 1], request_, out);
      return {};
    }

   private:
    const std::vector<const Stored*> found_;
    const SelectRequest request_;
    std::size_t next_ = 0;
  };

  class Columns final : public ColumnScan {
   public:
    Columns(const BothWays& storage, SelectRequest request)
        : summaries_(storage.summaries_), found_(storage.Find(request)), request_(std::move(request)) {
      for (const Stored* const series : found_) {
        std::vector<std::uint32_t> numbers;
        for (const LabelView& label : series->labels) {
          const auto known = std::ranges::find_if(pairs_, [&](const LabelView& pair) {
            return pair.name == label.name && pair.value == label.value;
          });
          numbers.push_back(static_cast<std::uint32_t>(known - pairs_.begin()));
          if (known == pairs_.end()) pairs_.push_back(label);
        }
        numbers_.push_back(std::move(numbers));
      }
    }
    [[nodiscard]] std::uint32_t series_count() const override {
      return static_cast<std::uint32_t>(found_.size());
    }
    [[nodiscard]] std::span<const std::uint32_t> PairsOf(std::uint32_t series) const override {
      return numbers_[series];
    }
    [[nodiscard]] std::uint32_t pair_count() const override {
      return static_cast<std::uint32_t>(pairs_.size());
    }
    [[nodiscard]] LabelView PairText(std::uint32_t pair) const override { return pairs_[pair]; }
    // So many that all threads take part.
    [[nodiscard]] std::uint64_t EstimateSamples() const override { return 100'000'000; }
    [[nodiscard]] std::unique_ptr<ColumnReader> NewReader() const override {
      return std::make_unique<Reader>(*this);
    }

   private:
    class Reader final : public ColumnReader {
     public:
      explicit Reader(const Columns& columns) : columns_(columns) {}
      [[nodiscard]] Result<bool> Append(std::uint32_t series, SampleColumns& out) override {
        Copy(*columns_.found_[series], columns_.request_, out);
        return false;
      }

      // Counters are told as steps when they are whole, in stretches of some rows.
      [[nodiscard]] Result<bool> AppendSteps(std::uint32_t series, CounterSteps& out) override {
        samples_.Clear();
        Copy(*columns_.found_[series], columns_.request_, samples_);
        if (!samples_.histograms.empty()) return false;
        steps_.clear();
        for (std::uint32_t i = 0; i < samples_.size(); ++i) {
          const double v = samples_.values[i];
          if (!(v >= 0 && v < 1e15 && std::floor(v) == v && !std::signbit(v))) return false;
          const double step = i == 0 ? 0 : v - samples_.values[i - 1];
          steps_.push_back(static_cast<std::uint32_t>(static_cast<std::int32_t>(step)));
        }
        ++version_;
        constexpr std::size_t kRows = 50;
        for (std::size_t from = 0; from < samples_.size(); from += kRows) {
          const std::size_t rows = std::min(kRows, samples_.size() - from);
          const double* const values = &samples_.values[from];
          StepStretch stretch{std::span(samples_.times_ms).subspan(from, rows),
                              version_,
                              std::span(steps_).subspan(from + 1, rows - 1),
                              values[0],
                              values[rows - 1],
                              values[rows - 1] - values[0],
                              out.falls.size(),
                              0};
          for (std::uint32_t row = 1; row < rows; ++row) {
            if (values[row] >= values[row - 1]) continue;
            out.falls.push_back({row, values[row - 1], values[row]});
            stretch.grown += values[row - 1];
          }
          stretch.falls_to = out.falls.size();
          out.stretches.push_back(stretch);
        }
        return true;
      }

      // Runs of twenty samples are summarised where no edge parts them.
      [[nodiscard]] Result<bool> AppendParts(std::uint32_t series, std::span<const TimeMs> edges,
                                             SampleParts& out) override {
        samples_.Clear();
        Copy(*columns_.found_[series], columns_.request_, samples_);
        if (!samples_.histograms.empty()) return false;
        constexpr std::size_t kRows = 20;
        for (std::size_t from = 0; from < samples_.size(); from += kRows) {
          const std::size_t rows = std::min(kRows, samples_.size() - from);
          const std::span<const double> values(&samples_.values[from], rows);
          const TimeMs* const times_ms = &samples_.times_ms[from];
          const bool is_parted = std::ranges::lower_bound(edges, times_ms[0]) !=
                                 std::ranges::lower_bound(edges, times_ms[rows - 1]);
          if (is_parted || std::ranges::any_of(values, [](double v) { return std::isnan(v); })) {
            out.samples.times_ms.insert(out.samples.times_ms.end(), times_ms, times_ms + rows);
            out.samples.values.insert(out.samples.values.end(), values.begin(), values.end());
            continue;
          }
          SampleSummary summary{out.samples.size(),
                                times_ms[0],
                                times_ms[rows - 1],
                                static_cast<std::uint32_t>(rows),
                                0,
                                values.front(),
                                values.back(),
                                *std::ranges::min_element(values),
                                *std::ranges::max_element(values),
                                values.front(),
                                0};
          for (std::size_t row = 1; row < rows; ++row) {
            summary.sum += values[row];
            summary.resets += values[row] < values[row - 1] ? 1 : 0;
            summary.grown += values[row] < values[row - 1] ? values[row] : values[row] - values[row - 1];
          }
          ++columns_.summaries_;
          out.summaries.push_back(summary);
        }
        return true;
      }

     private:
      const Columns& columns_;
      SampleColumns samples_;
      std::uint64_t version_ = 0;
      std::vector<std::uint32_t> steps_;
    };

    std::atomic<int>& summaries_;
    const std::vector<const Stored*> found_;
    const SelectRequest request_;
    std::vector<LabelView> pairs_;
    std::vector<std::vector<std::uint32_t>> numbers_;
  };
};

enum class Closeness : std::uint8_t { kSums, kToTheBit };

void ExpectSame(const QueryResult& got, const QueryResult& want, Closeness closeness = Closeness::kSums) {
  EXPECT_EQ(got.infos, want.infos);
  EXPECT_EQ(got.warnings, want.warnings);
  const auto& a = std::get<Matrix>(got.value);
  const auto& b = std::get<Matrix>(want.value);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].labels.ToString(), b[i].labels.ToString());
    ASSERT_EQ(a[i].points.size(), b[i].points.size()) << a[i].labels.ToString();
    for (std::size_t p = 0; p < a[i].points.size(); ++p) {
      ASSERT_EQ(a[i].points[p].time_ms, b[i].points[p].time_ms);
      const double x = a[i].points[p].value;
      const double y = b[i].points[p].value;
      if (closeness == Closeness::kToTheBit && !std::isnan(x)) {
        ASSERT_EQ(std::bit_cast<std::uint64_t>(x), std::bit_cast<std::uint64_t>(y))
            << a[i].labels.ToString() << " got " << x << " want " << y;
      }
      ASSERT_TRUE(x == y || (std::isnan(x) && std::isnan(y)) || std::fabs(x - y) <= 1e-13 * std::fabs(y))
          << a[i].labels.ToString() << " got " << x << " want " << y;
    }
  }
}

QueryResult Ask(const Queryable& storage, const char* query, bool pushes_down, std::uint32_t threads) {
  EngineOptions options;
  options.pushes_down = pushes_down;
  options.threads = threads;
  const QueryContext context;
  auto result = Engine(options).Range(storage, TenantId(kDefaultTenant), query, kStart - 60'000,
                                      kStart + 3'900'000, 45'000, context);
  EXPECT_TRUE(result.has_value()) << query << ": " << result.error().message;
  return result ? *std::move(result) : QueryResult{Matrix{}, {}, {}, {}};
}

constexpr const char* kPushed[] = {
    "sum(rate(c_total[5m]))",
    "sum by (region) (rate(c_total[1m]))",
    "avg without (server, shard) (increase(c_total[2m]))",
    "max by (server) (delta(g[5m]))",
    "min by (server, shard) (irate(c_total[5m]))",
    "count by (region) (c_total)",
    "sum(g)",
    "avg by (region) (g offset 3m)",
    "group by (shard) (max_over_time(g[3m]))",
    "sum by (__name__) (last_over_time(c_total[1m]))",
    "sum(count_over_time(g[4m]))",
    "max by (region) (count_over_time(c_total[3m]))",
    "min by (shard) (last_over_time(g[90s]))",
    "sum by (region) (stddev_over_time(g[10m]))",
    "sum(rate(g[5m]))",  // With an info: its name is no counter's.
    "sum(rate(g[5s]))",  // Without: it has no value.
    "max by (region) (rate(c_total[5m]))",
    "min by (server) (increase(c_total[40s]))",
    "count by (region) (rate(c_total[20s]))",
    "sum by (region) (changes(c_total[7m]))",
    "count(rate({__name__=\"c_total\",region=~\"r[12]\"}[5m]))",
    "topk(3, sum by (server) (rate(c_total[5m])))",
    "sum by (region) (rate(c_total[5m])) / sum by (region) (rate(c_total[10m]))",
    "sum by (nothing) (rate(c_total[5m] offset -2m))",
    "sum(rate(no_such_total[5m]))",
    "sum by (region) (irate(c_total[5m]))",
    "sum by (server) (resets(c_total[20m]))",
    "sum(changes(g[5m]))",
    "max by (region) (idelta(g[3m]))",
    "min by (region) (min_over_time(g[25m]))",
    "max by (shard) (max_over_time(c_total[2m]))",
    "max by (server) (sum_over_time(c_total[5m]))",
    "sum by (server) (avg_over_time(g[5m]))",
    "min by (server) (first_over_time(g[5m]))",
    "sum(present_over_time(c_total[5m]))",
};

// Functions of a range by themselves: of columns at once where they can be, else window by window.
constexpr const char* kPlain[] = {
    "rate(c_total[5m])",
    "increase(c_total[1m])",
    "rate(g[5m])",
    "irate(c_total[2m])",
    "irate(g[45s])",
    "delta(g[5m])",
    "idelta(g[5m])",
    "changes(g[7m])",
    "changes(c_total[1m])",
    "resets(c_total[20m])",
    "resets(g[3m])",
    "min_over_time(g[25m])",
    "max_over_time(g[1m])",
    "max_over_time(c_total[50m])",
    "sum_over_time(g[5m])",
    "sum_over_time(c_total[30m])",
    "avg_over_time(g[5m])",
    "avg_over_time(c_total[10m])",
    "count_over_time(g[5m])",
    "first_over_time(g[5m])",
    "last_over_time(c_total[3m])",
    "present_over_time(g[10s])",
    "stddev_over_time(g[5m])",
    "quantile_over_time(0.5, g[5m])",
    "max_over_time(g[5m] @ 1700003000)",
    "rate(c_total[5m] offset 7m)",
    "max_over_time(rate(c_total[2m])[10m:1m])",
    "increase(c_total[5m] smoothed)",
};

TEST(ColumnKernel, IsTheEvaluatorsToTheBit) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const BothWays storage(seed);
    for (const char* query : kPlain) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << " " << query);
      const QueryResult want = Ask(storage, query, false, 1);
      const QueryResult got = Ask(storage, query, true, 2);
      ExpectSame(got, want, Closeness::kToTheBit);
      EXPECT_FALSE(std::get<Matrix>(want.value).empty());
      if (HasFailure()) return;
    }
  }
}

TEST(PushedAggregate, IsWhatTheEvaluatorSays) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const BothWays storage(seed);
    for (const char* query : kPushed) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << " " << query);
      const QueryResult want = Ask(storage, query, false, 1);
      ASSERT_EQ(storage.scans_, 0);
      for (const std::uint32_t threads : {1U, 3U}) {
        ExpectSame(Ask(storage, query, true, threads), want);
        EXPECT_GT(storage.scans_, 0);
      }
      storage.scans_ = 0;
      if (HasFailure()) return;
    }
  }
}

QueryResult AskOnce(const Queryable& storage, const std::string& query, bool pushes_down) {
  EngineOptions options;
  options.pushes_down = pushes_down;
  options.threads = 2;
  const QueryContext context;
  auto result = Engine(options).Range(storage, TenantId(kDefaultTenant), query, kStart + 3'550'000,
                                      kStart + 3'550'000, 1'000, context);
  EXPECT_TRUE(result.has_value()) << query << ": " << result.error().message;
  return result ? *std::move(result) : QueryResult{Matrix{}, {}, {}, {}};
}

TEST(PartKernel, SummariesAnswerAsSamplesDo) {
  constexpr const char* kFunctions[] = {"rate",          "increase",        "delta",
                                        "resets",        "first_over_time", "last_over_time",
                                        "min_over_time", "max_over_time",   "sum_over_time",
                                        "avg_over_time", "count_over_time", "present_over_time"};
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    BothWays storage(seed);
    for (const std::string function : kFunctions) {
      const bool is_rounded = function == "sum_over_time" || function == "avg_over_time";
      for (const char* metric : {"c_total", "g"}) {
        const std::string plain = fmt::format("{}({}[48m20s])", function, metric);
        SCOPED_TRACE(testing::Message() << "seed " << seed << " " << plain);
        storage.summaries_ = 0;
        ExpectSame(AskOnce(storage, plain, true), AskOnce(storage, plain, false),
                   is_rounded ? Closeness::kSums : Closeness::kToTheBit);
        EXPECT_GT(storage.summaries_, 0);
        const std::string sum = fmt::format("sum by (region) ({})", plain);
        ExpectSame(AskOnce(storage, sum, true), AskOnce(storage, sum, false));
        if (HasFailure()) return;
      }
    }
  }
}

TEST(PushedAggregate, LeavesTheRestToTheEvaluator) {
  BothWays storage(50);
  for (const char* query : {"sum(rate(c_total[5m] @ end()))", "deriv(g[5m])", "quantile(0.5, c_total)",
                            "sum(rate(c_total[5m:1m]))", "sum(increase(c_total[5m] anchored))", "stddev(g)",
                            "sum(quantile_over_time(0.5, g[5m]))", "sum(-g)", "count_values(\"v\", g)"}) {
    SCOPED_TRACE(query);
    ExpectSame(Ask(storage, query, true, 2), Ask(storage, query, false, 1));
    EXPECT_EQ(storage.scans_, 0);
  }
  // Two names that fall together are an error, which only label sets show.
  EngineOptions options;
  const QueryContext context;
  for (auto& series : storage.all_)
    series.labels = Labels::FromPairs({{"__name__", series.labels.metric_name()}});
  std::ranges::sort(storage.all_, {}, &Stored::labels);
  storage.all_ = {storage.all_.front(), storage.all_.back()};
  const auto refused =
      Engine(options).Range(storage, TenantId(kDefaultTenant), "sum(rate({__name__=~\".+\"}[5m]))", kStart,
                            kStart + 3'600'000, 60'000, context);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
}

// Rows are added up modulo 2^32: of series that grow by that much together they are put away in time, and a series that grows by
// more is not added to them.
TEST(PushedAggregate, SumsGrowPast32Bits) {
  BothWays storage(70);
  constexpr double kGrowth[] = {11'000'000, 12'500'000, 3'000};
  for (std::size_t i = 0; i < storage.all_.size(); ++i) {
    SampleColumns& samples = storage.all_[i].samples;
    samples.Clear();
    for (int row = 0; row < 360; ++row) {
      samples.times_ms.push_back(kStart + row * 10'000);
      samples.values.push_back(1e9 + row * kGrowth[i % 3]);
    }
  }
  for (const char* query :
       {"sum by (region) (increase(c_total[5m]))", "avg(rate(c_total[2m]))", "sum(increase(c_total[50m]))"}) {
    SCOPED_TRACE(query);
    const QueryResult want = Ask(storage, query, false, 1);
    for (const std::uint32_t threads : {1U, 3U})
      ExpectSame(Ask(storage, query, true, threads), want);
  }
}

TEST(PushedAggregate, InfinitiesAndHistogramsAreTheEvaluators) {
  BothWays storage(60);
  storage.all_[5].samples.values[40] = INFINITY;
  storage.all_[9].samples.values[41] = -INFINITY;
  storage.all_[11].samples.values[200] = 1e308;
  storage.all_[12].samples.values[200] = 1e308;
  for (const char* query : {"sum(g)", "avg(g)", "sum(c_total)", "avg(c_total)", "sum(rate(c_total[5m]))"}) {
    SCOPED_TRACE(query);
    ExpectSame(Ask(storage, query, true, 2), Ask(storage, query, false, 1));
  }
  SampleColumns& samples = storage.all_.back().samples;
  samples.histograms.resize(samples.size());
  auto histogram = std::make_shared<Histogram>();
  histogram->count = histogram->zero_count = 3;
  samples.histograms[100] = histogram;
  for (const char* query : {"sum(g)", "count(g)", "sum(rate(g[5m]))", "max(g)"}) {
    SCOPED_TRACE(query);
    ExpectSame(Ask(storage, query, true, 2), Ask(storage, query, false, 1));
  }
}

}  // namespace
}  // namespace tickscope::promql
