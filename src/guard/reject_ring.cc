#include "guard/reject_ring.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tickscope::guard {

void RejectRing::Add(const TenantId& tenant, TimeMs now_ms, RejectEntry entry) {
  const MutexLock lock(mu_);
  if (!entries_.contains(tenant) && entries_.size() >= kTenants) {
    entries_.erase(std::ranges::min_element(entries_, {}, [](const auto& item) {
      return item.second.empty() ? 0 : item.second.front().last_ms;
    }));
  }
  std::list<RejectEntry>& ring = entries_[tenant];
  const auto known = std::ranges::find_if(ring, [&](const RejectEntry& other) {
    return other.reason == entry.reason && other.metric == entry.metric && other.label == entry.label &&
           other.kind == entry.kind;
  });
  if (known != ring.end()) {
    ++known->series;
    known->last_ms = now_ms;
    ring.splice(ring.begin(), ring, known);
    return;
  }
  entry.first_ms = entry.last_ms = now_ms;
  entry.series = 1;
  ring.push_front(std::move(entry));
  if (ring.size() > kTenantEntries) ring.pop_back();
}

std::vector<RejectEntry> RejectRing::Of(const TenantId& tenant) const {
  const MutexLock lock(mu_);
  const auto found = entries_.find(tenant);
  if (found == entries_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

}  // namespace tickscope::guard
