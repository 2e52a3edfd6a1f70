#include "guard/reject_ring.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tickscope::guard {
namespace {

constexpr TimeMs kFullEntryEveryMs = 1'000;

bool AreSame(const RejectSample& a, const RejectSample& b) {
  return a.value == b.value && a.labels == b.labels;
}

}  // namespace

RejectRing::Entries::iterator RejectRing::Find(Entries& entries, const RejectEntry& like) {
  return std::ranges::find_if(entries, [&](const RejectEntry& other) {
    return other.reason == like.reason && other.metric == like.metric && other.label == like.label &&
           other.kind == like.kind;
  });
}

bool RejectRing::Add(const TenantId& tenant, TimeMs now_ms, const RejectEntry& entry) {
  const MutexLock lock(mu_);
  if (!entries_.contains(tenant) && entries_.size() >= kTenants) {
    entries_.erase(std::ranges::min_element(entries_, {}, [](const auto& item) {
      return item.second.empty() ? 0 : item.second.front().last_ms;
    }));
  }
  Entries& ring = entries_[tenant];
  const auto known = Find(ring, entry);
  if (known != ring.end()) {
    ++known->series;
    known->last_ms = now_ms;
    ring.splice(ring.begin(), ring, known);
    return known->samples.size() < kEntrySamples ||
           now_ms - known->samples.front().time_ms >= kFullEntryEveryMs;
  }
  RejectEntry& added = ring.emplace_front(entry);
  added.first_ms = added.last_ms = now_ms;
  added.series = 1;
  added.samples.clear();
  if (ring.size() > kTenantEntries) ring.pop_back();
  return true;
}

void RejectRing::AddSample(const TenantId& tenant, TimeMs now_ms, const RejectEntry& entry,
                           RejectSample sample) {
  const MutexLock lock(mu_);
  const auto ring = entries_.find(tenant);
  if (ring == entries_.end()) return;
  const auto known = Find(ring->second, entry);
  if (known == ring->second.end()) return;
  std::vector<RejectSample>& samples = known->samples;
  std::erase_if(samples, [&](const RejectSample& other) { return AreSame(other, sample); });
  sample.time_ms = now_ms;
  samples.insert(samples.begin(), std::move(sample));
  if (samples.size() > kEntrySamples) samples.pop_back();
  DropOldestSample(ring->second, entry.reason);
}

void RejectRing::DropOldestSample(Entries& entries, const std::string& reason) {
  std::size_t count = 0;
  std::vector<RejectSample>* oldest = nullptr;
  for (RejectEntry& entry : entries) {
    if (entry.reason != reason || entry.samples.empty()) continue;
    count += entry.samples.size();
    // Of equals the entry that was quiet longest, which is further back.
    if (oldest == nullptr || entry.samples.back().time_ms <= oldest->back().time_ms) oldest = &entry.samples;
  }
  if (count > kReasonSamples) oldest->pop_back();
}

std::vector<RejectEntry> RejectRing::Of(const TenantId& tenant) const {
  const MutexLock lock(mu_);
  const auto found = entries_.find(tenant);
  if (found == entries_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

}  // namespace tickscope::guard
