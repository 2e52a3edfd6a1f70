// Calendar time in UTC, computed, not asked of the OS: no time zone files, no locale.
#pragma once

#include <string>

#include "base/clock.h"

namespace tickscope {

/// A UTC calendar date and time of day.
struct CivilTime {
  std::int64_t year = 1970;
  unsigned month = 1;     ///< 1..12
  unsigned day = 1;       ///< 1..31
  unsigned hour = 0;      ///< 0..23
  unsigned minute = 0;    ///< 0..59
  unsigned second = 0;    ///< 0..59
  unsigned weekday = 4;   ///< 0 = Sunday
  unsigned year_day = 1;  ///< 1..366
};

/// Splits whole seconds since the Unix epoch.
[[nodiscard]] CivilTime ToCivilTime(std::int64_t unix_seconds);

/// RFC 3339 with milliseconds: "2026-03-01T12:00:00.000Z".
[[nodiscard]] std::string FormatUtcTime(TimeMs time_ms);

}  // namespace tickscope
