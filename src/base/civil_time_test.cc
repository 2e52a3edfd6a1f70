// Calendar: leap rules, days before the epoch, and years far beyond what std::chrono holds; each date was looked up.
#include "base/civil_time.h"

#include <gtest/gtest.h>

namespace tickscope {
namespace {

TEST(CivilTime, Dates) {
  struct Case {
    std::int64_t unix_seconds;
    std::int64_t year;
    unsigned month, day, hour, minute, second, weekday, year_day;
  };
  const Case cases[] = {
      {0, 1970, 1, 1, 0, 0, 0, 4, 1},
      {-1, 1969, 12, 31, 23, 59, 59, 3, 365},
      {951'782'400, 2000, 2, 29, 0, 0, 0, 2, 60},
      {951'868'800, 2000, 3, 1, 0, 0, 0, 3, 61},
      {1'709'164'800, 2024, 2, 29, 0, 0, 0, 4, 60},
      {1'735'689'599, 2024, 12, 31, 23, 59, 59, 2, 366},
      {4'107'542'400, 2100, 3, 1, 0, 0, 0, 1, 60},
      {-2'203'891'200, 1900, 3, 1, 0, 0, 0, 4, 60},
      {-62'135'596'800, 1, 1, 1, 0, 0, 0, 1, 1},
      {253'402'300'799, 9999, 12, 31, 23, 59, 59, 5, 365},
      {10'686'474'581'524, 340'610, 11, 25, 9, 32, 4, 0, 329},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.unix_seconds);
    const CivilTime t = ToCivilTime(c.unix_seconds);
    EXPECT_EQ(t.year, c.year);
    EXPECT_EQ(t.month, c.month);
    EXPECT_EQ(t.day, c.day);
    EXPECT_EQ(t.hour, c.hour);
    EXPECT_EQ(t.minute, c.minute);
    EXPECT_EQ(t.second, c.second);
    EXPECT_EQ(t.weekday, c.weekday);
    EXPECT_EQ(t.year_day, c.year_day);
  }
}

TEST(CivilTime, FormatsUtc) {
  EXPECT_EQ(FormatUtcTime(1'772'366'400'000), "2026-03-01T12:00:00.000Z");
  EXPECT_EQ(FormatUtcTime(-1), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace tickscope
