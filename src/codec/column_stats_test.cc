// Column stats: the numbers by hand for a few columns, the bytes of the common shapes, and that encoding keeps every bit.
#include "codec/column_stats.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"
#include "codec/value_column.h"
#include "model/sample.h"

namespace tickscope::codec {
namespace {

void ExpectSame(const ColumnStats& a, const ColumnStats& b) {
  EXPECT_EQ(a.count, b.count);
  EXPECT_EQ(a.gaps, b.gaps);
  EXPECT_EQ(a.stale, b.stale);
  EXPECT_EQ(a.resets, b.resets);
  EXPECT_EQ(a.has_nan, b.has_nan);
  const auto bits = [](double v) { return std::bit_cast<std::uint64_t>(v); };
  EXPECT_EQ(bits(a.min), bits(b.min));
  EXPECT_EQ(bits(a.max), bits(b.max));
  EXPECT_EQ(bits(a.first), bits(b.first));
  EXPECT_EQ(bits(a.last), bits(b.last));
  EXPECT_EQ(bits(a.sum), bits(b.sum)) << a.sum << " " << b.sum;
  EXPECT_EQ(bits(a.sum_of_increases), bits(b.sum_of_increases));
}

std::size_t ExpectRoundTrip(const std::vector<double>& values) {
  const ColumnStats stats = ComputeColumnStats(values);
  Bytes bytes;
  EncodeColumnStats(stats, bytes);
  FieldReader reader(bytes);
  const auto decoded = DecodeColumnStats(reader, values.size());
  EXPECT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(reader.remaining(), 0U);
  if (decoded) ExpectSame(*decoded, stats);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    FieldReader cut(ByteView(bytes).first(size));
    EXPECT_FALSE(DecodeColumnStats(cut, values.size()).has_value());
  }
  return bytes.size();
}

TEST(ColumnStats, ByHand) {
  ExpectSame(ComputeColumnStats(std::vector<double>{5, 7, MissingValue(), 3, StaleNan(), 4}),
             {.count = 4,
              .gaps = 1,
              .stale = 1,
              .resets = 1,
              .min = 3,
              .max = 7,
              .first = 5,
              .last = 4,
              .sum = 19,
              .sum_of_increases = 6});
  ExpectSame(
      ComputeColumnStats(std::vector<double>{0.1, 0.2, 0.3}),
      {.count = 3, .min = 0.1, .max = 0.3, .first = 0.1, .last = 0.3, .sum = 0.6, .sum_of_increases = 0.2});
  ExpectSame(ComputeColumnStats(std::vector<double>{MissingValue()}), {.gaps = 1});
  EXPECT_TRUE(ComputeColumnStats(std::vector<double>{1, NormalNan()}).has_nan);
}

TEST(ColumnStats, SizesOfTheCommonShapes) {
  EXPECT_EQ(ExpectRoundTrip(std::vector<double>(720, 30)), 2U);
  EXPECT_EQ(ExpectRoundTrip(std::vector<double>(720, 0.0)), 2U);
  std::vector<double> counter(720);
  for (std::size_t i = 0; i < counter.size(); ++i)
    counter[i] = 1e6 + static_cast<double>(i * 17);
  EXPECT_LE(ExpectRoundTrip(counter), 12U);
}

TEST(ColumnStats, RandomColumnsRoundTrip) {
  SeededRandom random(9);
  for (int round = 0; round < 3000; ++round) {
    std::vector<double> values(random.Below(40));
    const std::uint64_t shape = random.Below(5);
    for (double& v : values) {
      switch (shape) {
        case 0:
          v = std::bit_cast<double>(random.Next());
          break;
        case 1:
          v = static_cast<double>(random.Below(1000)) / 100;
          break;
        case 2:
          v = -0.0;
          break;
        case 3:
          v = random.Below(5) == 0 ? -std::numeric_limits<double>::infinity()
                                   : static_cast<double>(random.Next() >> random.Below(64));
          break;
        default:
          v = random.Unit();
          break;
      }
      if (random.Below(30) == 0) v = MissingValue();
      if (random.Below(30) == 0) v = StaleNan();
    }
    ExpectRoundTrip(values);
  }
}

}  // namespace
}  // namespace tickscope::codec
