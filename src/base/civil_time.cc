#include "base/civil_time.h"

#include <fmt/format.h>

#include <chrono>

namespace tickscope {

CivilTime ToCivilTime(std::int64_t unix_seconds) {
  using std::chrono::days;
  using std::chrono::seconds;
  const std::chrono::sys_seconds time{seconds(unix_seconds)};
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time_of_day{time - day};
  const std::chrono::sys_days new_year = date.year() / std::chrono::January / 1;
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<unsigned>(date.month()),
          .day = static_cast<unsigned>(date.day()),
          .hour = static_cast<unsigned>(time_of_day.hours().count()),
          .minute = static_cast<unsigned>(time_of_day.minutes().count()),
          .second = static_cast<unsigned>(time_of_day.seconds().count()),
          .weekday = std::chrono::weekday{day}.c_encoding(),
          .year_day = static_cast<unsigned>((day - new_year).count()) + 1};
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
