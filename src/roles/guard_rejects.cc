#include "roles/guard_rejects.h"

#include <utility>

namespace tickscope::roles {

api::GuardRejects GuardRejectList::Rejects(const TenantId& tenant) const {
  api::GuardRejects rejects;
  rejects.mode = guard::kGuardModeNames[static_cast<std::size_t>(guard_.mode())];
  for (guard::RejectEntry& entry : guard_.rejects().Of(tenant)) {
    rejects.entries.push_back({entry.first_ms, entry.last_ms, entry.series, std::move(entry.reason),
                               std::move(entry.kind), std::move(entry.owner), std::move(entry.metric),
                               std::move(entry.label)});
  }
  return rejects;
}

}  // namespace tickscope::roles
