// Range functions on single windows: extrapolation, resets, start timestamps, statistics. Expected values are worked
// out by hand from the rules in functions_rate.h and extended_range.h.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "promql/extended_range.h"
#include "promql/functions_over_time.h"
#include "promql/functions_rate.h"
#include "promql/functions_trend.h"

namespace tickscope::promql {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

// A sample each 10 s from 10 s on.
RangeSeries EveryTenSeconds(const std::vector<double>& values, const std::vector<TimeMs>& starts = {}) {
  SampleColumns columns;
  for (std::size_t i = 0; i < values.size(); ++i) {
    columns.times_ms.push_back(static_cast<TimeMs>(i + 1) * 10'000);
    columns.values.push_back(values[i]);
  }
  columns.start_times_ms = starts;
  RangeSeries series;
  series.Fill(columns, /*use_starts=*/true);
  return series;
}

Sample Apply(RangeKernel kernel, const RangeSeries& series, TimeMs start_ms, TimeMs end_ms,
             double param = 0) {
  WindowCursor cursor(series);
  RangeCall call;
  call.range_ms = end_ms - start_ms;
  call.time_ms = end_ms;
  call.params[0] = param;
  call.param_count = 1;
  return kernel(cursor.MoveTo(start_ms, end_ms), call);
}

TEST(RangeKernels, Rates) {
  struct Case {
    const char* name;
    RangeKernel kernel;
    std::vector<double> values;
    std::vector<TimeMs> starts;
    TimeMs start_ms;
    TimeMs end_ms;
    double want;
  };
  const Case cases[] = {
      {"whole range covered", IncreaseKernel, {10, 20, 30, 40}, {}, 10'000, 40'000, 30},
      {"short gaps are extrapolated", IncreaseKernel, {100, 110, 120}, {}, 5'000, 35'000, 30},
      {"long gaps by half an interval", IncreaseKernel, {100, 110, 120}, {}, -60'000, 90'000, 30},
      {"not to before zero", IncreaseKernel, {1, 11, 21}, {}, 0, 30'000, 21},
      {"reset", IncreaseKernel, {100, 110, 4, 14}, {}, 10'000, 40'000, (14 - 110 + 110) * 1.5},
      {"rate is per second", RateKernel, {10, 20, 30, 40}, {}, 10'000, 40'000, 1},
      {"delta knows no resets", DeltaKernel, {100, 110, 4, 14}, {}, 10'000, 40'000, (14 - 110) * 1.5},
      {"irate", IrateKernel, {1, 2, 5}, {}, 0, 30'000, 0.3},
      {"irate after a reset", IrateKernel, {1, 9, 5}, {}, 0, 30'000, 0.5},
      {"idelta", IdeltaKernel, {1, 9, 5}, {}, 0, 30'000, -4},
      {"resets", ResetsKernel, {3, 2, 2, 1}, {}, 0, 40'000, 2},
      {"changes", ChangesKernel, {1, 1, kNan, kNan, 2}, {}, 0, 50'000, 2},
      {"a start time is a reset", IncreaseKernel, {10, 20, 30}, {0, 0, 25'000}, 10'000, 30'000, 50},
      {"one sample that started inside", IncreaseKernel, {7}, {5'000}, 0, 10'000, 7},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const RangeSeries series = EveryTenSeconds(c.values, c.starts);
    const Sample got = Apply(c.kernel, series, c.start_ms, c.end_ms);
    ASSERT_EQ(got.cell, Cell::kFloat);
    EXPECT_NEAR(got.value, c.want, 1e-9);
  }
}

TEST(RangeKernels, OneSampleHasNoRate) {
  const RangeSeries series = EveryTenSeconds({1});
  for (const RangeKernel kernel : {RateKernel, DeltaKernel, IrateKernel, IdeltaKernel, DerivKernel}) {
    EXPECT_EQ(Apply(kernel, series, 0, 10'000).cell, Cell::kNone);
  }
}

TEST(RangeKernels, WindowsAreOpenOnTheLeft) {
  const RangeSeries series = EveryTenSeconds({1, 2, 3, 4});
  EXPECT_EQ(Apply(CountOverTimeKernel, series, 10'000, 30'000).value, 2);
  EXPECT_EQ(Apply(CountOverTimeKernel, series, 40'000, 50'000).cell, Cell::kNone);
}

TEST(RangeKernels, Statistics) {
  struct Case {
    const char* name;
    RangeKernel kernel;
    std::vector<double> values;
    double param;
    double want;
  };
  const Case cases[] = {
      {"sum keeps small parts", SumOverTimeKernel, {1, 1e100, 1, -1e100}, 0, 2},
      {"sum of infinities", SumOverTimeKernel, {1, kInf}, 0, kInf},
      {"average", AvgOverTimeKernel, {1, 2, 6}, 0, 3},
      {"average past the largest float", AvgOverTimeKernel, {1.5e308, 1.5e308, 1.5e308}, 0, 1.5e308},
      {"min passes over NaN", MinOverTimeKernel, {kNan, 3, 1, 2}, 0, 1},
      {"max", MaxOverTimeKernel, {1, 3, 2}, 0, 3},
      {"stdvar", StdvarOverTimeKernel, {0, 8, 8, 2, 3}, 0, 10.56},
      {"quantile between ranks", QuantileOverTimeKernel, {4, 1, 3, 2}, 0.5, 2.5},
      {"quantile at a rank ignores an infinite neighbour", QuantileOverTimeKernel, {1, 2, kInf}, 0.5, 2},
      {"median absolute deviation", MadOverTimeKernel, {1, 1, 2, 2, 4, 6, 9}, 0, 1},
      {"time of the last minimum", TsOfMinOverTimeKernel, {2, 1, 1, 3}, 0, 30},
      {"slope", DerivKernel, {1, 3, 5}, 0, 0.2},
      {"prediction from the evaluation time", PredictLinearKernel, {1, 3, 5}, 10, 15},
      {"integral by the mean", IntegralKernel, {1, 3}, 2, 20},
      {"integral by the left value", IntegralKernel, {1, 3}, 0, 10},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const RangeSeries series = EveryTenSeconds(c.values);
    const Sample got = Apply(c.kernel, series, 0, 70'000, c.param);
    ASSERT_EQ(got.cell, Cell::kFloat);
    if (std::isinf(c.want)) {
      EXPECT_EQ(got.value, c.want);
    } else {
      EXPECT_NEAR(got.value, c.want, 1e-12 * std::max(1.0, std::abs(c.want)));
    }
  }
}

TEST(ExtendedRange, Changes) {
  struct Case {
    const char* name;
    RangeMode mode;
    bool counter;
    std::vector<double> values;
    TimeMs start_ms;
    TimeMs end_ms;
    double want;
  };
  const Case cases[] = {
      {"anchored takes the sample before", RangeMode::kAnchored, true, {1, 2, 3, 4}, 15'000, 35'000, 2},
      {"anchored without one takes the first", RangeMode::kAnchored, true, {1, 2, 3, 4}, 5'000, 35'000, 2},
      {"smoothed interpolates both ends", RangeMode::kSmoothed, true, {10, 20, 40}, 15'000, 25'000, 30 - 15},
      {"smoothed across a reset starts from zero", RangeMode::kSmoothed, true, {100, 10}, 12'000, 18'000, 6},
      {"smoothed gauge", RangeMode::kSmoothed, false, {100, 10}, 15'000, 20'000, 10 - 55},
      {"anchored reset", RangeMode::kAnchored, true, {5, 10, 3}, 10'000, 30'000, 3 - 5 + 10},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const RangeSeries series = EveryTenSeconds(c.values);
    WindowCursor cursor(series);
    RangeCall call;
    call.range_ms = c.end_ms - c.start_ms;
    const RangeWindow window = cursor.MoveTo(c.start_ms - 300'000, c.end_ms + 300'000);
    const Sample got = ExtendedChange(window, c.start_ms, c.end_ms, c.mode, c.counter, false, call);
    ASSERT_EQ(got.cell, Cell::kFloat);
    EXPECT_NEAR(got.value, c.want, 1e-9);
  }
}

TEST(ExtendedRange, NothingInsideAnchoredIsNothing) {
  const RangeSeries series = EveryTenSeconds({1, 2});
  WindowCursor cursor(series);
  RangeCall call;
  const RangeWindow window = cursor.MoveTo(-300'000, 60'000);
  EXPECT_EQ(ExtendedChange(window, 30'000, 60'000, RangeMode::kAnchored, true, false, call).cell,
            Cell::kNone);
  EXPECT_EQ(ExtendedChange(window, 30'000, 60'000, RangeMode::kSmoothed, true, false, call).cell,
            Cell::kNone);
}

TEST(WindowCursor, MovesForwardAndFindsResets) {
  const RangeSeries series = EveryTenSeconds({5, 1, 2, 0, 3});
  WindowCursor cursor(series);
  EXPECT_EQ(cursor.MoveTo(0, 20'000).floats.resets.size(), 1U);
  EXPECT_EQ(cursor.MoveTo(10'000, 40'000).floats.resets.size(),
            1U);  // The first drop lies before the window.
  EXPECT_EQ(cursor.MoveTo(30'000, 40'000).floats.size(), 1U);
  EXPECT_TRUE(cursor.MoveTo(100'000, 200'000).empty());
}

}  // namespace
}  // namespace tickscope::promql
