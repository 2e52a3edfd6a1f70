// StoredTotals: what a total goes on from is the last sample of exactly that series, whole, and nothing else is taken for it.
#include "otlp/stored_totals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/sample.h"

namespace tickscope::otlp {
namespace {

constexpr TimeMs kNow = 1'700'000'000'000;

struct Series {
  Labels labels;
  SampleColumns samples;
};

// Series in memory, and how much of them was looked at.
class Storage final : public Queryable {
 public:
  void Put(const Labels& labels, TimeMs time_ms, double value, TimeMs start_ms = 0,
           HistogramPtr histogram = nullptr) {
    auto found = std::ranges::find(series_, labels, &Series::labels);
    if (found == series_.end()) found = series_.insert(series_.end(), {labels, {}});
    SampleColumns& samples = found->samples;
    samples.times_ms.push_back(time_ms);
    samples.values.push_back(value);
    samples.start_times_ms.push_back(start_ms);
    if (histogram != nullptr) samples.histograms.push_back(std::move(histogram));
  }

  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                          const QueryContext&) const override {
    if (fails) return Fail(ErrorCode::kResourceExhausted, "too many series");
    starts_ms.push_back(request.start_ms);
    auto set = std::make_unique<Set>();
    for (const Series& one : series_) {
      const bool matches = std::ranges::all_of(request.matchers, [&](const Matcher& matcher) {
        return matcher.Matches(one.labels.Get(matcher.name()));
      });
      if (!matches) continue;
      Series cut{one.labels, {}};
      for (std::size_t i = 0; i < one.samples.size(); ++i) {
        if (one.samples.times_ms[i] < request.start_ms || one.samples.times_ms[i] > request.end_ms) continue;
        cut.samples.times_ms.push_back(one.samples.times_ms[i]);
        cut.samples.values.push_back(one.samples.values[i]);
        cut.samples.start_times_ms.push_back(one.samples.start_times_ms[i]);
        if (!one.samples.histograms.empty()) cut.samples.histograms.push_back(one.samples.histograms[i]);
      }
      set->series.push_back(std::move(cut));
    }
    return set;
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest&,
                                                            const QueryContext&) const override {
    return std::vector<std::string>{};
  }
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string&, const SelectRequest&,
                                                             const QueryContext&) const override {
    return std::vector<std::string>{};
  }

  bool fails = false;
  mutable std::vector<TimeMs> starts_ms;  // Of what was asked.

 private:
  struct Set final : SeriesSet {
    [[nodiscard]] bool Next() override { return ++at < static_cast<std::ptrdiff_t>(series.size()); }
    [[nodiscard]] const Labels& labels() const override {
      return series[static_cast<std::size_t>(at)].labels;
    }
    [[nodiscard]] Status ReadSamples(SampleColumns& out) override {
      out = series[static_cast<std::size_t>(at)].samples;
      return {};
    }
    std::vector<Series> series;
    std::ptrdiff_t at = -1;
  };
  std::vector<Series> series_;
};

struct Fixture {
  Storage storage;
  ManualClock clock{kNow};
  MetricRegistry metrics;
  StoredTotals totals{storage, clock, 3'600'000, metrics};
};

const Labels kSeries{{"__name__", "c_total"}, {"job", "gs"}};

TEST(StoredTotals, ANumberIsTheLastSample) {
  Fixture f;
  EXPECT_FALSE(f.totals.Number("eu", kSeries, kNow));
  f.storage.Put(kSeries, kNow - 20'000, 5, kNow - 100'000);
  f.storage.Put(kSeries, kNow - 10'000, 8, kNow - 100'000);
  const auto total = f.totals.Number("eu", kSeries, kNow);
  ASSERT_TRUE(total);
  EXPECT_EQ(total->value, 8);
  EXPECT_EQ(total->time_ms, kNow - 10'000);
  EXPECT_EQ(total->start_ms, kNow - 100'000);
  EXPECT_NE(f.metrics.RenderText().find("tickscope_otlp_delta_restored_total 1"), std::string::npos);
}

TEST(StoredTotals, AnotherSeriesIsAnother) {
  Fixture f;
  f.storage.Put({{"__name__", "c_total"}, {"job", "gs"}, {"map", "dust"}}, kNow - 10'000, 8);
  f.storage.Put({{"__name__", "d_total"}, {"job", "gs"}}, kNow - 10'000, 9);
  EXPECT_FALSE(f.totals.Number("eu", kSeries, kNow));
  EXPECT_FALSE(f.totals.Number("eu", Labels{}, kNow)) << "a point whose labels cannot be made";
}

TEST(StoredTotals, LooksFarOnlyWhenThereIsNothingNear) {
  Fixture f;
  f.storage.Put(kSeries, kNow - 3'000'000, 3);
  EXPECT_EQ(f.totals.Number("eu", kSeries, kNow)->value, 3);
  EXPECT_EQ(f.storage.starts_ms, (std::vector<TimeMs>{kNow - 300'000, kNow - 3'600'000}));
  f.storage.Put(kSeries, kNow - 100'000, 4);
  f.storage.starts_ms.clear();
  EXPECT_EQ(f.totals.Number("eu", kSeries, kNow)->value, 4);
  EXPECT_EQ(f.storage.starts_ms, (std::vector<TimeMs>{kNow - 300'000}));
  EXPECT_FALSE(f.totals.Number("eu", kSeries, kNow + 3'600'000)) << "silent for longer";
}

TEST(StoredTotals, ASeriesThatEndedOrIsNoNumberBeginsAnew) {
  for (const double last : {StaleNan(), NormalNan(), std::numeric_limits<double>::infinity()}) {
    Fixture f;
    f.storage.Put(kSeries, kNow - 20'000, 5);
    f.storage.Put(kSeries, kNow - 10'000, last);
    EXPECT_FALSE(f.totals.Number("eu", kSeries, kNow));
  }
  Fixture f;
  f.storage.Put(kSeries, kNow - 10'000, 0, 0, std::make_shared<const Histogram>());
  EXPECT_FALSE(f.totals.Number("eu", kSeries, kNow));
}

TEST(StoredTotals, WhatCannotBeReadIsCounted) {
  Fixture f;
  f.storage.Put(kSeries, kNow - 10'000, 8);
  f.storage.fails = true;
  EXPECT_FALSE(f.totals.Number("eu", kSeries, kNow));
  EXPECT_NE(f.metrics.RenderText().find("tickscope_otlp_delta_restore_errors_total 1"), std::string::npos);
}

const Labels kCount{{"__name__", "h_count"}};
const Labels kSum{{"__name__", "h_sum"}};
const Labels kBucket{{"__name__", "h_bucket"}};

void PutBuckets(Storage& storage, TimeMs time_ms, const std::vector<std::pair<std::string, double>>& buckets,
                double count, double sum) {
  for (const auto& [bound, value] : buckets)
    storage.Put({{"__name__", "h_bucket"}, {"le", bound}}, time_ms, value, 7);
  storage.Put(kCount, time_ms, count, 7);
  storage.Put(kSum, time_ms, sum, 7);
}

TEST(StoredTotals, AHistogramIsItsSeriesOfOneTime) {
  Fixture f;
  PutBuckets(f.storage, kNow - 20'000, {{"1", 1}, {"2.5", 2}, {"+Inf", 2}}, 2, 3);
  PutBuckets(f.storage, kNow - 10'000, {{"1", 1}, {"2.5", 4}, {"+Inf", 9}}, 9, 30);
  const auto total = f.totals.Buckets("eu", kCount, kSum, kBucket, {1, 2.5}, kNow);
  ASSERT_TRUE(total);
  EXPECT_EQ(total->time_ms, kNow - 10'000);
  EXPECT_EQ(total->start_ms, 7);
  EXPECT_EQ(total->count, 9U);
  EXPECT_EQ(total->value, 30);
  EXPECT_EQ(total->bounds, (std::vector<double>{1, 2.5}));
  EXPECT_EQ(total->counts, (std::vector<std::uint64_t>{1, 3, 5}));
  EXPECT_FALSE(f.totals.Buckets("eu", kCount, kSum, kBucket, {1, 2}, kNow)) << "other bounds";
  EXPECT_FALSE(f.totals.Buckets("eu", kCount, kSum, kBucket, {1}, kNow)) << "fewer";
  EXPECT_FALSE(f.totals.Buckets("eu", kCount, kSum, kBucket, {1, 2.5, 3}, kNow)) << "more";
}

TEST(StoredTotals, AHistogramThatIsNotWholeBeginsAnew) {
  using Buckets = std::vector<std::pair<std::string, double>>;
  struct Case {
    const char* name;
    Buckets buckets;
    double count;
  };
  const Case cases[] = {
      {"no bucket of all", {{"1", 1}, {"2.5", 4}}, 4},
      {"a bucket is missing", {{"1", 1}, {"+Inf", 9}}, 9},
      {"buckets that fall", {{"1", 5}, {"2.5", 4}, {"+Inf", 9}}, 9},
      {"buckets that do not add up", {{"1", 1}, {"2.5", 4}, {"+Inf", 8}}, 9},
      {"half a count", {{"1", 0.5}, {"2.5", 4}, {"+Inf", 9}}, 9},
      {"a bound that is none", {{"1", 1}, {"two", 4}, {"+Inf", 9}}, 9},
      {"a count below nothing", {{"1", 1}, {"2.5", 4}, {"+Inf", 9}}, -1},
  };
  for (const Case& c : cases) {
    Fixture f;
    PutBuckets(f.storage, kNow - 10'000, c.buckets, c.count, 30);
    EXPECT_FALSE(f.totals.Buckets("eu", kCount, kSum, kBucket, {1, 2.5}, kNow)) << c.name;
  }
  Fixture f;
  PutBuckets(f.storage, kNow - 10'000, {{"1", 1}, {"2.5", 4}, {"+Inf", 9}}, 9, 30);
  f.storage.Put(kSum, kNow - 5'000, 31);
  EXPECT_FALSE(f.totals.Buckets("eu", kCount, kSum, kBucket, {1, 2.5}, kNow)) << "a sum of another time";
}

TEST(StoredTotals, AHistogramMayHaveNoSumAndNoBounds) {
  Fixture f;
  f.storage.Put(kCount, kNow - 10'000, 3);
  f.storage.Put({{"__name__", "h_bucket"}, {"le", "+Inf"}}, kNow - 10'000, 3);
  const auto total = f.totals.Buckets("eu", kCount, kSum, kBucket, {}, kNow);
  ASSERT_TRUE(total);
  EXPECT_EQ(total->value, 0);
  EXPECT_EQ(total->counts, std::vector<std::uint64_t>{3});
}

TEST(StoredTotals, AnExponentialHistogramIsTheLastOne) {
  Fixture f;
  auto histogram = std::make_shared<Histogram>();
  histogram->count = 4;
  f.storage.Put(kSeries, kNow - 10'000, 0, 7, histogram);
  const auto total = f.totals.Exponential("eu", kSeries, kNow);
  ASSERT_TRUE(total);
  EXPECT_EQ(total->histogram->count, 4);
  EXPECT_EQ(total->start_ms, 7);
  auto stale = std::make_shared<Histogram>();
  stale->sum = StaleNan();
  f.storage.Put(kSeries, kNow - 5'000, 0, 7, stale);
  EXPECT_FALSE(f.totals.Exponential("eu", kSeries, kNow));
  Fixture other;
  auto custom = std::make_shared<Histogram>();
  custom->schema = kCustomBoundsSchema;
  other.storage.Put(kSeries, kNow - 10'000, 0, 7, custom);
  EXPECT_FALSE(other.totals.Exponential("eu", kSeries, kNow));
  Fixture number;
  number.storage.Put(kSeries, kNow - 10'000, 5);
  EXPECT_FALSE(number.totals.Exponential("eu", kSeries, kNow));
}

}  // namespace
}  // namespace tickscope::otlp
