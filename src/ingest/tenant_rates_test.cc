// Rates of tenants and replicas of clusters: decisions alone, on times that are given.
#include "ingest/tenant_rates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/replica_election.h"

namespace tickscope::ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using Verdict = ReplicaElection::Verdict;

TEST(TenantRates, ABurstAndThenTheRate) {
  TenantRates rates;
  const RateLimits limits{.samples_per_second = 100, .burst_seconds = 2};
  EXPECT_TRUE(rates.Take("eu", limits, 150, 1, seconds(0)));
  EXPECT_TRUE(rates.Take("eu", limits, 150, 1, seconds(0))) << "50 are left, which is enough to be let in";
  const Status refused = rates.Take("eu", limits, 1, 1, seconds(0));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRateLimited);
  EXPECT_THAT(refused.error().message, HasSubstr("samples_per_second=100, ask again in 1 s"));
  EXPECT_TRUE(rates.Take("us", limits, 1, 1, seconds(0))) << "another tenant's bucket";
  EXPECT_FALSE(rates.Take("eu", limits, 1, 1, milliseconds(1'000)));
  EXPECT_TRUE(rates.Take("eu", limits, 1, 1, milliseconds(1'010)));
}

TEST(TenantRates, OneThatIsLargerThanABucketWaitsOnce) {
  TenantRates rates;
  const RateLimits limits{.bytes_per_second = 10, .burst_seconds = 1};
  EXPECT_TRUE(rates.Take("eu", limits, 1, 1'000, seconds(0)));
  EXPECT_FALSE(rates.Take("eu", limits, 1, 1, seconds(98)));
  EXPECT_TRUE(rates.Take("eu", limits, 1, 1'000, seconds(100)));
}

TEST(TenantRates, WhatIsRefusedByOneTakesNothingOfTheOther) {
  TenantRates rates;
  const RateLimits limits{.samples_per_second = 10, .bytes_per_second = 1'000, .burst_seconds = 1};
  EXPECT_TRUE(rates.Take("eu", limits, 20, 1, seconds(0)));
  for (int i = 0; i < 10; ++i)
    EXPECT_FALSE(rates.Take("eu", limits, 1, 1'000, milliseconds(500)));
  EXPECT_TRUE(rates.Take("eu", limits, 1, 1, seconds(2)));
}

TEST(TenantRates, OtherLimitsBeginFull) {
  TenantRates rates;
  EXPECT_TRUE(rates.Take("eu", {.samples_per_second = 1, .burst_seconds = 1}, 100, 1, seconds(0)));
  EXPECT_FALSE(rates.Take("eu", {.samples_per_second = 1, .burst_seconds = 1}, 1, 1, seconds(1)));
  EXPECT_TRUE(rates.Take("eu", {.samples_per_second = 2, .burst_seconds = 1}, 1, 1, seconds(1)));
  EXPECT_TRUE(rates.Take("eu", {}, 1'000'000, 1, seconds(1)));
}

TEST(TenantRates, TheLimitIsNamed) {
  TenantRates rates("log_bytes_per_second");
  const RateLimits limits{.bytes_per_second = 10, .burst_seconds = 1};
  EXPECT_TRUE(rates.Take("eu", limits, 0, 30, seconds(0)));
  EXPECT_EQ(rates.Take("eu", limits, 0, 1, seconds(0)).error().message,
            "tenant eu sends too much: log_bytes_per_second=10, ask again in 2 s");
}

TEST(TenantRateLimits, ATenantHasItsOwn) {
  const TenantRateLimits limits{.others = {.log_bytes_per_second = 1},
                                .tenants = {{"eu", {.log_bytes_per_second = 2}}}};
  EXPECT_EQ(limits.Of("eu").log_bytes_per_second, 2U);
  EXPECT_EQ(limits.Of("us").log_bytes_per_second, 1U);
}

TEST(ReplicaElection, TheFirstIsTakenUntilItIsSilent) {
  ReplicaElection election;
  const ReplicaOptions options{.enabled = true, .failover_ms = 30'000};
  const auto hear = [&](const char* replica, std::int64_t at_seconds) {
    return election.Hear(options, "eu", "team-1", replica, seconds(at_seconds)).value();
  };
  EXPECT_EQ(hear("a", 0), Verdict::kElected);
  EXPECT_EQ(hear("b", 1), Verdict::kOther);
  EXPECT_EQ(hear("a", 15), Verdict::kElected);
  EXPECT_EQ(hear("b", 44), Verdict::kOther);
  EXPECT_EQ(election.failovers(), 0U);
  EXPECT_EQ(hear("b", 45), Verdict::kElected);
  EXPECT_EQ(hear("a", 46), Verdict::kOther) << "it came back, and is not needed";
  EXPECT_EQ(election.failovers(), 1U);
  EXPECT_EQ(election.Hear(options, "us", "team-1", "a", seconds(46)).value(), Verdict::kElected);
  EXPECT_EQ(election.Hear(options, "eu", "team-2", "a", seconds(46)).value(), Verdict::kElected);
}

TEST(ReplicaElection, IsBounded) {
  ReplicaElection election;
  const ReplicaOptions options{.enabled = true, .failover_ms = 30'000, .clusters_max = 2};
  EXPECT_TRUE(election.Hear(options, "eu", "1", "a", seconds(0)));
  EXPECT_TRUE(election.Hear(options, "eu", "2", "a", seconds(20)));
  EXPECT_EQ(election.Hear(options, "eu", "3", "a", seconds(29)).error().code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(election.Hear(options, "eu", "3", "a", seconds(30))) << "one was silent, and makes room";
}

}  // namespace
}  // namespace tickscope::ingest
