// Values: every kind of instrument, its handles, and what is not taken. Buckets are held against a plain search.
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "alone.h"

namespace tickscope::sdk {
namespace {

using testing::ExposedText;
using testing::Refused;
using testing::RunAlone;
using testing::Value;

TEST(Record, EachKind) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK) << LastError();
    const Counter counter = RegisterCounters({"a_total", "Help."}).At();
    const DoubleCounter seconds = RegisterDoubleCounters({"b_seconds_total", "Help.", "seconds"}).At();
    const Gauge gauge = RegisterGauges({"c", "Help."}).At();
    const UpDown up_down = RegisterUpDowns({"d", "Help."}).At();
    counter.Add();
    counter.Add(41);
    seconds.Add(0.25);
    seconds.Add(1.5);
    gauge.Set(7);
    gauge.Set(-2.5);
    up_down.Add(3);
    up_down.Take(5);
    EXPECT_EQ(Value("a_total"), "42");
    EXPECT_EQ(Value("b_seconds_total"), "1.75");
    EXPECT_EQ(Value("c"), "-2.5");
    EXPECT_EQ(Value("d"), "-2");
  });
}

TEST(Record, TheFunctionsOfTheCInterfaceDoTheSame) {
  RunAlone([] {
    ASSERT_EQ(ts_start(nullptr), TS_OK);
    ts_metric metric{};
    metric.type = TS_COUNTER;
    metric.name = "a_total";
    metric.help = "Help.";
    ts_family family;
    ASSERT_EQ(ts_register(&metric, &family), TS_OK);
    ts_counter_add(ts_counter_of(family, 0), 5);
    metric.type = TS_EXPONENTIAL;
    metric.name = "h";
    metric.scale = 3;
    ASSERT_EQ(ts_register(&metric, &family), TS_OK) << ts_last_error();
    ts_observe(ts_histogram_of(family, 0), 1.5);
    ts_observe(ts_histogram_of(family, 0), 0);
    EXPECT_EQ(Value("a_total"), "5");
    EXPECT_EQ(Value("h_sum"), "1.5");
    EXPECT_EQ(Value("h_count"), "2");
    EXPECT_EQ(Value("h_bucket{le=\"1.0\"}"), "1");
    EXPECT_EQ(Value("h_bucket{le=\"2.0\"}"), "2");
  });
}

TEST(Record, BoundsAreInclusive) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    const Histogram histogram =
        RegisterHistograms({"h_seconds", "Help.", "seconds"}, {-1, 0, 0.5, 1, 2}).At();
    for (const double value :
         {-5.0, -1.0, -0.5, 0.0, -0.0, 0.5, std::nextafter(0.5, 1), 1.0, 2.0, std::nextafter(2.0, 3)})
      histogram.Observe(value);
    EXPECT_EQ(Value("h_seconds_bucket{le=\"-1.0\"}"), "2");
    EXPECT_EQ(Value("h_seconds_bucket{le=\"0.0\"}"), "5");
    EXPECT_EQ(Value("h_seconds_bucket{le=\"0.5\"}"), "6");
    EXPECT_EQ(Value("h_seconds_bucket{le=\"1.0\"}"), "8");
    EXPECT_EQ(Value("h_seconds_bucket{le=\"2.0\"}"), "9");
    EXPECT_EQ(Value("h_seconds_bucket{le=\"+Inf\"}"), "10");
    EXPECT_EQ(Value("h_seconds_count"), "10");
  });
}

// The bucket that a value is counted in, told by the page's cells before and after.
std::uint32_t BucketOf(const ts_histogram& histogram, double value) {
  const std::uint32_t buckets = histogram.buckets->bound_count + 1;
  std::vector<std::uint64_t> before(ts_thread_cells + histogram.cell + 1,
                                    ts_thread_cells + histogram.cell + 1 + buckets);
  ts_observe_inline(histogram, value);
  for (std::uint32_t i = 0; i < buckets; ++i)
    if (ts_thread_cells[histogram.cell + 1 + i] != before[i]) return i;
  return buckets;
}

void ExpectSearchAgrees(const ts_family& family, std::mt19937_64& random) {
  const ts_histogram histogram = ts_histogram_of(family, 0);
  const ts_buckets& buckets = *histogram.buckets;
  const auto expect = [&](double value) {
    std::uint32_t wanted = 0;
    while (wanted < buckets.bound_count && buckets.bounds[wanted] < value)
      ++wanted;
    EXPECT_EQ(BucketOf(histogram, value), wanted) << value;
  };
  for (std::uint32_t i = 0; i < buckets.bound_count; ++i) {
    if (buckets.exponential && buckets.bounds[i] < 0) continue;
    for (const double value : {std::nextafter(buckets.bounds[i], -1e300), buckets.bounds[i],
                               std::nextafter(buckets.bounds[i], 1e300)})
      expect(value);
  }
  const double low = std::log2(std::max(1e-12, buckets.bounds[0])) - 2;
  const double high = std::log2(std::max(1e-9, buckets.bounds[buckets.bound_count - 1])) + 2;
  std::uniform_real_distribution<double> octave(low, high);
  for (int i = 0; i < 2000; ++i)
    expect(std::exp2(octave(random)));
}

TEST(Record, BucketsAreThoseOfAPlainSearch) {
  RunAlone([] {
    Options options;
    options.cells_max = 65536;
    ASSERT_EQ(Start(options), TS_OK);
    ASSERT_EQ(ts_thread_attach(), TS_OK);
    std::mt19937_64 random(7);
    ts_metric metric{};
    metric.help = "Help.";
    for (int i = 0; i < 60; ++i) {
      const std::string name = "h" + std::to_string(i);
      metric.name = name.c_str();
      std::vector<double> bounds;
      if (i % 3 == 0) {
        metric.type = TS_EXPONENTIAL;
        metric.scale = i / 3 % (TS_SCALE_MAX + 1);
        metric.least = std::exp2(-20.5 + i % 7);
        metric.most = metric.least * std::exp2(1 + i % 20);
      } else {
        metric.type = TS_HISTOGRAM;
        // Some far apart, some a thousandth, some so near that no table separates them.
        double bound = i % 5 == 0 ? -1.5 : 0.001;
        std::uniform_real_distribution<double> step(0.0001, i % 4 == 0 ? 2.0 : 0.01);
        for (int k = 0; k < 1 + i % 40; ++k)
          bounds.push_back(bound += i % 7 == 0 ? 1e-9 * (k + 1) : step(random));
        metric.bounds = bounds.data();
        metric.bound_count = static_cast<std::uint32_t>(bounds.size());
      }
      ts_family family;
      ASSERT_EQ(ts_register(&metric, &family), TS_OK) << ts_last_error();
      ExpectSearchAgrees(family, random);
    }
  });
}

TEST(Record, ExponentialBoundsArePrometheus) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    ts_metric metric{};
    metric.type = TS_EXPONENTIAL;
    metric.name = "h";
    metric.help = "Help.";
    metric.scale = 3;
    ts_family family;
    ASSERT_EQ(ts_register(&metric, &family), TS_OK);
    const ts_buckets& b = *family.buckets;
    EXPECT_EQ(b.bounds[0], 0x1p-20);
    EXPECT_EQ(b.first_index, -159);
    EXPECT_EQ(b.bound_count, 257U);
    EXPECT_EQ(b.bounds[256], 0x1p12);
    EXPECT_EQ(b.bounds[160], 1.0);
    EXPECT_EQ(b.bounds[161], 1.0905077326652577);
    EXPECT_EQ(b.bounds[164], 1.4142135623730951);
    EXPECT_EQ(b.bounds[159], 1.8340080864093424 / 2);
  });
}

TEST(Record, WhatCannotBeTakenIsCounted) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    const double infinity = std::numeric_limits<double>::infinity();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const Histogram classic = RegisterHistograms({"h", "Help."}, {1, 2}).At();
    const Histogram exponential = RegisterExponential({"e", "Help."}).At();
    const DoubleCounter seconds = RegisterDoubleCounters({"s_seconds_total", "Help."}).At();
    for (const Histogram& one : {classic, exponential})
      for (const double value : {nan, -nan, infinity, -infinity})
        one.Observe(value);
    exponential.Observe(-1e-9);
    seconds.Add(-1);
    seconds.Add(nan);
    seconds.Add(infinity);
    seconds.Add(-infinity);
    EXPECT_EQ(Refused("not_finite"), "10");
    EXPECT_EQ(Refused("negative"), "3");
    EXPECT_EQ(Value("h_count"), "0");
    EXPECT_EQ(Value("e_count"), "0");
    EXPECT_EQ(Value("e_sum"), "0");
    EXPECT_EQ(Value("s_seconds_total"), "0");
  });
}

TEST(Record, HandlesOfNothingDoNothing) {
  RunAlone([] {
    Counter().Add(5);
    Histogram().Observe(1);
    Gauge().Set(1);
    UpDown().Add(1);
    DoubleCounter().Add(1);
    ts_observe_traced({}, 1, nullptr, nullptr);
    ts_heartbeat();
    EXPECT_EQ(RegisterCounters({"early_total", "Before the start."}).result(), TS_NOT_STARTED);
    EXPECT_EQ(Expose(TS_TEXT), "");
    ASSERT_EQ(Start({}), TS_OK);
    const Family<Counter> family = RegisterCounters({"a_total", "Help."}, {{"x", {"1", "2"}}});
    const std::string before = ExposedText();
    Counter().Add(5);
    Histogram().Observe(1);
    Gauge().Set(1);
    UpDown().Add(1);
    DoubleCounter().Add(1);
    EXPECT_EQ(ExposedText(), before);
    family.At(2U).Add();  // there are two
    family.With({"3"}).Add();
    family.With({}).Add();
    EXPECT_EQ(Value("a_total{x=\"1\"}"), "0");
    EXPECT_EQ(Value("a_total{x=\"2\"}"), "0");
    EXPECT_EQ(Refused("wrong_handle"), "1");
    EXPECT_EQ(Refused("undeclared_value"), "2");
    EXPECT_EQ(Value("a_total{x=\"3\"}"), "none");
  });
}

TEST(Record, TimersMeasure) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    const Histogram histogram = RegisterExponential({"t_seconds", "Help.", "seconds"}).At();
    {
      const ScopedTimer timer(histogram);
    }
    histogram.ObserveSince(ts_now_ns() + 1'000'000'000);  // a time to come: nothing has passed
    EXPECT_EQ(Value("t_seconds_count"), "2");
    EXPECT_LT(std::stod(Value("t_seconds_sum")), 10.0);
  });
}

TEST(Record, AnExemplarIsTheNewestAndWhole) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    const auto family = RegisterHistograms({"h", "Help."}, {1, 2}, {{"x", {"1", "2"}}}, Exemplars::kNewest);
    family.At(1U).ObserveTraced(0.5, {{1, 2, 3}}, {{4}});
    family.At(1U).ObserveTraced(1.5, {{0xab, 0xcd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xef}},
                                {{1, 2, 3, 4, 5, 6, 7, 8}});
    const std::string text = Expose(TS_OPENMETRICS);
    const std::string exemplar =
        "h_bucket{x=\"2\",le=\"2.0\"} 2 # "
        "{trace_id=\"abcd00000000000000000000000000ef\",span_id=\"0102030405060708\"} 1.5 ";
    EXPECT_NE(text.find(exemplar), std::string::npos) << text;
    EXPECT_EQ(text.find("# {"), text.rfind("# {"));
    EXPECT_EQ(ExposedText().find("# {"), std::string::npos);
  });
}

}  // namespace
}  // namespace tickscope::sdk
