// Float text is what every Grafana panel parses, so the cases pin the bytes; a seeded sweep checks that
// whatever is written reads back to the same bits.
#include "wire/float_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/random.h"

namespace tickscope::wire {
namespace {

std::string Float(double value) {
  std::string out;
  AppendFloat(value, out);
  return out;
}

std::string Fixed(double value) {
  std::string out;
  AppendFixedFloat(value, out);
  return out;
}

TEST(FloatText, JsonFormIsStable) {
  struct Case {
    double value;
    const char* want;
  };
  const Case cases[] = {
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {-1, "-1"},
      {1.5, "1.5"},
      {0.1, "0.1"},
      {0.1 + 0.2, "0.30000000000000004"},
      {1e-6, "0.000001"},
      {9.99e-7, "9.99e-07"},
      {1e-7, "1e-07"},
      {1234.5678, "1234.5678"},
      {9007199254740991, "9007199254740991"},
      {9007199254740992, "9007199254740992"},
      {-9007199254740993e3, "-9007199254740993000"},
      {123456789012345680000.0, "123456789012345680000"},
      {999999999999999900000.0, "999999999999999900000"},
      {1e21, "1e+21"},
      {-1e21, "-1e+21"},
      {1.5e300, "1.5e+300"},
      {std::numeric_limits<double>::denorm_min(), "5e-324"},
      {std::numeric_limits<double>::max(), "1.7976931348623157e+308"},
      {std::numeric_limits<double>::infinity(), "+Inf"},
      {-std::numeric_limits<double>::infinity(), "-Inf"},
      {std::numeric_limits<double>::quiet_NaN(), "NaN"},
      {-std::numeric_limits<double>::quiet_NaN(), "NaN"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Float(c.value), c.want);
}

TEST(FloatText, FixedFormNeverHasAnExponent) {
  EXPECT_EQ(Fixed(1e-7), "0.0000001");
  EXPECT_EQ(Fixed(-1.25e-8), "-0.0000000125");
  EXPECT_EQ(Fixed(-1e22), "-10000000000000000000000");
  EXPECT_EQ(Fixed(0x1p70), "1180591620717411300000");
  EXPECT_EQ(Fixed(-0.0), "-0");
  EXPECT_EQ(Fixed(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(Fixed(std::numeric_limits<double>::max()).size(), 309U);
}

TEST(FloatText, ReadsBackToTheSameBits) {
  SeededRandom random(7);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = std::bit_cast<double>(random.Next());
    if (!std::isfinite(value)) continue;
    const std::string text = Float(value);
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    const std::string fixed = Fixed(value);
    ASSERT_EQ(std::strtod(fixed.c_str(), nullptr), value) << fixed;
    ASSERT_EQ(fixed.find('e'), std::string::npos) << fixed;
  }
}

}  // namespace
}  // namespace tickscope::wire
