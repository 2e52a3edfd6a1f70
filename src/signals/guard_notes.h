// GuardNotes: what the guard did to logs and spans lately, for the people who must mend what sends them.
//
//   replaced, private_value   email in `text` of service "match", 12 times, such as "login [email] from ##"
//   refused, private_name     email in a name, of service "chat", 3 records, such as "[email]"
//
// Nothing in it is private: names are cleaned before they come here, and a sample has its private parts named by their kind and its digits masked.
//
// Bounds    kEntriesMax notes a request and a tenant, kTenantsMax tenants; what was quiet longest goes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "codec/record_kind.h"
#include "guard/pii_finding.h"
#include "guard/pii_kind.h"
#include "guard/recent_by_tenant.h"
#include "model/tenant.h"

namespace tickscope::signals {

enum class GuardAction : std::uint8_t { kReplaced, kRefused };

struct GuardNote {
  codec::RecordKind signal = codec::RecordKind::kLogs;
  GuardAction action = GuardAction::kReplaced;
  guard::PiiKind kind = guard::PiiKind::kEmail;
  std::string owner;  ///< Service, app or job that its resource or stream names; empty when it names none.
  std::string
      field;  ///< Name of the attribute or label; "text" for a body or a span's name, "name" for a name.
  std::string sample;       ///< The first one's.
  std::uint64_t count = 0;  ///< Values that were replaced, or records that were refused.
  std::string sender;       ///< Who pushed it last, as far as it said; empty when not.
  TimeMs first_ms = 0;
  TimeMs last_ms = 0;

  [[nodiscard]] bool IsOfOneKindWith(const GuardNote& other) const {
    return signal == other.signal && action == other.action && kind == other.kind && owner == other.owner &&
           field == other.field;
  }
};

/// A piece of `text` around its first finding of a kind, with every finding as "[email]" and digits as '#'. Findings ascend and do not overlap.
[[nodiscard]] std::string RedactedSample(std::string_view text, std::span<const guard::PiiFinding> findings,
                                         guard::PiiKind kind);

/// Notes of one request, kinds of them added up. Not thread-safe.
class RequestNotes {
 public:
  static constexpr std::size_t kEntriesMax = 64;

  /// The notes from now on are of another owner, whose name is told when it is clean.
  void BeginOwner();
  void NameOwner(std::string_view owner);
  /// Counts one more of a kind. False when it is the first: then the caller adds it with its sample.
  [[nodiscard]] bool Count(GuardAction action, guard::PiiKind kind, std::string_view field);
  void Add(GuardAction action, guard::PiiKind kind, std::string_view field, std::string sample);

  [[nodiscard]] const std::vector<GuardNote>& notes() const { return notes_; }

 private:
  std::string owner_;
  std::vector<GuardNote> notes_;
};

/// Of all tenants. Thread-safe.
class GuardNotes {
 public:
  static constexpr std::size_t kEntriesMax = 256;
  static constexpr std::size_t kTenantsMax = 256;

  void Add(const TenantId& tenant, codec::RecordKind signal, std::string_view sender, TimeMs now_ms,
           const std::vector<GuardNote>& notes) TICKSCOPE_EXCLUDES(mu_);
  /// The tenant's, newest first.
  [[nodiscard]] std::vector<GuardNote> Of(const TenantId& tenant) const TICKSCOPE_EXCLUDES(mu_);

 private:
  mutable Mutex mu_;
  guard::RecentByTenant<GuardNote> notes_ TICKSCOPE_GUARDED_BY(mu_){kEntriesMax, kTenantsMax};
};

}  // namespace tickscope::signals
