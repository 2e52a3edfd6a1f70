// RetryPolicy: waits grow, stay within their bound, are spread, and obey the receiver.
#include "agent/retry_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace tickscope::agent {
namespace {

TEST(RetryPolicy, DoublesWithFullJitterUpToTheBound) {
  SeededRandom random(3);
  constexpr std::array<std::int64_t, 6> kBounds = {100, 200, 400, 800, 1000, 1000};
  std::array<std::int64_t, 6> most{};
  std::array<std::int64_t, 6> least = kBounds;
  for (int round = 0; round < 2'000; ++round) {
    RetryPolicy policy(100, 1000);
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      const std::int64_t wait = policy.NextMs("", random);
      most[i] = std::max(most[i], wait);
      least[i] = std::min(least[i], wait);
    }
  }
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    EXPECT_LE(most[i], kBounds[i]);
    EXPECT_GE(most[i], kBounds[i] * 95 / 100);
    EXPECT_LE(least[i], kBounds[i] * 5 / 100);
  }
}

TEST(RetryPolicy, ManyFailuresDoNotOverflow) {
  SeededRandom random(3);
  RetryPolicy policy(60'000, 3'600'000);
  for (int i = 0; i < 200; ++i) {
    const std::int64_t wait = policy.NextMs("", random);
    EXPECT_GE(wait, 0);
    EXPECT_LE(wait, 3'600'000);
  }
}

TEST(RetryPolicy, RetryAfter) {
  SeededRandom random(3);
  struct Case {
    const char* header;
    std::int64_t least_ms;
  };
  const Case cases[] = {{"5", 5'000}, {"0", 0},   {"100000", kRetryAfterMsMax},        {"-1", 0},
                        {"soon", 0},  {"1.5", 0}, {"Fri, 01 Jan 2027 00:00:00 GMT", 0}};
  for (const Case& c : cases) {
    RetryPolicy policy(100, 100);
    const std::int64_t wait = policy.NextMs(c.header, random);
    EXPECT_GE(wait, c.least_ms) << c.header;
    EXPECT_LE(wait, c.least_ms + 100) << c.header;
  }
}

}  // namespace
}  // namespace tickscope::agent
