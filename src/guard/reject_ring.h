// RejectRing: what the guard refused lately, redacted, for the people who must mend it.
//
// Series refused for the same reason, metric and label are one entry with a count and the newest few of them as samples.
// Nothing in it is private: texts are redacted before they come here (reject_sample.h).
//
// Bounds       kTenantEntries entries a tenant, kTenants tenants; the entry that was quiet longest goes first. kEntrySamples
//              samples an entry, kReasonSamples of one reason a tenant, the oldest goes first. Of an entry that has all it may,
//              one sample a second is taken: a flood costs no more.
// Memory       A sample is at most some 1.2 KB: 30 MB when every tenant fills all reasons with the longest names.
// Threads      Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "guard/recent_by_tenant.h"
#include "guard/reject_sample.h"
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
  std::string label;                  ///< Empty when it is not about one.
  std::vector<RejectSample> samples;  ///< Newest first; no two the same.
};

class RejectRing {
 public:
  static constexpr std::size_t kTenantEntries = 256;
  static constexpr std::size_t kTenants = 256;
  static constexpr std::size_t kEntrySamples = 5;
  static constexpr std::size_t kReasonSamples = 10;

  /// Adds a series; times, count and samples of `entry` are set here. Whether a sample of it is wanted (AddSample).
  bool Add(const TenantId& tenant, TimeMs now_ms, const RejectEntry& entry) TICKSCOPE_EXCLUDES(mu_);
  /// Adds a sample, whose time is set here, to what Add made of the entry; nothing when that has gone meanwhile.
  void AddSample(const TenantId& tenant, TimeMs now_ms, const RejectEntry& entry, RejectSample sample)
      TICKSCOPE_EXCLUDES(mu_);
  /// The tenant's, newest first.
  [[nodiscard]] std::vector<RejectEntry> Of(const TenantId& tenant) const TICKSCOPE_EXCLUDES(mu_);

 private:
  using Entries = RecentByTenant<RejectEntry>::Entries;

  static void DropOldestSample(Entries& entries, const std::string& reason);

  mutable Mutex mu_;
  RecentByTenant<RejectEntry> entries_ TICKSCOPE_GUARDED_BY(mu_){kTenantEntries, kTenants};
};

}  // namespace tickscope::guard
