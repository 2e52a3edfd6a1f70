// Counts that are kept while things are added: exact ranks, and sketches within their error.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "index/hyperloglog.h"
#include "index/ranked_counts.h"

namespace tickscope::index {
namespace {

TEST(RankedCounts, AreInOrderAtAnyMoment) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SeededRandom random(seed);
    RankedCounts ranked;
    std::vector<std::uint32_t> plain;
    for (int step = 0; step < 2000; ++step) {
      if (plain.empty() || random.Below(20) == 0) {
        EXPECT_EQ(ranked.Add(), plain.size());
        plain.push_back(0);
      }
      const auto item = static_cast<RankedCounts::Item>(random.Below(random.Below(plain.size()) + 1));
      ranked.Increment(item);
      ++plain[item];
      if (step % 97 != 0) continue;
      std::vector<std::uint32_t> sorted = plain;
      std::ranges::sort(sorted, std::greater{});
      const auto top = ranked.Top(plain.size() + 5);
      ASSERT_EQ(top.size(), plain.size());
      for (std::size_t i = 0; i < top.size(); ++i) {
        ASSERT_EQ(ranked.count(top[i]), sorted[i]) << seed << " " << step;
        ASSERT_EQ(plain[top[i]], sorted[i]);
      }
    }
  }
}

TEST(HyperLogLog, EstimatesWithinItsError) {
  SeededRandom random(3);
  for (const std::uint64_t count : {0, 1, 10, 100, 1000, 4096, 20'000, 300'000, 2'000'000}) {
    HyperLogLog sketch;
    for (std::uint64_t i = 0; i < count; ++i)
      sketch.Add(random.Next());
    // The standard error is 1.04 / sqrt(4096), 1.6 %; four of them is one case in 16,000.
    EXPECT_NEAR(sketch.Estimate(), static_cast<double>(count), 0.065 * static_cast<double>(count) + 0.01)
        << count;
    Bytes bytes;
    sketch.Serialize(bytes);
    const auto read = HyperLogLog::Deserialize(bytes);
    ASSERT_TRUE(read.has_value()) << count;
    EXPECT_EQ(*read, sketch);
  }
}

TEST(HyperLogLog, UnitesToTheWhole) {
  SeededRandom random(4);
  HyperLogLog whole;
  HyperLogLog a;
  HyperLogLog b;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t hash = random.Next();
    whole.Add(hash);
    if (i < 6000) a.Add(hash);
    if (i >= 4000) b.Add(hash);
  }
  a.UnionWith(b);
  EXPECT_EQ(a, whole);
}

TEST(HyperLogLog, HostileBytesAreRefused) {
  SeededRandom random(5);
  HyperLogLog sketch;
  for (int i = 0; i < 300; ++i)
    sketch.Add(random.Next());
  Bytes bytes;
  sketch.Serialize(bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(HyperLogLog::Deserialize(ByteView(bytes.data(), size)).has_value()) << size;
  for (int round = 0; round < 20'000; ++round) {
    Bytes flipped = bytes;
    flipped[random.Below(flipped.size())] ^= static_cast<std::byte>(1 << random.Below(8));
    const auto read = HyperLogLog::Deserialize(flipped);
    if (read) {
      EXPECT_TRUE(std::isfinite(read->Estimate()));
    }
  }
}

}  // namespace
}  // namespace tickscope::index
