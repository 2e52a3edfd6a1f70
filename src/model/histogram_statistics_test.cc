// Quantiles, fractions, variance and trims of native histograms; expected values worked out by hand from the
// interpolation rules (logarithmic in exponential buckets, linear in others).
#include "model/histogram_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "model/histogram_text.h"
#include "model/histogram_trim.h"

namespace tickscope {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

// One observation in (0.5, 1], two in (1, 2], one in (2, 4].
Histogram Four() {
  Histogram h;
  h.count = 4;
  h.sum = 5;
  h.positive_spans = {{0, 3}};
  h.positive_buckets = {1, 2, 1};
  return h;
}

Histogram ZeroBucketOnly() {
  Histogram h;
  h.count = h.zero_count = 4;
  h.zero_threshold = 1;
  return h;
}

Histogram Custom(std::vector<double> bounds, std::vector<double> buckets) {
  Histogram h;
  h.schema = kCustomBoundsSchema;
  h.positive_spans = {{0, static_cast<std::uint32_t>(buckets.size())}};
  for (const double count : buckets)
    h.count += count;
  h.positive_buckets = std::move(buckets);
  h.custom_bounds = std::move(bounds);
  h.sum = 10;
  return h;
}

// Four observations in buckets and two that are NaN.
Histogram WithNan() {
  Histogram h = Four();
  h.count = 6;
  h.sum = kNan;
  return h;
}

TEST(HistogramStatistics, Quantiles) {
  struct Case {
    const char* name;
    double q;
    Histogram h;
    double want;
    NanObservations note = NanObservations::kNone;
  };
  const Case cases[] = {
      {"below 0", -0.1, Four(), -kInf},
      {"above 1", 1.1, Four(), kInf},
      {"NaN", kNan, Four(), kNan},
      {"no observations", 0.5, Histogram{}, kNan},
      {"middle", 0.5, Four(), std::sqrt(2.0)},
      {"bucket bound", 0.25, Four(), 1},
      {"highest", 1, Four(), 4},
      {"zero bucket is symmetric alone", 0.75, ZeroBucketOnly(), 0.5},
      {"custom, linear", 0.5, Custom({5, 10}, {1, 2, 1}), 7.5},
      {"custom, first bucket starts at 0", 0.125, Custom({5, 10}, {1, 2, 1}), 2.5},
      {"custom, first bound negative", 0.125, Custom({-5, 10}, {1, 2, 1}), -5},
      {"custom, last bucket", 0.9, Custom({5, 10}, {1, 2, 1}), 10},
      {"NaN observations, rank in a bucket", 0.5, WithNan(), 2, NanObservations::kSkewed},
      {"NaN observations, rank among them", 0.99, WithNan(), kNan, NanObservations::kDecided},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const HistogramStatistic got = HistogramQuantile(c.q, c.h);
    if (std::isnan(c.want)) {
      EXPECT_TRUE(std::isnan(got.value)) << got.value;
    } else {
      EXPECT_DOUBLE_EQ(got.value, c.want);
    }
    EXPECT_EQ(got.nan_observations, c.note);
  }
}

TEST(HistogramStatistics, Fractions) {
  struct Case {
    const char* name;
    double lower;
    double upper;
    Histogram h;
    double want;
  };
  const Case cases[] = {
      {"whole bucket", 1, 2, Four(), 0.5},
      {"all", -kInf, kInf, Four(), 1},
      {"half a bucket, by logarithm", 1, std::sqrt(2.0), Four(), 0.25},
      {"empty range", 2, 2, Four(), 0},
      {"turned round", 3, 1, Four(), 0},
      {"NaN bound", kNan, 1, Four(), kNan},
      {"custom, linear", 5, 7.5, Custom({5, 10}, {1, 2, 1}), 0.25},
      {"nothing is known inside the last custom bucket", 10, 1000, Custom({5, 10}, {1, 2, 1}), 0},
      {"NaN observations lie nowhere", -kInf, kInf, WithNan(), 4.0 / 6},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const double got = HistogramFraction(c.lower, c.upper, c.h).value;
    if (std::isnan(c.want)) {
      EXPECT_TRUE(std::isnan(got)) << got;
    } else {
      EXPECT_NEAR(got, c.want, 1e-12);
    }
  }
}

TEST(HistogramStatistics, VarianceOfOneBucketIsItsDistanceFromTheMean) {
  Histogram h = Four();
  h.positive_buckets = {0, 4, 0};  // All stand at sqrt(2); the mean is 1.25.
  EXPECT_NEAR(HistogramVariance(h), (std::sqrt(2.0) - 1.25) * (std::sqrt(2.0) - 1.25), 1e-12);
  EXPECT_TRUE(std::isnan(HistogramVariance(Histogram{})));
}

TEST(HistogramTrim, Trims) {
  struct Case {
    const char* name;
    TrimSide side;
    double value;
    Histogram h;
    const char* want;
  };
  const Case cases[] = {
      {"nothing cut keeps the sum", TrimSide::kKeepBelow, 4, Four(),
       "{count:4, sum:5, (0.5,1]:1, (1,2]:2, (2,4]:1}"},
      {"at a bound", TrimSide::kKeepAbove, 2, Four(), "{count:1, sum:2.8284271247461903, (2,4]:1}"},
      {"everything goes", TrimSide::kKeepAbove, kInf, Four(), "{count:0, sum:0}"},
      {"NaN keeps nothing", TrimSide::kKeepBelow, kNan, Four(), "{count:0, sum:0}"},
      {"of a zero bucket NaN keeps NaN", TrimSide::kKeepAbove, kNan, ZeroBucketOnly(),
       "{count:NaN, sum:NaN, [-1,1]:NaN}"},
      {"half a zero bucket", TrimSide::kKeepAbove, 0, ZeroBucketOnly(), "{count:2, sum:1, [-1,1]:2}"},
      {"inside a custom bucket", TrimSide::kKeepBelow, 7.5, Custom({5, 10}, {1, 2, 1}),
       "{count:2, sum:8.75, [-Inf,5]:1, (5,10]:1}"},
      {"the endless custom bucket goes whole", TrimSide::kKeepBelow, 1e9, Custom({5, 10}, {1, 2, 1}),
       "{count:3, sum:17.5, [-Inf,5]:1, (5,10]:2}"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(HistogramText(TrimHistogram(c.h, c.side, c.value)), c.want);
  }
}

}  // namespace
}  // namespace tickscope
