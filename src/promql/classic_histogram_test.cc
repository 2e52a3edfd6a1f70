// Classic buckets: interpolation, unusable inputs and the repair of counts that are not monotonic.
#include "promql/classic_histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tickscope::promql {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

TEST(ClassicHistogram, Quantiles) {
  struct Case {
    const char* name;
    double q;
    std::vector<ClassicBucket> buckets;
    double want;
    bool fixed = false;
  };
  const Case cases[] = {
      {"inside a bucket", 0.5, {{1, 2}, {2, 4}, {kInf, 4}}, 1},
      {"between bounds", 0.75, {{1, 2}, {2, 4}, {kInf, 4}}, 1.5},
      {"first bucket starts at 0", 0.25, {{1, 2}, {2, 4}, {kInf, 4}}, 0.5},
      {"first bound not positive", 0.1, {{-1, 2}, {2, 4}, {kInf, 4}}, -1},
      {"last bucket", 0.99, {{1, 2}, {2, 4}, {kInf, 8}}, 2},
      {"no +Inf bucket", 0.5, {{1, 2}, {2, 4}}, kNan},
      {"only the +Inf bucket", 0.5, {{kInf, 4}}, kNan},
      {"no observations", 0.5, {{1, 0}, {kInf, 0}}, kNan},
      {"equal bounds add up", 0.5, {{1, 1}, {1, 1}, {2, 4}, {kInf, 4}}, 1},
      {"a fall is lifted and told", 0.5, {{1, 4}, {2, 2}, {kInf, 4}}, 0.5, true},
      {"rounding is lifted silently", 1, {{1, 4}, {2, 4 - 1e-14}, {kInf, 4}}, 1, false},
      {"q below", -1, {{1, 1}, {kInf, 1}}, -kInf},
      {"q above", 2, {{1, 1}, {kInf, 1}}, kInf},
  };
  for (Case c : cases) {
    SCOPED_TRACE(c.name);
    const ClassicQuantile got = QuantileOfBuckets(c.q, c.buckets);
    if (std::isnan(c.want)) {
      EXPECT_TRUE(std::isnan(got.value)) << got.value;
    } else {
      EXPECT_EQ(got.value, c.want);
    }
    EXPECT_EQ(got.fixed, c.fixed);
  }
}

TEST(ClassicHistogram, Fractions) {
  const std::vector<ClassicBucket> buckets = {{1, 2}, {2, 4}, {kInf, 8}};
  const auto fraction = [&](double lower, double upper) {
    std::vector<ClassicBucket> copy = buckets;
    return FractionOfBuckets(lower, upper, copy);
  };
  EXPECT_EQ(fraction(0, 1), 0.25);
  EXPECT_EQ(fraction(1, 1.5), 0.125);
  EXPECT_EQ(fraction(-kInf, kInf), 1);
  EXPECT_EQ(fraction(2, 100), 0);  // Nothing is known of the last bucket.
  EXPECT_EQ(fraction(3, 1), 0);
  EXPECT_TRUE(std::isnan(fraction(kNan, 1)));
}

}  // namespace
}  // namespace tickscope::promql
