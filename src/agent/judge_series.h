// Whether a series, as it would be sent, may go out.
#pragma once

#include "agent/write_batch.h"
#include "guard/guard.h"

namespace tickscope::agent {

/// Asks the guard, which counts a refusal; null lets everything out. A receiver tells tenants apart, the agent does not.
[[nodiscard]] bool IsRefused(guard::Guard* guard, const Series& series);

}  // namespace tickscope::agent
