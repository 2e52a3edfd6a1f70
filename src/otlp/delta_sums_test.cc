// DeltaSums: totals are what was counted, a retry adds nothing, what is out of order is refused, and no sender takes more room
// than there is.
#include "otlp/delta_sums.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/clock.h"

namespace tickscope::otlp {
namespace {

constexpr std::int64_t kS = 1'000'000'000;
const wire::SeriesKey kSeries{1, 2};

struct Sums {
  explicit Sums(DeltaOptions options = {}) : sums(clock, options) {}

  DeltaOutcome Add(double value, std::int64_t start_s, std::int64_t time_s,
                   const wire::SeriesKey& key = kSeries, const TenantId& tenant = "eu") {
    times = {time_s * kS, start_s * 1000};
    total = value;
    return sums.AddNumber(tenant, key, times, total);
  }

  ManualClock clock;
  DeltaSums sums;
  DeltaTimes times;
  double total = 0;
};

TEST(DeltaSums, NumbersAddUpSinceTheFirstStart) {
  Sums s;
  EXPECT_EQ(s.Add(5, 100, 110), DeltaOutcome::kTaken);
  EXPECT_EQ(s.total, 5);
  EXPECT_EQ(s.times.start_ms, 100'000);
  EXPECT_EQ(s.Add(3, 110, 120), DeltaOutcome::kTaken);
  EXPECT_EQ(s.total, 8);
  EXPECT_EQ(s.times.start_ms, 100'000);
  EXPECT_EQ(s.Add(-2, 130, 140), DeltaOutcome::kTaken) << "a gap is silence";
  EXPECT_EQ(s.total, 6);
}

TEST(DeltaSums, ARetryAddsNothing) {
  Sums s;
  static_cast<void>(s.Add(5, 100, 110));
  static_cast<void>(s.Add(3, 110, 120));
  EXPECT_EQ(s.Add(3, 110, 120), DeltaOutcome::kTaken);
  EXPECT_EQ(s.total, 8);
  EXPECT_EQ(s.Add(1, 120, 130), DeltaOutcome::kTaken);
  EXPECT_EQ(s.total, 9);
}

TEST(DeltaSums, WhatIsOutOfOrderIsRefused) {
  Sums s;
  static_cast<void>(s.Add(5, 100, 110));
  static_cast<void>(s.Add(3, 110, 120));
  EXPECT_EQ(s.Add(1, 105, 115), DeltaOutcome::kOutOfOrder);
  EXPECT_EQ(s.Add(1, 90, 130), DeltaOutcome::kOutOfOrder) << "began before the total did";
  EXPECT_EQ(s.Add(1, 120, 130), DeltaOutcome::kTaken);
  EXPECT_EQ(s.total, 9);
}

TEST(DeltaSums, AClockThatIsAheadHoldsNothingUp) {
  Sums s({.future_max_ms = 300'000});
  static_cast<void>(s.Add(5, 100, 110));
  EXPECT_EQ(s.Add(3, 110, 301), DeltaOutcome::kInFuture);
  EXPECT_EQ(s.Add(3, 110, 86'400), DeltaOutcome::kInFuture);
  s.times = {-1, 0};  // What is past 2262 is so.
  EXPECT_EQ(s.sums.AddNumber("eu", kSeries, s.times, s.total), DeltaOutcome::kInFuture);
  EXPECT_EQ(s.Add(3, 0, 86'400, {1, 3}), DeltaOutcome::kInFuture);
  EXPECT_EQ(s.sums.size(), 1U) << "nor is it given room";
  EXPECT_EQ(s.Add(1, 110, 120), DeltaOutcome::kTaken) << "what comes after, in its time";
  EXPECT_EQ(s.total, 6);
}

TEST(DeltaSums, SeriesAndTenantsDoNotMeet) {
  Sums s;
  static_cast<void>(s.Add(5, 100, 110));
  static_cast<void>(s.Add(1, 100, 110, {1, 3}));
  EXPECT_EQ(s.total, 1);
  static_cast<void>(s.Add(2, 100, 110, kSeries, "us"));
  EXPECT_EQ(s.total, 2);
  EXPECT_EQ(s.sums.size(), 3U);
}

TEST(DeltaSums, RoomIsMadeByTheSilentOnly) {
  Sums s({.series_max = 2, .idle_ms = 1000});
  static_cast<void>(s.Add(1, 0, 10, {1, 1}));
  s.clock.Advance(std::chrono::milliseconds(600));
  static_cast<void>(s.Add(1, 0, 10, {2, 2}));
  EXPECT_EQ(s.Add(1, 0, 10, {3, 3}), DeltaOutcome::kNoRoom);
  static_cast<void>(s.Add(1, 10, 20, {1, 1}));  // Heard again: the other is silent longest now.
  s.clock.Advance(std::chrono::milliseconds(1000));
  static_cast<void>(s.Add(1, 20, 30, {1, 1}));
  EXPECT_EQ(s.Add(7, 0, 10, {3, 3}), DeltaOutcome::kTaken);
  EXPECT_EQ(s.Add(1, 10, 20, {2, 2}), DeltaOutcome::kNoRoom);
  EXPECT_EQ(s.Add(1, 30, 40, {1, 1}), DeltaOutcome::kTaken);
  EXPECT_EQ(s.total, 4) << "the one that was heard is as it was";
}

TEST(DeltaSums, AForgottenSeriesBeginsAnew) {
  Sums s;
  static_cast<void>(s.Add(5, 100, 110));
  s.sums.Forget("eu", kSeries);
  EXPECT_EQ(s.Add(3, 110, 120), DeltaOutcome::kTaken);
  EXPECT_EQ(s.total, 3);
  EXPECT_EQ(s.times.start_ms, 110'000);
}

TEST(DeltaSums, BucketsAddUpUnlessBoundsChange) {
  Sums s;
  const auto add = [&](std::vector<double> bounds, std::vector<std::uint64_t> counts, double sum,
                       std::int64_t time_s) {
    DeltaTimes times{time_s * kS, time_s * 1000 - 10'000};
    std::uint64_t count = 0;
    for (const std::uint64_t n : counts)
      count += n;
    EXPECT_EQ(s.sums.AddBuckets("eu", kSeries, times, bounds, count, sum, counts), DeltaOutcome::kTaken);
    counts.push_back(count);
    counts.push_back(static_cast<std::uint64_t>(sum));
    counts.push_back(static_cast<std::uint64_t>(times.start_ms));
    return counts;
  };
  using Counts = std::vector<std::uint64_t>;
  EXPECT_EQ(add({1, 2}, {1, 2, 3}, 10, 110), (Counts{1, 2, 3, 6, 10, 100'000}));
  EXPECT_EQ(add({1, 2}, {1, 0, 1}, 4, 120), (Counts{2, 2, 4, 8, 14, 100'000}));
  EXPECT_EQ(add({1, 2}, {1, 0, 1}, 4, 120), (Counts{2, 2, 4, 8, 14, 100'000})) << "a retry";
  EXPECT_EQ(add({1, 3}, {1, 0, 1}, 4, 130), (Counts{1, 0, 1, 2, 4, 120'000})) << "other bounds";
}

TEST(DeltaSums, ARestoredTotalGoesOn) {
  Sums s;
  EXPECT_EQ(s.sums.SightOf("eu", kSeries), DeltaSight::kNew);
  const auto stored = [](double value) {
    return StoredTotal{.time_ms = 120'000,
                       .start_ms = 100'000,
                       .value = value,
                       .count = 0,
                       .bounds = {},
                       .counts = {},
                       .histogram = nullptr};
  };
  s.sums.Restore("eu", kSeries, stored(8));
  EXPECT_EQ(s.sums.SightOf("eu", kSeries), DeltaSight::kKnown);
  s.sums.Restore("eu", kSeries, stored(1000));  // Somebody was first.
  // The point that the stored sample is of; nanoseconds are not stored.
  s.times = {120 * kS + 999'999, 110'000};
  s.total = 3;
  EXPECT_EQ(s.sums.AddNumber("eu", kSeries, s.times, s.total), DeltaOutcome::kTaken);
  EXPECT_EQ(s.total, 8);
  EXPECT_EQ(s.Add(1, 105, 115), DeltaOutcome::kOutOfOrder);
  EXPECT_EQ(s.Add(1, 120, 130), DeltaOutcome::kTaken);
  EXPECT_EQ(s.total, 9);
  EXPECT_EQ(s.times.start_ms, 100'000);
  EXPECT_EQ(s.Add(1, 120, 130), DeltaOutcome::kTaken);
  EXPECT_EQ(s.total, 9) << "a retry";
}

TEST(DeltaSums, ARestoredTotalNeedsRoomToo) {
  Sums s({.series_max = 1, .idle_ms = 1000});
  static_cast<void>(s.Add(1, 0, 10, {1, 1}));
  EXPECT_EQ(s.sums.SightOf("eu", kSeries), DeltaSight::kNoRoom);
  s.sums.Restore("eu", kSeries, {});
  EXPECT_EQ(s.sums.size(), 1U);
  EXPECT_EQ(s.Add(1, 0, 10), DeltaOutcome::kNoRoom);
  s.clock.Advance(std::chrono::milliseconds(1000));
  EXPECT_EQ(s.sums.SightOf("eu", kSeries), DeltaSight::kNew);
}

TEST(DeltaSums, ExponentialHistogramsAddUpAtTheCoarserScale) {
  Sums s;
  Histogram first;
  first.schema = 1;
  first.count = 3;
  first.sum = 4;
  first.zero_count = 1;
  first.positive_spans = {{1, 2}};
  first.positive_buckets = {1, 1};
  Histogram second = first;
  second.schema = 0;
  second.positive_spans = {{1, 1}};
  second.positive_buckets = {2};
  DeltaTimes times{110 * kS, 100'000};
  Histogram total = first;
  EXPECT_EQ(s.sums.AddExponential("eu", kSeries, times, total), DeltaOutcome::kTaken);
  EXPECT_EQ(total.count, 3);
  times = {120 * kS, 110'000};
  total = second;
  EXPECT_EQ(s.sums.AddExponential("eu", kSeries, times, total), DeltaOutcome::kTaken);
  EXPECT_EQ(times.start_ms, 100'000);
  EXPECT_EQ(total.schema, 0);
  EXPECT_EQ(total.count, 6);
  EXPECT_EQ(total.sum, 8);
  EXPECT_EQ(total.zero_count, 2);
  EXPECT_EQ(total.positive_buckets, std::vector<double>{4});
  times = {120 * kS, 110'000};
  total = second;
  EXPECT_EQ(s.sums.AddExponential("eu", kSeries, times, total), DeltaOutcome::kTaken);
  EXPECT_EQ(total.count, 6) << "a retry";
}

}  // namespace
}  // namespace tickscope::otlp
