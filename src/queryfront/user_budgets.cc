#include "queryfront/user_budgets.h"

#include <algorithm>
#include <cmath>

namespace tickscope::queryfront {
namespace {

constexpr double kHourSeconds = 3600;

}  // namespace

UserBudgets::Bucket& UserBudgets::Filled(const Key& key, std::uint64_t per_hour) {
  const std::chrono::nanoseconds now = clock_.Monotonic();
  const auto most = static_cast<double>(per_hour);
  const auto [it, is_new] = buckets_.try_emplace(key);
  Bucket& bucket = it->second;
  if (is_new) {
    used_.push_front(key);
    bucket = {.left = most, .as_of = now, .used = used_.begin()};
    if (buckets_.size() > users_max_) {
      buckets_.erase(used_.back());
      used_.pop_back();
    }
    return bucket;
  }
  used_.splice(used_.begin(), used_, bucket.used);
  const double seconds = std::chrono::duration<double>(now - bucket.as_of).count();
  bucket.left = std::min(most, bucket.left + seconds * most / kHourSeconds);
  bucket.as_of = now;
  return bucket;
}

std::chrono::seconds UserBudgets::Take(const TenantId& tenant, const std::string& user, std::uint64_t samples,
                                       std::uint64_t per_hour) {
  const MutexLock lock(mu_);
  Bucket& bucket = Filled({tenant, user}, per_hour);
  const double wanted = static_cast<double>(samples);
  const double needed = std::min(wanted, static_cast<double>(per_hour));
  if (bucket.left < needed) {
    return std::chrono::seconds(static_cast<std::int64_t>(
        std::ceil((needed - bucket.left) * kHourSeconds / static_cast<double>(per_hour))));
  }
  bucket.left -= wanted;
  return std::chrono::seconds(0);
}

void UserBudgets::Correct(const TenantId& tenant, const std::string& user, double samples,
                          std::uint64_t per_hour) {
  const MutexLock lock(mu_);
  Bucket& bucket = Filled({tenant, user}, per_hour);
  bucket.left = std::min(bucket.left - samples, static_cast<double>(per_hour));
}

}  // namespace tickscope::queryfront
