#include "base/civil_time.h"

#include <fmt/format.h>

namespace tickscope {

// std::chrono::year ends at 32767, and a query may ask for the date of any number of seconds. So the calendar is
// computed: 400 years have 146,097 days, and years that begin in March have their leap day at the end.
CivilTime ToCivilTime(std::int64_t unix_seconds) {
  constexpr std::int64_t kSecondsPerDay = 86'400;
  constexpr std::int64_t kDaysPerEra = 146'097;
  constexpr std::int64_t kDaysToEpoch = 719'468;  // From 0000-03-01 to 1970-01-01.
  constexpr std::int64_t kDaysMarchToNewYear = 306;
  std::int64_t days = unix_seconds / kSecondsPerDay;
  std::int64_t second_of_day = unix_seconds % kSecondsPerDay;
  if (second_of_day < 0) {
    second_of_day += kSecondsPerDay;
    --days;
  }
  const std::int64_t shifted = days + kDaysToEpoch;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - (kDaysPerEra - 1)) / kDaysPerEra;
  const std::int64_t day_of_era = shifted - era * kDaysPerEra;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t march_day = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t march_month = (5 * march_day + 2) / 153;  // 0 is March.
  const std::int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const std::int64_t year_day =
      month <= 2 ? march_day - kDaysMarchToNewYear + 1 : march_day + (leap ? 60 : 59) + 1;
  const std::int64_t weekday = (days % 7 + 11) % 7;  // The epoch was a Thursday.
  return {.year = year,
          .month = static_cast<unsigned>(month),
          .day = static_cast<unsigned>(march_day - (153 * march_month + 2) / 5 + 1),
          .hour = static_cast<unsigned>(second_of_day / 3600),
          .minute = static_cast<unsigned>(second_of_day / 60 % 60),
          .second = static_cast<unsigned>(second_of_day % 60),
          .weekday = static_cast<unsigned>(weekday),
          .year_day = static_cast<unsigned>(year_day)};
}

std::string FormatUtcTime(TimeMs time_ms) {
  std::int64_t seconds = time_ms / 1000;
  std::int64_t ms = time_ms % 1000;
  if (ms < 0) {
    ms += 1000;
    --seconds;
  }
  const CivilTime t = ToCivilTime(seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", t.year, t.month, t.day, t.hour, t.minute,
                     t.second, ms);
}

}  // namespace tickscope
