// FairQueue: items of classes, tenants and users, taken in turns.
//
// A class is served by its weight: of 15 turns in which all four wait, alert rules have 8, recording rules 4, dashboards 2,
// ad hoc queries 1. In a class its tenants take turns, in a tenant its users; a user's items leave in order of arrival.
//
// Threads   Externally locked.
// Bounds    In all, a tenant and a user; Push says which was met.
// Cost      Push and Pop O(log tenants + log users) unless users are passed over; the rest O(items).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "queryfront/query_class.h"

namespace tickscope::queryfront {

struct FairQueueLimits {
  std::uint64_t items_max = 256;
  std::uint64_t tenant_items_max = 128;  ///< Of one class.
  std::uint64_t user_items_max = 32;     ///< Likewise.
};

/// What a full queue was full of.
enum class QueueFull : std::uint8_t { kAll, kTenant, kUser };

template <typename Item>
class FairQueue {
 public:
  explicit FairQueue(FairQueueLimits limits) : limits_(limits) {}

  /// Nothing when it was taken in. A refused item is untouched.
  [[nodiscard]] std::optional<QueueFull> Push(QueryClass query_class, const std::string& tenant,
                                              const std::string& user, Item&& item) {
    if (size_ >= limits_.items_max) return QueueFull::kAll;
    Class& of_class = classes_[ToIndex(query_class)];
    const auto known = of_class.tenants.find(tenant);
    if (known != of_class.tenants.end()) {
      if (known->second.size >= limits_.tenant_items_max) return QueueFull::kTenant;
      const auto of_user = known->second.users.find(user);
      if (of_user != known->second.users.end() && of_user->second.size() >= limits_.user_items_max)
        return QueueFull::kUser;
    }
    Tenant& of_tenant = of_class.tenants[tenant];
    of_tenant.users[user].push_back(std::move(item));
    ++of_tenant.size;
    ++of_class.size;
    ++size_;
    return std::nullopt;
  }

  /// The next one in turn that `may` accepts the user of; nothing when there is none. Users that are not accepted keep their
  /// turn.
  template <typename May>
  [[nodiscard]] std::optional<Item> PopIf(const May& may) {
    for (std::size_t tried = 0; tried < classes_.size(); ++tried) {
      Class* const next = NextClass(tried);
      if (next == nullptr) return std::nullopt;
      auto item = PopOf(*next, may);
      if (!item) continue;
      next->credit -= waiting_weight_;
      return item;
    }
    return std::nullopt;
  }
  [[nodiscard]] std::optional<Item> Pop() {
    return PopIf([](const std::string&, const std::string&) { return true; });
  }

  /// Removes the first item of the class that `is_it` accepts; false when there is none.
  template <typename Is>
  bool EraseWhere(QueryClass query_class, const Is& is_it) {
    Class& of_class = classes_[ToIndex(query_class)];
    for (TenantIt tenant = of_class.tenants.begin(); tenant != of_class.tenants.end(); ++tenant) {
      for (UserIt user = tenant->second.users.begin(); user != tenant->second.users.end(); ++user) {
        const auto found = std::find_if(user->second.begin(), user->second.end(), is_it);
        if (found == user->second.end()) continue;
        user->second.erase(found);
        Shrink(of_class, tenant, user);
        return true;
      }
    }
    return false;
  }

  /// Every item, classes in order.
  void ForEach(const std::function<void(QueryClass, const Item&)>& visit) const {
    for (const QueryClass query_class : kQueryClasses) {
      for (const auto& [tenant, of_tenant] : classes_[ToIndex(query_class)].tenants) {
        for (const auto& [user, items] : of_tenant.users) {
          for (const Item& item : items)
            visit(query_class, item);
        }
      }
    }
  }

  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  static constexpr std::array<std::int64_t, kQueryClasses.size()> kWeights = {8, 4, 2, 1};

  struct Tenant {
    std::map<std::string, std::deque<Item>> users;
    std::string last_user;
    std::uint64_t size = 0;
  };
  struct Class {
    std::map<std::string, Tenant> tenants;
    std::string last_tenant;
    std::uint64_t size = 0;
    std::int64_t credit = 0;
  };
  using TenantIt = typename std::map<std::string, Tenant>::iterator;
  using UserIt = typename std::map<std::string, std::deque<Item>>::iterator;

  // Of the classes that wait the one with the `rank`-th largest credit. Credits grow by weight when rank is 0: a smooth
  // weighted round robin.
  Class* NextClass(std::size_t rank) {
    std::array<Class*, kQueryClasses.size()> waiting{};
    std::size_t count = 0;
    waiting_weight_ = 0;
    for (std::size_t i = 0; i < classes_.size(); ++i) {
      if (classes_[i].size == 0) {
        classes_[i].credit = 0;
        continue;
      }
      if (rank == 0) classes_[i].credit += kWeights[i];
      waiting_weight_ += kWeights[i];
      waiting[count++] = &classes_[i];
    }
    if (rank >= count) return nullptr;
    std::stable_sort(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count),
                     [](const Class* a, const Class* b) { return a->credit > b->credit; });
    return waiting[rank];
  }

  template <typename May>
  [[nodiscard]] std::optional<Item> PopOf(Class& of_class, const May& may) {
    TenantIt tenant = of_class.tenants.upper_bound(of_class.last_tenant);
    for (std::size_t i = 0; i < of_class.tenants.size(); ++i, ++tenant) {
      if (tenant == of_class.tenants.end()) tenant = of_class.tenants.begin();
      Tenant& of_tenant = tenant->second;
      UserIt user = of_tenant.users.upper_bound(of_tenant.last_user);
      for (std::size_t k = 0; k < of_tenant.users.size(); ++k, ++user) {
        if (user == of_tenant.users.end()) user = of_tenant.users.begin();
        if (!may(tenant->first, user->first)) continue;
        of_class.last_tenant = tenant->first;
        of_tenant.last_user = user->first;
        std::optional<Item> item(std::move(user->second.front()));
        user->second.pop_front();
        Shrink(of_class, tenant, user);
        return item;
      }
    }
    return std::nullopt;
  }

  void Shrink(Class& of_class, TenantIt tenant, UserIt user) {
    --size_;
    --of_class.size;
    --tenant->second.size;
    if (user->second.empty()) tenant->second.users.erase(user);
    if (tenant->second.users.empty()) of_class.tenants.erase(tenant);
  }

  const FairQueueLimits limits_;
  std::array<Class, kQueryClasses.size()> classes_;
  std::int64_t waiting_weight_ = 0;  // Of the classes that waited at the last look.
  std::uint64_t size_ = 0;
};

}  // namespace tickscope::queryfront
