#include "roles/guard_rejects.h"

#include <utility>

namespace tickscope::roles {

api::GuardRejects GuardRejectList::Rejects(const TenantId& tenant) const {
  api::GuardRejects rejects;
  rejects.mode = guard::kGuardModeNames[static_cast<std::size_t>(guard_.mode())];
  for (guard::RejectEntry& entry : guard_.rejects().Of(tenant)) {
    api::GuardRejects::Entry& out = rejects.entries.emplace_back();
    out.first_ms = entry.first_ms;
    out.last_ms = entry.last_ms;
    out.series = entry.series;
    out.reason = std::move(entry.reason);
    out.kind = std::move(entry.kind);
    out.owner = std::move(entry.owner);
    out.metric = std::move(entry.metric);
    out.label = std::move(entry.label);
    for (guard::RejectSample& sample : entry.samples)
      out.samples.push_back({sample.time_ms, std::move(sample.labels), std::move(sample.value)});
  }
  return rejects;
}

}  // namespace tickscope::roles
