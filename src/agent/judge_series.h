// Whether a series, as it would be sent, may go out.
#pragma once

#include <optional>

#include "agent/write_batch.h"
#include "guard/guard.h"

namespace tickscope::agent {

/// Why the guard, which counts a refusal, refuses it; nothing when it does not, and of a null guard.
[[nodiscard]] std::optional<guard::Rejection> Judge(guard::Guard* guard, const Series& series);

/// Asks the guard, which counts a refusal; null lets everything out. A receiver tells tenants apart, the agent does not.
[[nodiscard]] bool IsRefused(guard::Guard* guard, const Series& series);

}  // namespace tickscope::agent
