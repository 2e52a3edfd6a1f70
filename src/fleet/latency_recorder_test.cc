// LatencyRecorder: quantiles within 3.2 % over the whole range a latency can have.
#include "fleet/latency_recorder.h"

#include <gtest/gtest.h>

namespace tickscope::fleet {
namespace {

TEST(LatencyRecorder, QuantilesAreCloseFromNanosecondsToYears) {
  for (std::int64_t ns = 1; ns < (std::int64_t{1} << 61); ns += ns / 2 + 1) {
    LatencyRecorder recorder;
    recorder.Record(std::chrono::nanoseconds(ns));
    recorder.Record(std::chrono::nanoseconds(ns));
    recorder.Record(std::chrono::nanoseconds(std::int64_t{1} << 62));
    const std::int64_t median = recorder.Quantile(0.5).count();
    EXPECT_GE(median, ns);
    EXPECT_LE(median, ns + ns / 31);
  }
}

TEST(LatencyRecorder, RanksAndBounds) {
  LatencyRecorder recorder;
  EXPECT_EQ(recorder.Quantile(0.99).count(), 0);
  recorder.Record(std::chrono::nanoseconds(-5));
  EXPECT_EQ(recorder.Quantile(0.5).count(), 0);
  for (int i = 1; i <= 99; ++i)
    recorder.Record(std::chrono::nanoseconds(i % 30));
  EXPECT_EQ(recorder.count(), 100);
  EXPECT_EQ(recorder.max().count(), 29);
  EXPECT_EQ(recorder.Quantile(1).count(), 29);
  EXPECT_EQ(recorder.Quantile(0.5).count(), 13);
}

}  // namespace
}  // namespace tickscope::fleet
