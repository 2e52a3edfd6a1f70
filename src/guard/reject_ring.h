// RejectRing: what the guard refused lately, redacted, for the people who must mend it.
//
// Series refused for the same reason, metric and label are one entry with a count. Nothing in it is private: texts are
// redacted before they come here, and values of labels never come.
//
// Bounds       kTenantEntries entries a tenant, kTenants tenants; the entry that was quiet longest goes first.
// Threads      Thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/tenant.h"

namespace tickscope::guard {

struct RejectEntry {
  TimeMs first_ms = 0;
  TimeMs last_ms = 0;
  std::uint64_t series = 0;
  std::string reason;  ///< As in the metric.
  std::string kind;    ///< Of private data; empty for another reason.
  std::string owner;   ///< Of the metric; empty when the schema does not name it.
  std::string metric;
  std::string label;  ///< Empty when it is not about one.
};

class RejectRing {
 public:
  static constexpr std::size_t kTenantEntries = 256;
  static constexpr std::size_t kTenants = 256;

  /// Adds a series; times and count of `entry` are set here.
  void Add(const TenantId& tenant, TimeMs now_ms, RejectEntry entry) TICKSCOPE_EXCLUDES(mu_);
  /// The tenant's, newest first.
  [[nodiscard]] std::vector<RejectEntry> Of(const TenantId& tenant) const TICKSCOPE_EXCLUDES(mu_);

 private:
  mutable Mutex mu_;
  std::map<TenantId, std::list<RejectEntry>> entries_ TICKSCOPE_GUARDED_BY(mu_);  // Newest first.
};

}  // namespace tickscope::guard
