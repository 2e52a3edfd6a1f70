// What the guard did to logs and spans, as the API shows it.
#pragma once

#include <vector>

#include "api/sources.h"
#include "model/tenant.h"
#include "signals/guard_notes.h"

namespace tickscope::roles {

/// The tenant's, newest first.
[[nodiscard]] std::vector<api::GuardRejects::SignalEntry> SignalRejects(const signals::GuardNotes& notes,
                                                                        const TenantId& tenant);

}  // namespace tickscope::roles
