#include "roles/signal_rejects.h"

#include <utility>

#include "guard/pii_kind.h"

namespace tickscope::roles {

std::vector<api::GuardRejects::SignalEntry> SignalRejects(const signals::GuardNotes& notes,
                                                          const TenantId& tenant) {
  std::vector<api::GuardRejects::SignalEntry> entries;
  for (signals::GuardNote& note : notes.Of(tenant)) {
    const bool is_refused = note.action == signals::GuardAction::kRefused;
    entries.push_back({.first_ms = note.first_ms,
                       .last_ms = note.last_ms,
                       .count = note.count,
                       .source = note.signal == codec::RecordKind::kLogs ? "logs" : "traces",
                       .action = is_refused ? "refused" : "replaced",
                       .reason = is_refused ? "private_name" : "private_value",
                       .kind = std::string(guard::PiiKindName(note.kind)),
                       .owner = std::move(note.owner),
                       .sender = std::move(note.sender),
                       .field = std::move(note.field),
                       .sample = std::move(note.sample)});
  }
  return entries;
}

}  // namespace tickscope::roles
