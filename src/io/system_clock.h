// SystemClock: the machine's clocks.
#pragma once

#include <memory>

#include "base/clock.h"

namespace tickscope::io {

/// Wall time from the system's real-time clock, durations from its monotonic one. Thread-safe.
[[nodiscard]] std::unique_ptr<Clock> MakeSystemClock();

}  // namespace tickscope::io
