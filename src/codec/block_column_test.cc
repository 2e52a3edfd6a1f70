// Block column: every double comes back bit for bit, with and without a reference, and no cut, stretched or hostile
// column is accepted or read past its end.
#include "codec/block_column.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include <array>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "codec/value_column.h"
#include "model/sample.h"

namespace tickscope::codec {
namespace {

Bytes Encode(const std::vector<double>& values, const std::vector<double>& reference = {}) {
  Bytes out;
  EncodeBlockColumn(values, reference, out);
  return out;
}

void ExpectRoundTrip(const std::vector<double>& values, const std::vector<double>& reference = {}) {
  std::array<double, kBlockColumnMax> out;
  const Bytes column = Encode(values, reference);
  const auto count = DecodeBlockColumn(column, reference, out);
  ASSERT_TRUE(count.has_value()) << count.error().message;
  ASSERT_EQ(*count, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint64_t>(out[i]), std::bit_cast<std::uint64_t>(values[i])) << "at " << i;
  }
}

// One of the shapes series have; `shape` 0..8.
std::vector<double> RandomValues(Random& random, std::size_t count, std::uint64_t shape) {
  std::vector<double> values(count);
  double counter = static_cast<double>(random.Below(1'000'000));
  for (double& v : values) {
    counter += static_cast<double>(random.Below(300));
    if (random.Below(200) == 0) counter = 0;
    switch (shape) {
      case 0:
        v = counter;
        break;
      case 1:
        v = static_cast<double>(random.Below(200)) - 100;
        break;
      case 2:
        v = static_cast<double>(random.Below(10'000)) / 100;
        break;
      case 3:
        v = random.Unit();
        break;
      case 4:
        v = std::bit_cast<double>(random.Next());
        break;
      case 5:
        v = counter * 1e6 + 0.5;
        break;
      case 6:
        v = 30;
        break;
      case 7:
        v = std::ldexp(static_cast<double>(random.Next() >> 11), static_cast<int>(random.Below(60)) - 52);
        break;
      default:
        v = random.Below(100) == 0 ? -0.0 : static_cast<double>(random.Below(2));
        break;
    }
    if (random.Below(90) == 0) v = MissingValue();
    if (random.Below(300) == 0) v = StaleNan();
  }
  return values;
}

TEST(BlockColumn, EveryBitPatternSurvives) {
  const double nan_with_payload = std::bit_cast<double>(0x7ff8dead'beef0001ULL);
  const double infinity = std::numeric_limits<double>::infinity();
  ExpectRoundTrip({});
  ExpectRoundTrip({0.0, -0.0, 1, -1, StaleNan(), NormalNan(), nan_with_payload});
  ExpectRoundTrip({infinity, -infinity, std::numeric_limits<double>::max(),
                   std::numeric_limits<double>::denorm_min(), 9007199254740992.0, -9007199254740991.0, 1e300,
                   0.1, 0.1 + 0.2});
  ExpectRoundTrip(std::vector<double>(kBlockColumnMax, StaleNan()));
  ExpectRoundTrip(std::vector<double>(kBlockColumnMax, MissingValue()));
  ExpectRoundTrip(std::vector<double>(kBlockColumnMax, -0.0));
}

TEST(BlockColumn, RandomSeriesRoundTrip) {
  SeededRandom random(20260501);
  for (int round = 0; round < 1000; ++round) {
    SCOPED_TRACE(round);
    const std::size_t count = random.Below(kBlockColumnMax + 1);
    const auto values = RandomValues(random, count, random.Below(9));
    ExpectRoundTrip(values);
    ExpectRoundTrip(values, RandomValues(random, count, random.Below(9)));
    auto reference = values;
    for (double& v : reference)
      v -= static_cast<double>(random.Below(3));
    ExpectRoundTrip(values, reference);
  }
}

TEST(BlockColumn, NoCutIsAcceptedAndNoFlipReadsPastTheEnd) {
  SeededRandom random(3);
  std::array<double, kBlockColumnMax> out;
  for (std::uint64_t shape = 0; shape < 9; ++shape) {
    const Bytes column = Encode(RandomValues(random, 150, shape));
    for (std::size_t size = 0; size < column.size(); ++size)
      EXPECT_FALSE(DecodeBlockColumn(ByteView(column).first(size), {}, out).has_value());
    Bytes stretched = column;
    stretched.push_back(std::byte{0});
    EXPECT_FALSE(DecodeBlockColumn(stretched, {}, out).has_value());
    for (std::size_t bit = 0; bit < column.size() * 8; ++bit) {
      Bytes flipped = column;
      flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      const auto count = DecodeBlockColumn(flipped, {}, out);
      EXPECT_TRUE(!count || *count <= kBlockColumnMax);
    }
  }
}

TEST(BlockColumn, WorkedExample) {
  Bytes column;
  EncodeBlockColumn(std::vector<double>{100, 103, 103, 109, 115, 121}, {}, column);
  const Bytes want = {std::byte{0x08}, std::byte{0x06}, std::byte{0xc8}, std::byte{0x01},
                      std::byte{0x00}, std::byte{0x03}, std::byte{0x83}, std::byte{0x6d}};
  EXPECT_EQ(column, want);
}

}  // namespace
}  // namespace tickscope::codec
