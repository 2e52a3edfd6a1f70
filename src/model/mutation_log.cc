#include "model/mutation_log.h"

#include <algorithm>

namespace tickscope {
namespace {

// Changes this near are told as one: a sender that is late all the time makes one every few minutes, not one a request.
constexpr std::int64_t kUnitedMs = 5 * 60'000;

}  // namespace

MutationLog::Mark MutationLog::Now(TimeMs now_ms) {
  const MutexLock lock(mu_);
  settled_until_ms_ = std::max(settled_until_ms_, now_ms - settle_ms_);
  return {number_, settled_until_ms_};
}

void MutationLog::Applied(const TenantId& tenant, std::uint64_t offset, TimeMs min_ms, TimeMs max_ms) {
  const MutexLock lock(mu_);
  if (offset < end_offset_) return;
  end_offset_ = offset + 1;
  if (min_ms <= max_ms && min_ms <= settled_until_ms_)
    Tell(tenant, min_ms, std::min(max_ms, settled_until_ms_));
}

void MutationLog::Changed(const TenantId& tenant, TimeMs min_ms, TimeMs max_ms) {
  const MutexLock lock(mu_);
  if (min_ms <= max_ms) Tell(tenant, min_ms, max_ms);
}

void MutationLog::Tell(const TenantId& tenant, TimeMs min_ms, TimeMs max_ms) {
  std::deque<Change>& changes = changes_[tenant];
  ++number_;
  if (!changes.empty()) {
    Change& last = changes.back();
    const TimeMs from_ms = std::min(last.min_ms, min_ms);
    const TimeMs to_ms = std::max(last.max_ms, max_ms);
    if (static_cast<std::uint64_t>(to_ms) - static_cast<std::uint64_t>(from_ms) <=
        static_cast<std::uint64_t>(kUnitedMs)) {
      last = {number_, from_ms, to_ms};
      return;
    }
  }
  changes.push_back({number_, min_ms, max_ms});
  if (changes.size() <= kChangesMax) return;
  const Change oldest = changes.front();
  changes.pop_front();
  changes.front().min_ms = std::min(changes.front().min_ms, oldest.min_ms);
  changes.front().max_ms = std::max(changes.front().max_ms, oldest.max_ms);
}

std::vector<MutationLog::Change> MutationLog::Since(const TenantId& tenant, std::uint64_t number) const {
  const MutexLock lock(mu_);
  const auto found = changes_.find(tenant);
  if (found == changes_.end()) return {};
  const auto first = std::ranges::upper_bound(found->second, number, {}, &Change::number);
  return {first, found->second.end()};
}

MutationLog::State MutationLog::Save() const {
  const MutexLock lock(mu_);
  State state{number_, settled_until_ms_, end_offset_, {}};
  for (const auto& [tenant, changes] : changes_)
    state.changes[tenant] = {changes.begin(), changes.end()};
  return state;
}

void MutationLog::Restore(const State& state) {
  const MutexLock lock(mu_);
  number_ = state.number;
  settled_until_ms_ = state.settled_until_ms;
  end_offset_ = state.end_offset;
  changes_.clear();
  for (const auto& [tenant, changes] : state.changes)
    changes_[tenant] = {changes.begin(), changes.end()};
}

}  // namespace tickscope
