// Times and durations: each form Prometheus takes, the exact refusal of everything else, and no overflow at the ends.
// The error texts were measured on Prometheus 3.16.
#include "api/time_text.h"

#include <gtest/gtest.h>

namespace tickscope::api {
namespace {

TEST(TimeText, ReadsTimes) {
  struct Case {
    const char* text;
    TimeMs want_ms;
  };
  const Case cases[] = {
      {"0", 0},
      {"1", 1000},
      {"+1", 1000},
      {"-1.5", -1500},
      {"1700000000.1234", 1'700'000'000'123},
      {"1700000000.0005", 1'700'000'000'001},
      {"1e9", 1'000'000'000'000},
      {".5", 500},
      {"1970-01-01T00:00:00Z", 0},
      {"2023-11-14T22:13:20Z", 1'700'000'000'000},
      {"2023-11-14T22:13:20.123456+02:00", 1'699'992'800'123},
      {"2023-11-14T22:13:20.9-00:30", 1'700'001'800'900},
      {"2024-02-29T23:59:59.999999999Z", 1'709'251'199'999},
      {"0001-01-01T00:00:00Z", -62'135'596'800'000},
      {"9999-12-31T23:59:59Z", 253'402'300'799'000},
      {"-292273086-05-16T16:47:06Z", -9'223'309'901'257'974'000},
      {"292277025-08-18T07:12:54.999999999Z", 9'223'309'901'257'974'999},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto time_ms = ParseTime(c.text);
    ASSERT_TRUE(time_ms.has_value());
    EXPECT_EQ(*time_ms, c.want_ms);
  }
}

TEST(TimeText, RefusesOtherTimes) {
  for (const char* text : {"",
                           "x",
                           "+",
                           "++1",
                           "+-1",
                           "1s",
                           "1 ",
                           " 1",
                           "NaN",
                           "Inf",
                           "-inf",
                           "1e300",
                           "9300000000000000",
                           "0x10",
                           "2023-11-14",
                           "2023-11-14T22:13:20",
                           "2023-11-14 22:13:20Z",
                           "2023-11-14T22:13Z",
                           "2023-02-29T00:00:00Z",
                           "2023-13-01T00:00:00Z",
                           "2023-11-14T24:00:00Z",
                           "2023-11-14T22:60:20Z",
                           "2023-11-14T22:13:60Z",
                           "2023-11-14T22:13:20.Z",
                           "2023-11-14T22:13:20+2:00",
                           "2023-11-14T22:13:20+24:00",
                           "2023-11-14T22:13:20Zx",
                           "-2023-11-14T22:13:20Z"}) {
    const auto time_ms = ParseTime(text);
    ASSERT_FALSE(time_ms.has_value()) << text;
    EXPECT_EQ(time_ms.error(), (Error{ErrorCode::kInvalidArgument,
                                      "cannot parse \"" + std::string(text) + "\" to a valid timestamp"}));
  }
}

TEST(TimeText, ReadsDurations) {
  struct Case {
    const char* text;
    std::int64_t want_ms;
  };
  const Case cases[] = {
      {"15", 15'000}, {"0.5", 500},         {"0.0001", 0}, {"-1", -1000},
      {"1m", 60'000}, {"1h30m", 5'400'000}, {"0", 0},      {"9223372036", 9'223'372'036'000},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ParseDuration(c.text).value(), c.want_ms);
  }
}

TEST(TimeText, RefusesOtherDurations) {
  for (const char* text : {"", "x", "5 m", "1m1h", "m"}) {
    EXPECT_EQ(ParseDuration(text).error().message,
              "cannot parse \"" + std::string(text) + "\" to a valid duration");
  }
  for (const char* text : {"1e30", "-1e30", "NaN", "Inf", "9223372037"}) {
    EXPECT_EQ(ParseDuration(text).error().message,
              "cannot parse \"" + std::string(text) + "\" to a valid duration. It overflows int64");
  }
}

}  // namespace
}  // namespace tickscope::api
