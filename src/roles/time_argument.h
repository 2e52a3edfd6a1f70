// Times as the command line takes them.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace tickscope::roles {

/// A time as the API takes it (Unix seconds or RFC 3339), or "now", "now-1h", "now+5m".
/// Errors: kInvalidArgument naming the text.
[[nodiscard]] Result<TimeMs> ParseTimeArgument(std::string_view text, TimeMs now_ms);

}  // namespace tickscope::roles
