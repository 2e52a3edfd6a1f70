// Windows: by hand for each rule, then thousands of random series against a plain recomputation that shares nothing with the
// kernel: integers bit for bit, sums of other floats to 1e-12 of what was added up.
#include "rollup/rollup_rows.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <optional>

#include "model/histogram_arithmetic.h"
#include "rollup/random_series_test.h"

namespace tickscope::rollup {
namespace {

constexpr std::int64_t kMinute = 60'000;
const double kNan = std::numeric_limits<double>::quiet_NaN();
const double kInfinity = std::numeric_limits<double>::infinity();

TEST(RollupRows, WindowsEndWithTheirMultiple) {
  struct Case {
    TimeMs time_ms;
    TimeMs end_ms;
  };
  for (const Case& c : std::initializer_list<Case>{
           {1, 60}, {59, 60}, {60, 60}, {61, 120}, {0, 0}, {-1, 0}, {-59, 0}, {-60, -60}, {-61, -60}})
    EXPECT_EQ(WindowEnd(c.time_ms, 60), c.end_ms) << c.time_ms;
}

TEST(RollupRows, ByHand) {
  struct Row {
    TimeMs end_s;
    double count, sum, min, max, first, last, increase;
  };
  struct Case {
    const char* name;
    std::vector<std::pair<TimeMs, double>> samples;  // Seconds.
    std::vector<Row> rows;                           // Of a minute.
  };
  const Case cases[] = {
      {"none", {}, {}},
      {"the worked example",
       {{20, 10}, {40, 14}, {60, 20}, {80, 3}, {120, 5}},
       {{60, 3, 44, 10, 20, 10, 20, 10}, {120, 2, 8, 3, 5, 3, 5, 5}}},
      {"one", {{10, 5}}, {{60, 1, 5, 5, 5, 5, 5, 0}}},
      {"the end of a window is in it",
       {{60, 5}, {61, 7}},
       {{60, 1, 5, 5, 5, 5, 5, 0}, {120, 1, 7, 7, 7, 7, 7, 2}}},
      {"the step into a window counts", {{-10, 1}, {10, 4}}, {{60, 1, 4, 4, 4, 4, 4, 3}}},
      {"a window without samples",
       {{10, 1}, {130, 4}},
       {{60, 1, 1, 1, 1, 1, 1, 0}, {180, 1, 4, 4, 4, 4, 4, 3}}},
      {"a reset counts whole", {{10, 9}, {20, 10}, {30, 4}, {40, 6}}, {{60, 4, 29, 4, 10, 9, 6, 7}}},
      {"a reset between windows",
       {{10, 9}, {70, 4}},
       {{60, 1, 9, 9, 9, 9, 9, 0}, {120, 1, 4, 4, 4, 4, 4, 4}}},
      {"a step of just the longest gap", {{-60, 1}, {7140, 4}}, {{7140, 1, 4, 4, 4, 4, 4, 3}}},
      {"a longer gap is no step", {{-60, 1}, {7141, 4}}, {{7200, 1, 4, 4, 4, 4, 4, 0}}},
      {"markers are no samples", {{10, 2}, {20, StaleNan()}, {30, 3}}, {{60, 2, 5, 2, 3, 2, 3, 1}}},
      {"only a marker", {{10, StaleNan()}, {70, 3}}, {{120, 1, 3, 3, 3, 3, 3, 0}}},
      {"NaN is a sample", {{10, 2}, {20, kNan}, {30, 5}}, {{60, 3, NormalNan(), 2, 5, 2, 5, 3}}},
      {"only NaN",
       {{10, 2}, {70, kNan}},
       {{60, 1, 2, 2, 2, 2, 2, 0}, {120, 1, NormalNan(), kNan, kNan, kNan, kNan, 0}}},
      {"NaN before", {{-10, 2}, {-5, kNan}, {10, 3}}, {{60, 1, 3, 3, 3, 3, 3, 1}}},
      {"the later of two zeros", {{10, 0.0}, {20, -0.0}}, {{60, 2, 0, -0.0, -0.0, 0.0, -0.0, 0}}},
      {"infinity", {{10, 1}, {20, kInfinity}}, {{60, 2, kInfinity, 1, kInfinity, 1, kInfinity, kInfinity}}},
      {"infinities",
       {{10, kInfinity}, {20, -kInfinity}},
       {{60, 2, NormalNan(), -kInfinity, kInfinity, kInfinity, -kInfinity, -kInfinity}}},
      {"decimals stay decimals", {{10, 0.1}, {20, 0.2}, {30, 0.3}}, {{60, 3, 0.6, 0.1, 0.3, 0.1, 0.3, 0.2}}},
      {"cancellation", {{10, 1e17}, {20, 1}, {30, -1e17}}, {{60, 3, 1, -1e17, 1e17, 1e17, -1e17, -1e17}}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    SampleColumns samples;
    for (const auto& [time_s, value] : c.samples) {
      samples.times_ms.push_back(time_s * 1000);
      samples.values.push_back(value);
    }
    WindowKernel kernel(kMinute);
    RollupRows rows;
    kernel.Aggregate(samples, 0, AggregateSet::All(), rows);
    ASSERT_EQ(rows.size(), c.rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Row& want = c.rows[i];
      EXPECT_EQ(rows.ends_ms[i], want.end_s * 1000);
      const double wants[] = {want.count, want.sum, want.min, want.max, want.first, want.last, want.increase};
      for (const Aggregate aggregate : kAggregates) {
        EXPECT_EQ(std::bit_cast<std::uint64_t>(rows[aggregate].values[i]),
                  std::bit_cast<std::uint64_t>(wants[ToIndex(aggregate)]))
            << AggregateName(aggregate) << " got " << rows[aggregate].values[i] << " want "
            << wants[ToIndex(aggregate)];
      }
    }
  }
}

// One window, recomputed.
struct PlainWindow {
  double count = 0;
  long double sum = 0;
  long double added_up = 0;  // Of absolute values.
  double least = kNan;
  double most = kNan;
  std::size_t first = 0;
  std::size_t last = 0;
  long double increase = 0;
  long double stepped = 0;
  bool has_floats = false;
  bool is_alike = true;
  int kind = -1;
  std::optional<Histogram> histogram_sum;
  std::optional<Histogram> histogram_increase;
};

int PlainKind(const SampleColumns& samples, std::size_t i) {
  if (samples.histograms.empty() || samples.histograms[i] == nullptr) return 0;
  return samples.histograms[i]->schema == kCustomBoundsSchema ? 2 : 1;
}

void AddPlain(std::optional<Histogram>& total, const Histogram& more) {
  CombineNotes notes;
  total = total ? AddHistograms(*total, more, notes) : more;
}

std::map<TimeMs, PlainWindow> Recompute(const SampleColumns& samples, TimeMs start_ms,
                                        std::int64_t resolution_ms) {
  std::map<TimeMs, PlainWindow> windows;
  std::optional<std::size_t> before;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const int kind = PlainKind(samples, i);
    const double v = samples.values[i];
    if (kind == 0 ? IsStaleNan(v) : IsStaleNan(samples.histograms[i]->sum)) continue;
    const TimeMs time_ms = samples.times_ms[i];
    const bool is_step =
        before && time_ms - samples.times_ms[*before] <= 2 * 3'600'000 && PlainKind(samples, *before) == kind;
    if (time_ms > start_ms) {
      // Windows are few enough to look for the end one by one.
      TimeMs end_ms = start_ms;
      while (end_ms < time_ms)
        end_ms += resolution_ms;
      const bool is_new = !windows.contains(end_ms);
      PlainWindow& window = windows[end_ms];
      if (is_new) window.first = i;
      window.last = i;
      window.is_alike = window.is_alike && (is_new || window.kind == kind);
      window.kind = kind;
      ++window.count;
      if (kind == 0) {
        window.has_floats = true;
        window.sum += static_cast<long double>(v);
        window.added_up += std::fabs(static_cast<long double>(v));
        if (std::isnan(window.least) || v <= window.least) window.least = v;
        if (std::isnan(window.most) || v >= window.most) window.most = v;
        if (is_step && !std::isnan(v) && v != samples.values[*before]) {
          const double from = samples.values[*before];
          window.increase += v < from ? static_cast<long double>(v)
                                      : static_cast<long double>(v) - static_cast<long double>(from);
          window.stepped +=
              std::fabs(static_cast<long double>(v)) + std::fabs(static_cast<long double>(from));
        }
      } else if (window.is_alike) {
        const Histogram& now = *samples.histograms[i];
        CombineNotes notes;
        AddPlain(window.histogram_sum, now);
        if (!is_step) {
          AddPlain(window.histogram_increase, SubtractHistograms(now, now, notes));
        } else if (IsCounterReset(*samples.histograms[*before], now)) {
          AddPlain(window.histogram_increase, now);
        } else {
          AddPlain(window.histogram_increase, SubtractHistograms(now, *samples.histograms[*before], notes));
        }
      }
    }
    if (kind != 0 || !std::isnan(v)) before = i;
  }
  return windows;
}

bool SameBits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

void ExpectNear(double got, long double want, long double scale, bool is_exact) {
  if (std::isnan(want)) {
    EXPECT_TRUE(SameBits(got, NormalNan()));
  } else if (is_exact || std::isinf(want)) {
    EXPECT_EQ(got, static_cast<double>(want));
  } else {
    EXPECT_NEAR(got, static_cast<double>(want), static_cast<double>(1e-12L * scale));
  }
}

void ExpectSameHistogram(const HistogramPtr& got, const std::optional<Histogram>& want) {
  ASSERT_NE(got, nullptr);
  ASSERT_TRUE(want.has_value());
  EXPECT_TRUE(SameHistogram(*got, *want));
  EXPECT_EQ(got->reset_hint, ResetHint::kGauge);
}

void ExpectRows(const RollupRows& rows, const SampleColumns& samples, TimeMs start_ms,
                std::int64_t resolution_ms, bool is_exact) {
  const std::map<TimeMs, PlainWindow> windows = Recompute(samples, start_ms, resolution_ms);
  ASSERT_EQ(rows.size(), windows.size());
  std::size_t i = 0;
  for (const auto& [end_ms, window] : windows) {
    SCOPED_TRACE(end_ms);
    ASSERT_EQ(rows.ends_ms[i], end_ms);
    EXPECT_EQ(rows[Aggregate::kCount].values[i], window.count);
    if (window.has_floats) {
      EXPECT_TRUE(SameBits(rows[Aggregate::kMin].values[i], window.least));
      EXPECT_TRUE(SameBits(rows[Aggregate::kMax].values[i], window.most));
    } else {
      EXPECT_TRUE(IsNoValue(rows[Aggregate::kMin].values[i]));
      EXPECT_TRUE(IsNoValue(rows[Aggregate::kMax].values[i]));
    }
    for (const auto& [aggregate, at] :
         {std::pair(Aggregate::kFirst, window.first), {Aggregate::kLast, window.last}}) {
      const HistogramPtr& got = rows[aggregate].HistogramAt(i);
      if (PlainKind(samples, at) == 0) {
        EXPECT_EQ(got, nullptr);
        EXPECT_TRUE(SameBits(rows[aggregate].values[i], samples.values[at]));
      } else {
        ASSERT_NE(got, nullptr);
        EXPECT_TRUE(SameHistogram(*got, *samples.histograms[at]));
        EXPECT_EQ(got->reset_hint, ResetHint::kUnknown);
      }
    }
    if (!window.is_alike) {
      EXPECT_TRUE(IsNoValue(rows[Aggregate::kSum].values[i]));
      EXPECT_TRUE(IsNoValue(rows[Aggregate::kIncrease].values[i]));
    } else if (window.kind == 0) {
      ExpectNear(rows[Aggregate::kSum].values[i], window.sum, window.added_up, is_exact);
      ExpectNear(rows[Aggregate::kIncrease].values[i], window.increase, window.stepped, is_exact);
    } else {
      ExpectSameHistogram(rows[Aggregate::kSum].HistogramAt(i), window.histogram_sum);
      ExpectSameHistogram(rows[Aggregate::kIncrease].HistogramAt(i), window.histogram_increase);
    }
    ++i;
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(RollupRows, AreWhatRecomputationSays) {
  const TimeMs start_ms = 1'700'006'400'000;
  for (std::uint64_t seed = 0; seed < 540; ++seed) {
    const auto kind = static_cast<SeriesKind>(seed % kSeriesKinds);
    SCOPED_TRACE(testing::Message() << "seed " << seed << " kind " << static_cast<int>(kind));
    const bool is_exact =
        kind != SeriesKind::kGauge && kind != SeriesKind::kDecimals && kind != SeriesKind::kConstant;
    const SampleColumns samples =
        RandomSeries(seed, kind).Make(start_ms - 3 * 3'600'000, start_ms + 4 * 3'600'000);
    SampleColumns scratch = samples;
    WindowKernel kernel(kMinute);
    RollupRows minutes;
    kernel.Aggregate(scratch, start_ms, AggregateSet::All(), minutes);
    ExpectRows(minutes, samples, start_ms, kMinute, is_exact);
    if (HasFailure()) return;
    RollupRows folded;
    FoldRows(minutes, 5 * kMinute, folded);
    ExpectRows(folded, samples, start_ms, 5 * kMinute, is_exact);
    if (HasFailure()) return;
  }
}

TEST(RollupRows, FoldsOfFoldsAreFolds) {
  const TimeMs start_ms = 1'700'006'400'000;
  for (std::uint64_t seed = 0; seed < 90; ++seed) {
    const auto kind = static_cast<SeriesKind>(seed % kSeriesKinds);
    if (kind == SeriesKind::kGauge) continue;  // Rounded once more.
    SCOPED_TRACE(testing::Message() << "seed " << seed << " kind " << static_cast<int>(kind));
    SampleColumns samples = RandomSeries(seed, kind).Make(start_ms, start_ms + 4 * 3'600'000);
    WindowKernel kernel(kMinute);
    RollupRows minutes;
    kernel.Aggregate(samples, start_ms, AggregateSet::All(), minutes);
    RollupRows five;
    RollupRows hours;
    RollupRows direct;
    FoldRows(minutes, 5 * kMinute, five);
    FoldRows(five, 60 * kMinute, hours);
    FoldRows(minutes, 60 * kMinute, direct);
    ASSERT_EQ(hours.ends_ms, direct.ends_ms);
    for (const Aggregate aggregate : kAggregates) {
      for (std::size_t i = 0; i < hours.size(); ++i) {
        ASSERT_TRUE(SameBits(hours[aggregate].values[i], direct[aggregate].values[i]))
            << AggregateName(aggregate);
        const HistogramPtr& a = hours[aggregate].HistogramAt(i);
        const HistogramPtr& b = direct[aggregate].HistogramAt(i);
        ASSERT_EQ(a == nullptr, b == nullptr);
        if (a != nullptr) {
          ASSERT_TRUE(SameHistogram(*a, *b)) << AggregateName(aggregate);
        }
      }
    }
  }
}

TEST(RollupRows, IncreasesAddUpToTheCounters) {
  const TimeMs start_ms = 1'700'006'400'000;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    const SampleColumns samples =
        RandomSeries(seed, SeriesKind::kCounter).Make(start_ms - 7'200'000, start_ms + 7'200'000);
    // As Prometheus words increase, but for the extrapolation: the last value less the first, and what was lost at resets.
    double want = 0;
    std::optional<std::size_t> before;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (IsStaleNan(samples.values[i])) continue;
      if (before && samples.times_ms[i] > start_ms &&
          samples.times_ms[i] - samples.times_ms[*before] <= kStepGapMax)
        want += samples.values[i] < samples.values[*before] ? samples.values[i]
                                                            : samples.values[i] - samples.values[*before];
      before = i;
    }
    for (const std::int64_t resolution_ms : {kMinute, 5 * kMinute, 60 * kMinute}) {
      SampleColumns scratch = samples;
      WindowKernel kernel(resolution_ms);
      RollupRows rows;
      kernel.Aggregate(scratch, start_ms, AggregateSet::All(), rows);
      double got = 0;
      for (const double v : rows[Aggregate::kIncrease].values)
        got += v;
      EXPECT_EQ(got, want);
    }
  }
}

}  // namespace
}  // namespace tickscope::rollup
