// Postings as bytes: any set round-trips, equal sets give equal bytes, hostile bytes stay within the limit.
#include "index/postings.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tickscope::index {
namespace {

TEST(Postings, RoundTripWhateverWayTheyCameAbout) {
  SeededRandom random(5);
  for (int round = 0; round < 200; ++round) {
    Postings forward;
    Postings mixed;
    std::vector<std::uint32_t> numbers;
    std::uint32_t at = 0;
    for (int run = 0; run < 40; ++run) {
      at += 1 + static_cast<std::uint32_t>(random.Below(round % 2 == 0 ? 5 : 100'000));
      for (std::uint64_t length = random.Below(4) == 0 ? random.Below(300) : 1; length > 0; --length)
        numbers.push_back(at++);
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      forward.Add(static_cast<SeriesRef>(numbers[i]));
      mixed.Add(static_cast<SeriesRef>(numbers[numbers.size() - 1 - i]));
    }
    Bytes bytes;
    forward.Serialize(bytes);
    Bytes other;
    mixed.Serialize(other);
    EXPECT_EQ(bytes, other);
    const auto read = Postings::Deserialize(bytes, std::uint64_t{numbers.back()} + 1);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->ToRefs(), forward.ToRefs());
    EXPECT_FALSE(Postings::Deserialize(bytes, numbers.back()).has_value());
  }
}

TEST(Postings, AnyBytesAreRefusedOrWithinTheLimit) {
  SeededRandom random(6);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes(random.Below(12));
    for (std::byte& byte : bytes)
      byte = static_cast<std::byte>(random.Below(256));
    const auto read = Postings::Deserialize(bytes, 1000);
    if (!read || read->empty()) continue;
    EXPECT_LT(ToIndex(read->ToRefs().back()), 1000U);
  }
}

}  // namespace
}  // namespace tickscope::index
