// UserBudgets: how many samples each user may still ask for.
//
// A bucket that holds an hour's worth and fills up again all the time, so that nobody waits for a full hour to begin. What a
// query is thought to cost is taken before it runs and corrected by what it did.
//
// Threads   Thread-safe.
// Bounds    users_max buckets; the one not used for longest is forgotten, and would be full again.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/tenant.h"

namespace tickscope::queryfront {

class UserBudgets {
 public:
  /// The clock outlives this.
  UserBudgets(const Clock& clock, std::uint64_t users_max) : clock_(clock), users_max_(users_max) {}

  /// Takes `samples`, or takes nothing and returns how long until there will be enough. More than a whole hour's worth is
  /// given from a full bucket, which is in debt then.
  [[nodiscard]] std::chrono::seconds Take(const TenantId& tenant, const std::string& user,
                                          std::uint64_t samples, std::uint64_t per_hour)
      TICKSCOPE_EXCLUDES(mu_);
  /// Takes more, or gives back (negative), after the fact.
  void Correct(const TenantId& tenant, const std::string& user, double samples, std::uint64_t per_hour)
      TICKSCOPE_EXCLUDES(mu_);

 private:
  using Key = std::pair<TenantId, std::string>;
  struct Bucket {
    double left = 0;
    std::chrono::nanoseconds as_of{0};
    std::list<Key>::iterator used;
  };
  [[nodiscard]] Bucket& Filled(const Key& key, std::uint64_t per_hour) TICKSCOPE_REQUIRES(mu_);

  const Clock& clock_;
  const std::uint64_t users_max_;
  Mutex mu_;
  std::map<Key, Bucket> buckets_ TICKSCOPE_GUARDED_BY(mu_);
  std::list<Key> used_ TICKSCOPE_GUARDED_BY(mu_);  // Most recently used first.
};

}  // namespace tickscope::queryfront
