// Times and durations as API parameters carry them, in the reference's forms and error texts.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace tickscope::api {

/// The earliest and latest times, as Prometheus names them; clients send them to ask for everything.
inline constexpr std::string_view kEarliestTimeText = "-292273086-05-16T16:47:06Z";
inline constexpr std::string_view kLatestTimeText = "292277025-08-18T07:12:54.999999999Z";
inline constexpr TimeMs kEarliestTimeMs = -9'223'309'901'257'974'000;
inline constexpr TimeMs kLatestTimeMs = 9'223'309'901'257'974'999;

/// "1700000000.5" or RFC 3339, or one of the two texts above.
/// Errors: kInvalidArgument `cannot parse "x" to a valid timestamp`; also for NaN and times past the two
/// above.
[[nodiscard]] Result<TimeMs> ParseTime(std::string_view text);

/// Seconds as a float or a Prometheus duration, cut to whole milliseconds; may be negative.
/// Errors: kInvalidArgument `cannot parse "x" to a valid duration`.
[[nodiscard]] Result<std::int64_t> ParseDuration(std::string_view text);

}  // namespace tickscope::api
