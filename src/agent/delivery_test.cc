// Which gateway gets a push, and how many are held back: decisions alone, on times that are given.
#include <gtest/gtest.h>

#include "agent/adaptive_throttle.h"
#include "agent/receivers.h"

namespace tickscope::agent {
namespace {

constexpr FailoverOptions kOptions{.failures_min = 3, .fail_after_ms = 10'000, .fail_back_ms = 60'000};

TEST(Receivers, OneIsLeftWhenItFailsOftenAndLong) {
  Receivers receivers(2, kOptions);
  for (const TimeMs now_ms : {0, 1'000, 2'000, 9'999}) {
    EXPECT_EQ(receivers.Choose(now_ms, std::nullopt), 0U);
    receivers.Failed(0, now_ms);
  }
  EXPECT_EQ(receivers.current(), 0U) << "often, and not long";
  receivers.Succeeded(0, 10'000);
  receivers.Failed(0, 11'000);
  receivers.Failed(0, 30'000);
  EXPECT_EQ(receivers.current(), 0U) << "long, and not often";
  receivers.Failed(0, 30'001);
  EXPECT_EQ(receivers.current(), 1U);
  EXPECT_EQ(receivers.Choose(30'002, 0), 1U);
}

TEST(Receivers, AfterTheLastComesTheFirst) {
  Receivers receivers(3, kOptions);
  TimeMs now_ms = 0;
  for (const std::size_t want : {1U, 2U, 0U, 1U}) {
    const std::size_t failing = receivers.current();
    for (int i = 0; i < 3; ++i)
      receivers.Failed(failing, now_ms += 5'000);
    EXPECT_EQ(receivers.current(), want);
  }
}

TEST(Receivers, TheFirstIsTriedWithOnePushAndLongerEachTime) {
  Receivers receivers(2, kOptions);
  for (const TimeMs now_ms : {0, 5'000, 10'000})
    receivers.Failed(0, now_ms);
  ASSERT_EQ(receivers.current(), 1U);
  EXPECT_EQ(receivers.Choose(69'999, std::nullopt), 1U);
  EXPECT_EQ(receivers.Choose(70'000, std::nullopt), 0U);
  EXPECT_EQ(receivers.Choose(70'001, std::nullopt), 1U) << "one is enough";
  receivers.Failed(0, 71'000);
  EXPECT_EQ(receivers.current(), 1U);
  EXPECT_EQ(receivers.Choose(190'999, std::nullopt), 1U);
  EXPECT_EQ(receivers.Choose(191'000, std::nullopt), 0U) << "two minutes later";
  receivers.Succeeded(0, 191'001);
  EXPECT_EQ(receivers.Choose(191'002, std::nullopt), 0U);
}

TEST(Receivers, WhatHadNoAnswerIsAskedOfTheSame) {
  Receivers receivers(2, kOptions);
  for (const TimeMs now_ms : {0, 5'000, 10'000})
    receivers.Failed(0, now_ms);
  EXPECT_EQ(receivers.Choose(11'000, std::nullopt), 1U);
  EXPECT_EQ(receivers.Choose(80'000, 1), 1U) << "and not of the first, though it is time";
  EXPECT_EQ(receivers.Choose(80'000, std::nullopt), 0U);
}

TEST(Receivers, OneAloneIsNeverLeft) {
  Receivers receivers(1, kOptions);
  for (TimeMs now_ms = 0; now_ms < 1'000'000; now_ms += 10'000)
    receivers.Failed(receivers.Choose(now_ms, std::nullopt), now_ms);
  EXPECT_EQ(receivers.current(), 0U);
}

TEST(AdaptiveThrottle, HoldsBackAsTheFormulaSays) {
  AdaptiveThrottle throttle(2);
  EXPECT_EQ(throttle.HoldBack(0), 0);
  for (int i = 0; i < 50; ++i)
    throttle.Answered(true, 1'000);
  for (int i = 0; i < 50; ++i)
    throttle.Answered(false, 1'000);
  EXPECT_EQ(throttle.HoldBack(1'000), 0) << "half is taken: K = 2 sends all";
  for (int i = 0; i < 99; ++i)
    throttle.Answered(false, 60'000);
  EXPECT_DOUBLE_EQ(throttle.HoldBack(60'000), 99.0 / 200.0);
  EXPECT_DOUBLE_EQ(throttle.HoldBack(125'000), 0.8) << "what was taken is long ago";
  EXPECT_EQ(throttle.HoldBack(200'000), 0);
}

TEST(AdaptiveThrottle, WhatIsHeldBackCounts) {
  SeededRandom random(5);
  AdaptiveThrottle throttle(2);
  for (int i = 0; i < 9; ++i)
    throttle.Answered(false, 0);
  int sent = 0;
  for (int i = 0; i < 1'000; ++i)
    sent += throttle.Admit(0, random) ? 1 : 0;
  EXPECT_GT(sent, 150);
  EXPECT_LT(sent, 250);
}

}  // namespace
}  // namespace tickscope::agent
