#include "model/mutation_log.h"

#include <algorithm>

namespace tickscope {
namespace {

// Changes this near are told as one: a sender that is late all the time makes one every few minutes, not one a request.
constexpr std::int64_t kUnitedMs = 5 * 60'000;
// Fractions of a strip, and two more because neither end need lie on a boundary. With a settling time of a minute half a second each.
constexpr std::int64_t kFractions = 254;
constexpr std::int64_t kFractionsInAll = kFractions + 2;

}  // namespace

MutationLog::MutationLog(std::int64_t settle_ms)
    : settle_ms_(settle_ms), fraction_ms_(2 * settle_ms / kFractions + 1) {}

std::int64_t MutationLog::FractionOf(TimeMs time_ms) const {
  return time_ms >= 0 ? time_ms / fraction_ms_ : -((-(time_ms + 1)) / fraction_ms_) - 1;
}

MutationLog::Strip& MutationLog::StripOf(const TenantId& tenant) {
  Strip& strip = strips_[tenant];
  const std::int64_t end = FractionOf(settled_until_ms_ + settle_ms_) + 1;
  if (strip.last.empty()) {
    strip.last.resize(static_cast<std::size_t>(kFractionsInAll));
    strip.end = end;
  }
  // What enters is new: nobody has kept anything of it.
  for (strip.end = std::max(strip.end, end - kFractionsInAll); strip.end < end; ++strip.end)
    strip.last[static_cast<std::size_t>(strip.end & (kFractionsInAll - 1))] = 0;
  return strip;
}

void MutationLog::Touch(const TenantId& tenant, TimeMs min_ms, TimeMs max_ms) {
  ++applied_;
  // Nobody has asked yet.
  if (settled_until_ms_ == INT64_MIN || min_ms > max_ms) return;
  const TimeMs begin_ms = settled_until_ms_ - settle_ms_;
  const TimeMs end_ms = settled_until_ms_ + settle_ms_;
  if (max_ms < begin_ms || min_ms > end_ms) return;
  Strip& strip = StripOf(tenant);
  const std::int64_t to = FractionOf(std::min(max_ms, end_ms));
  for (std::int64_t at = FractionOf(std::max(min_ms, begin_ms)); at <= to; ++at)
    strip.last[static_cast<std::size_t>(at & (kFractionsInAll - 1))] = applied_;
}

std::optional<std::vector<MutationLog::Change>> MutationLog::FreshSince(const TenantId& tenant,
                                                                        const Mark& mark) {
  const MutexLock lock(mu_);
  if (settled_until_ms_ == INT64_MIN || settled_until_ms_ - mark.settled_until_ms > settle_ms_)
    return std::nullopt;
  std::vector<Change> changes;
  if (applied_ == mark.applied) return changes;
  const Strip& strip = StripOf(tenant);
  for (std::int64_t at = FractionOf(settled_until_ms_ - settle_ms_); at < strip.end; ++at) {
    if (strip.last[static_cast<std::size_t>(at & (kFractionsInAll - 1))] <= mark.applied) continue;
    const TimeMs from_ms = at * fraction_ms_;
    if (!changes.empty() && changes.back().max_ms + 1 == from_ms) {
      changes.back().max_ms += fraction_ms_;
    } else {
      changes.push_back({0, from_ms, from_ms + fraction_ms_ - 1});
    }
  }
  return changes;
}

MutationLog::Mark MutationLog::Now(TimeMs now_ms) {
  const MutexLock lock(mu_);
  settled_until_ms_ = std::max(settled_until_ms_, now_ms - settle_ms_);
  return {number_, settled_until_ms_, applied_, settled_until_ms_ + settle_ms_};
}

void MutationLog::Applied(const TenantId& tenant, std::uint64_t offset, TimeMs min_ms, TimeMs max_ms) {
  const MutexLock lock(mu_);
  Touch(tenant, min_ms, max_ms);
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
  strips_.clear();
  changes_.clear();
  for (const auto& [tenant, changes] : state.changes)
    changes_[tenant] = {changes.begin(), changes.end()};
}

}  // namespace tickscope
