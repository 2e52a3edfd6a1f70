// Source resolution: how coarse the windows may be that stand for samples, as who asks wants it (Thanos' max_source_resolution).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace tickscope::queryfront {

enum class SourceResolution : std::uint8_t {
  kRaw,          ///< Exact answers only.
  kAuto,         ///< A fifth of the step, or hours when that is one; exact for instant queries.
  kOneMinute,    ///< Windows of a minute.
  kFiveMinutes,  ///< Windows of five minutes.
  kOneHour,      ///< Windows of an hour, where they come to what finer ones would; else of five minutes.
};

/// "raw", "auto", "1m", "5m" or "1h".
[[nodiscard]] std::string_view SourceResolutionName(SourceResolution resolution);
/// The names above, or a duration: the coarsest there is that is no coarser. Errors: kInvalidArgument.
[[nodiscard]] Result<SourceResolution> ParseSourceResolution(std::string_view text);
/// Longest window of a query with that step (0: an instant query); 0 for none.
[[nodiscard]] std::int64_t SourceResolutionMs(SourceResolution resolution, std::int64_t step_ms);

}  // namespace tickscope::queryfront
