// Durations: what the language accepts and refuses, and that printing reads back.
#include "base/duration.h"

#include <gtest/gtest.h>

namespace tickscope {
namespace {

TEST(Duration, Parses) {
  struct Case {
    const char* text;
    std::int64_t ms;
  };
  const Case cases[] = {{"0", 0},
                        {"0s", 0},
                        {"5m", 300'000},
                        {"1h30m", 5'400'000},
                        {"250ms", 250},
                        {"1d12h", 129'600'000},
                        {"1y", 31'536'000'000},
                        {"1w", 604'800'000},
                        {"1m1ms", 60'001}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto ms = ParseDurationMs(c.text);
    ASSERT_TRUE(ms.has_value());
    EXPECT_EQ(*ms, c.ms);
  }
}

TEST(Duration, Refuses) {
  for (const char* text : {"", "1", "m", "1m1h", "1m1m", "-1m", "1.5h", "1x", " 1m", "1m ",
                           "9223372036854775807y", "999999999999999999999ms"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(ParseDurationMs(text).has_value());
  }
}

TEST(Duration, FormatsShortest) {
  EXPECT_EQ(FormatDurationMs(0), "0s");
  EXPECT_EQ(FormatDurationMs(90'000), "1m30s");
  EXPECT_EQ(FormatDurationMs(-300'000), "-5m");
  EXPECT_EQ(FormatDurationMs(1), "1ms");
  EXPECT_EQ(FormatDurationMs(13LL * 86'400'000), "13d");
  EXPECT_EQ(FormatDurationMs(14LL * 86'400'000), "2w");
}

}  // namespace
}  // namespace tickscope
