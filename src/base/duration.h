// Prometheus durations: "1h30m", "250ms", "0". Used by queries, configuration and the command line alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tickscope {

/// Parses a duration to milliseconds. Units y w d h m s ms, each once at most, biggest first; "0" alone needs
/// no unit. Years are 365 days, weeks 7. Errors: kInvalidArgument naming the text; kOutOfRange when it
/// exceeds 292 years.
[[nodiscard]] Result<std::int64_t> ParseDurationMs(std::string_view text);

/// Shortest exact form that ParseDurationMs reads back: "1h30m", "0s", "-5m".
[[nodiscard]] std::string FormatDurationMs(std::int64_t duration_ms);

}  // namespace tickscope
