// Window form: from rows of windows to samples, so that functions of them come to what the samples themselves come to; and a
// counter's rows hold all that it grew by, resets within windows and beginnings included.
#include "rollup/window_form.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "model/histogram.h"

namespace tickscope::rollup {
namespace {

constexpr std::int64_t kMinute = 60'000;

RollupRows Rows(std::vector<TimeMs> ends_minutes) {
  RollupRows rows;
  for (const TimeMs end : ends_minutes)
    rows.ends_ms.push_back(end * kMinute);
  return rows;
}

TEST(WindowForm, KnowsFunctions) {
  EXPECT_EQ(FormOf("max_over_time"), WindowForm::kMax);
  EXPECT_EQ(FormOf("rate"), WindowForm::kCounter);
  EXPECT_EQ(FormOf("absent_over_time"), WindowForm::kCount);
  EXPECT_EQ(FormOf(""), WindowForm::kLast);
  EXPECT_EQ(FormOf("stddev_over_time"), WindowForm::kLast);
  EXPECT_EQ(AggregatesOf(WindowForm::kMean),
            (AggregateSet{Aggregate::kSum, Aggregate::kCount, Aggregate::kLast}));
  EXPECT_EQ(AggregatesOf(WindowForm::kCount), AggregateSet{Aggregate::kCount});
}

TEST(WindowForm, TakesTheColumnAndItsCounts) {
  RollupRows rows = Rows({1, 2, 4});
  rows[Aggregate::kSum].values = {10, 20, 7};
  rows[Aggregate::kCount].values = {4, 4, 1};
  rows[Aggregate::kLast].values = {3, 6, 7};
  SampleColumns samples;
  ASSERT_TRUE(RowsAsSamples(rows, WindowForm::kMean, Precision::kExact, kMinute, samples));
  EXPECT_EQ(samples.times_ms, rows.ends_ms);
  EXPECT_EQ(samples.values, (std::vector<double>{10, 20, 7}));
  EXPECT_EQ(samples.counts, (std::vector<double>{4, 4, 1}));
  ASSERT_TRUE(RowsAsSamples(rows, WindowForm::kSum, Precision::kExact, kMinute, samples));
  EXPECT_TRUE(samples.counts.empty());
  ASSERT_TRUE(RowsAsSamples(rows, WindowForm::kCount, Precision::kExact, kMinute, samples));
  EXPECT_EQ(samples.counts, (std::vector<double>{4, 4, 1}));
}

TEST(WindowForm, RefusesExactlyWhatWindowsDoNotTell) {
  RollupRows rows = Rows({1, 2});
  rows[Aggregate::kMax].values = {10, NoValue()};
  rows[Aggregate::kLast].values = {3, 6};
  SampleColumns samples;
  EXPECT_FALSE(RowsAsSamples(rows, WindowForm::kMax, Precision::kExact, kMinute, samples));
  ASSERT_TRUE(RowsAsSamples(rows, WindowForm::kMax, Precision::kNear, kMinute, samples));
  EXPECT_EQ(samples.values, (std::vector<double>{10, 6}));

  rows[Aggregate::kMax].values = {10, 11};
  rows[Aggregate::kLast].histograms = {nullptr, std::make_shared<Histogram>()};
  EXPECT_FALSE(RowsAsSamples(rows, WindowForm::kMax, Precision::kExact, kMinute, samples));
  EXPECT_FALSE(RowsAsSamples(rows, WindowForm::kLast, Precision::kExact, kMinute, samples));
  ASSERT_TRUE(RowsAsSamples(rows, WindowForm::kLast, Precision::kNear, kMinute, samples));
  EXPECT_EQ(samples.histograms.size(), 2U);
}

TEST(WindowForm, SuggestsSumsOfCountersByTheirLast) {
  RollupRows rows = Rows({1});
  rows[Aggregate::kSum].values = {NoValue()};
  rows[Aggregate::kCount].values = {6};
  rows[Aggregate::kLast].values = {50};
  SampleColumns samples;
  ASSERT_TRUE(RowsAsSamples(rows, WindowForm::kMean, Precision::kNear, kMinute, samples));
  EXPECT_EQ(samples.values, std::vector<double>{300});
  EXPECT_EQ(samples.counts, std::vector<double>{6});
}

// What a counter grew by from row to row, a fall counting as the whole new value.
double Grown(const SampleColumns& samples) {
  double grown = 0;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const double step = samples.values[i] - samples.values[i - 1];
    grown += step < 0 ? samples.values[i] : step;
  }
  return grown;
}

TEST(WindowForm, CountersGrowByTheirIncreases) {
  struct Case {
    const char* name;
    std::vector<TimeMs> ends;
    std::vector<double> last;
    std::vector<double> increase;
    double last_before;
    double grown;
    std::size_t row_count;
  };
  const Case cases[] = {
      {"rises", {2, 3, 4}, {10, 15, 15}, {3, 5, 0}, 7, 5, 3},
      {"begins", {2, 3}, {10, 15}, {4, 5}, NoValue(), 9, 3},
      {"begins with a reset", {2, 3}, {10, 15}, {14, 5}, NoValue(), 19, 5},
      {"falls between windows", {2, 3}, {10, 4}, {3, 4}, 7, 4, 2},
      {"reset that is overtaken", {2, 3}, {10, 12}, {3, 17}, 7, 17, 4},
      {"reset after more", {2, 3}, {10, 4}, {3, 9}, 7, 9, 4},
      {"unknown", {2, 3}, {10, 12}, {NoValue(), NoValue()}, 7, 2, 2},
      {"after a gap", {2, 9}, {10, 25}, {3, 5}, 7, 15, 3},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    RollupRows rows = Rows(c.ends);
    rows[Aggregate::kLast].values = c.last;
    rows[Aggregate::kIncrease].values = c.increase;
    rows.last_before = c.last_before;
    rows.last_before_ms = kMinute;
    SampleColumns samples;
    ASSERT_TRUE(RowsAsSamples(rows, WindowForm::kCounter, Precision::kNear, kMinute, samples));
    EXPECT_EQ(samples.size(), c.row_count);
    EXPECT_EQ(Grown(samples), c.grown);
    EXPECT_EQ(samples.values.back(), c.last.back());
    EXPECT_TRUE(std::ranges::is_sorted(samples.times_ms, std::less_equal<>()));
  }
}

}  // namespace
}  // namespace tickscope::rollup
