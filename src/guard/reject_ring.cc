#include "guard/reject_ring.h"

#include <algorithm>
#include <utility>

namespace tickscope::guard {
namespace {

constexpr TimeMs kFullEntryEveryMs = 1'000;

bool AreSame(const RejectSample& a, const RejectSample& b) {
  return a.value == b.value && a.labels == b.labels;
}

// What is one entry.
auto IsOneWith(const RejectEntry& like) {
  return [&like](const RejectEntry& other) {
    return other.reason == like.reason && other.metric == like.metric && other.label == like.label &&
           other.kind == like.kind;
  };
}

}  // namespace

bool RejectRing::Add(const TenantId& tenant, TimeMs now_ms, const RejectEntry& entry) {
  const MutexLock lock(mu_);
  const auto [known, is_new] = entries_.Touch(tenant, now_ms, entry, IsOneWith(entry));
  if (is_new) {
    known.series = 0;
    known.samples.clear();
  }
  ++known.series;
  return known.samples.size() < kEntrySamples || now_ms - known.samples.front().time_ms >= kFullEntryEveryMs;
}

void RejectRing::AddSample(const TenantId& tenant, TimeMs now_ms, const RejectEntry& entry,
                           RejectSample sample) {
  const MutexLock lock(mu_);
  Entries* const entries = entries_.Find(tenant);
  if (entries == nullptr) return;
  const auto known = std::ranges::find_if(*entries, IsOneWith(entry));
  if (known == entries->end()) return;
  std::vector<RejectSample>& samples = known->samples;
  std::erase_if(samples, [&](const RejectSample& other) { return AreSame(other, sample); });
  sample.time_ms = now_ms;
  samples.insert(samples.begin(), std::move(sample));
  if (samples.size() > kEntrySamples) samples.pop_back();
  DropOldestSample(*entries, entry.reason);
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
  return entries_.Of(tenant);
}

}  // namespace tickscope::guard
