#include "queryfront/fresh_steps.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace tickscope::queryfront {

std::vector<ExtentPtr> FreshSteps::Find(const TenantId& tenant, const std::string& key, const Reach& reach,
                                        const MutationLog::Mark& mark) {
  const MutexLock lock(mu_);
  Entry* const entry = steps_.Find(key);
  if (entry == nullptr) return {};
  const std::optional<std::vector<MutationLog::Change>> touched = log_.FreshSince(tenant, entry->mark);
  if (!touched) {
    steps_.Erase(key);
    return {};
  }
  Entry left{entry->parts, mark};
  for (const MutationLog::Change& change : *touched)
    CutOutOfAll(left.parts, ReachedBy(change, reach));
  for (const MutationLog::Change& change : log_.Since(tenant, entry->mark.number))
    CutOutOfAll(left.parts, ReachedBy(change, reach));
  for (ExtentPtr& part : left.parts)
    part = WithNumber(part, mark.number);
  std::vector<ExtentPtr> found = left.parts;
  Keep(key, std::move(left));
  return found;
}

void FreshSteps::Put(const std::string& key, ExtentPtr extent, const MutationLog::Mark& mark) {
  const MutexLock lock(mu_);
  Entry entry{{}, mark};
  if (const Entry* const before = steps_.Find(key)) {
    entry.parts = before->parts;
    CutOutOfAll(entry.parts, {extent->first_ms, extent->last_ms()});
    // Whoever has the older of two marks hears of all that may matter to either.
    if (!entry.parts.empty() && before->mark.applied < mark.applied) entry.mark = before->mark;
  }
  entry.parts.insert(std::ranges::lower_bound(entry.parts, extent->first_ms, {},
                                              [](const ExtentPtr& e) { return e->first_ms; }),
                     std::move(extent));
  std::vector<ExtentPtr> joined;
  for (ExtentPtr& part : entry.parts) {
    if (!joined.empty() && joined.back()->last_ms() + part->step_ms == part->first_ms) {
      const ExtentPtr both[] = {joined.back(), std::move(part)};
      joined.back() = std::make_shared<const Extent>(Join(both));
    } else {
      joined.push_back(std::move(part));
    }
  }
  entry.parts = std::move(joined);
  Keep(key, std::move(entry));
}

void FreshSteps::DropUntil(const std::string& key, TimeMs until_ms) {
  const MutexLock lock(mu_);
  const Entry* const entry = steps_.Find(key);
  if (entry == nullptr) return;
  Entry left = *entry;
  if (CutOutOfAll(left.parts, {std::numeric_limits<TimeMs>::min(), until_ms}) > 0) Keep(key, std::move(left));
}

std::uint64_t FreshSteps::bytes() const {
  const MutexLock lock(mu_);
  return steps_.bytes();
}

void FreshSteps::Keep(const std::string& key, Entry entry) {
  if (entry.parts.size() > kFreshPartsMax) {
    // The newest are asked for again.
    entry.parts.erase(entry.parts.begin(), entry.parts.end() - static_cast<std::ptrdiff_t>(kFreshPartsMax));
  }
  if (entry.parts.empty()) {
    steps_.Erase(key);
    return;
  }
  std::uint64_t bytes = entry.parts.size() * sizeof(ExtentPtr);
  for (const ExtentPtr& part : entry.parts)
    bytes += part->memory_bytes();
  steps_.Put(key, std::move(entry), bytes);
}

}  // namespace tickscope::queryfront
