// RecentByTenant: what happened to tenants lately, things of one kind counted together; what was quiet longest makes room.
//
// Bounds    entries_max entries a tenant, tenants_max tenants.
// Threads   Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <list>
#include <map>
#include <vector>

#include "base/clock.h"
#include "model/tenant.h"

namespace tickscope::guard {

/// An Entry has `first_ms` and `last_ms`, which are set here.
template <typename Entry>
class RecentByTenant {
 public:
  using Entries = std::list<Entry>;  ///< Newest first.

  RecentByTenant(std::size_t entries_max, std::size_t tenants_max)
      : entries_max_(entries_max), tenants_max_(tenants_max) {}

  struct Touched {
    Entry& entry;
    bool is_new;
  };
  /// The tenant's entry for which `is_same` holds, or else one made of `like`. It is the newest now.
  template <typename IsSame>
  Touched Touch(const TenantId& tenant, TimeMs now_ms, const Entry& like, IsSame is_same) {
    if (!tenants_.contains(tenant) && tenants_.size() >= tenants_max_) {
      tenants_.erase(std::ranges::min_element(tenants_, {},
                                              [](const auto& item) { return item.second.front().last_ms; }));
    }
    Entries& entries = tenants_[tenant];
    const auto known = std::ranges::find_if(entries, is_same);
    const bool is_new = known == entries.end();
    if (is_new) {
      entries.push_front(like);
      entries.front().first_ms = now_ms;
      if (entries.size() > entries_max_) entries.pop_back();
    } else {
      entries.splice(entries.begin(), entries, known);
    }
    entries.front().last_ms = now_ms;
    return {entries.front(), is_new};
  }

  /// Null when nothing is known of the tenant.
  [[nodiscard]] Entries* Find(const TenantId& tenant) {
    const auto found = tenants_.find(tenant);
    return found == tenants_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::vector<Entry> Of(const TenantId& tenant) const {
    const auto found = tenants_.find(tenant);
    if (found == tenants_.end()) return {};
    return {found->second.begin(), found->second.end()};
  }

 private:
  const std::size_t entries_max_;
  const std::size_t tenants_max_;
  std::map<TenantId, Entries> tenants_;  // None is empty.
};

}  // namespace tickscope::guard
