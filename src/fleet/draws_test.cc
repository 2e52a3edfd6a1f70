// Draws: means and variances of a seeded run lie where the distributions say, within five standard errors.
#include "fleet/draws.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tickscope::fleet {
namespace {

constexpr int kDraws = 200'000;

TEST(Draws, PoissonHasItsMeanAndVariance) {
  for (const double mean : {0.001, 0.05, 1.0, 5.0, 11.9, 12.1, 300.0, 40'000.0}) {
    SCOPED_TRACE(mean);
    Draws draws(42);
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double x = draws.Poisson(mean);
      EXPECT_EQ(x, std::floor(x));
      EXPECT_GE(x, 0);
      sum += x;
      squares += x * x;
    }
    const double got = sum / kDraws;
    EXPECT_NEAR(got, mean, 5 * std::sqrt(mean / kDraws) + 2e-4 * mean);
    // The variance of a Poisson variable is its mean; its own standard error is below mean * 0.08 here.
    EXPECT_NEAR(squares / kDraws - got * got, mean, mean < 0.01 ? mean * 0.5 : mean * 0.08);
  }
}

TEST(Draws, PoissonOfNothingIsNothing) {
  Draws draws(1);
  EXPECT_EQ(draws.Poisson(0), 0);
  EXPECT_EQ(draws.Poisson(-3), 0);
}

TEST(Draws, NormalIsStandard) {
  Draws draws(7);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draws.Normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.012);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
}

TEST(Draws, RoundsHalfAwayFromZero) {
  EXPECT_EQ(RoundWhole(2.5), 3);
  EXPECT_EQ(RoundWhole(2.4), 2);
  EXPECT_EQ(RoundWhole(-2.4), -2);
  EXPECT_EQ(RoundWhole(-2.6), -3);
}

}  // namespace
}  // namespace tickscope::fleet
