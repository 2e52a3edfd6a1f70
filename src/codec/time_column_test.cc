// Time column: the bytes are the contract for the cases pinned here; a seeded sweep checks that what is encoded is
// decoded, and damage is refused.
#include "codec/time_column.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <limits>

#include "base/random.h"

namespace tickscope::codec {
namespace {

void ExpectRoundTrip(const std::vector<TimeMs>& times) {
  Bytes column;
  EncodeTimes(times, column);
  std::vector<TimeMs> out;
  const Status status = DecodeTimes(column, out);
  ASSERT_TRUE(status.has_value()) << status.error().message;
  ASSERT_EQ(out, times);
}

TEST(TimeColumn, RoundTrips) {
  ExpectRoundTrip({});
  ExpectRoundTrip({-5});
  ExpectRoundTrip({std::numeric_limits<TimeMs>::min(), std::numeric_limits<TimeMs>::max()});
  ExpectRoundTrip({1000, 1000, 1000});
  SeededRandom random(5);
  for (int round = 0; round < 500; ++round) {
    std::vector<TimeMs> times(random.Below(kTimeColumnMax + 1));
    TimeMs at = 1'700'000'000'000;
    const std::uint64_t jitter = 1 + random.Below(20);
    for (TimeMs& time : times) {
      at += 10'000 + static_cast<TimeMs>(random.Below(jitter));
      if (random.Below(100) == 0) at += 10'000;
      time = at;
    }
    ExpectRoundTrip(times);
  }
}

TEST(TimeColumn, AConstantStepIsAFewBytes) {
  std::vector<TimeMs> times(720);
  for (std::size_t i = 0; i < times.size(); ++i)
    times[i] = 1'767'225'600'000 + static_cast<TimeMs>(i) * 10'000;
  Bytes column;
  EncodeTimes(times, column);
  EXPECT_LE(column.size(), 12U);
}

TEST(TimeColumn, RefusesDamage) {
  std::vector<TimeMs> times;
  for (TimeMs i = 0; i < 100; ++i)
    times.push_back(i * 1000 + i % 7 + (i == 50 ? 99'999 : 0));
  std::ranges::sort(times);
  Bytes column;
  EncodeTimes(times, column);
  std::vector<TimeMs> out;
  for (std::size_t size = 0; size < column.size(); ++size)
    EXPECT_FALSE(DecodeTimes(ByteView(column).first(size), out).has_value());
  Bytes stretched = column;
  stretched.push_back(std::byte{0});
  EXPECT_FALSE(DecodeTimes(stretched, out).has_value());
  for (std::size_t bit = 0; bit < column.size() * 8; ++bit) {
    Bytes flipped = column;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_TRUE(!DecodeTimes(flipped, out).has_value() || std::ranges::is_sorted(out));
  }
}

}  // namespace
}  // namespace tickscope::codec
