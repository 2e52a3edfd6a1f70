#include "ingest/tenant_rates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tickscope::ingest {

void TenantRates::Bucket::Fill(std::uint64_t its_rate, std::uint64_t its_burst_seconds,
                               std::chrono::nanoseconds now) {
  const double most = static_cast<double>(its_rate) * static_cast<double>(its_burst_seconds);
  // A bucket begins full, also under another limit.
  if (rate != its_rate || burst_seconds != its_burst_seconds) {
    rate = its_rate;
    burst_seconds = its_burst_seconds;
    tokens = most;
    filled = now;
    return;
  }
  const double seconds = std::chrono::duration<double>(now - filled).count();
  tokens = std::min(most, tokens + seconds * static_cast<double>(its_rate));
  filled = now;
}

const RateLimits& TenantRateLimits::Of(const TenantId& tenant) const {
  const auto own = tenants.find(tenant);
  return own == tenants.end() ? others : own->second;
}

Status TenantRates::Take(const TenantId& tenant, const RateLimits& limits, std::uint64_t samples,
                         std::uint64_t bytes, std::chrono::nanoseconds now) {
  if (limits.samples_per_second == 0 && limits.bytes_per_second == 0) return {};
  // Names that nobody has cost a bucket each; forgetting all refills those of others once.
  if (tenants_.size() >= kTenantsMax && !tenants_.contains(tenant)) tenants_.clear();
  Buckets& buckets = tenants_[tenant];
  buckets.samples.Fill(limits.samples_per_second, limits.burst_seconds, now);
  buckets.bytes.Fill(limits.bytes_per_second, limits.burst_seconds, now);
  const auto check = [&](const Bucket& bucket, std::string_view limit) -> Status {
    if (bucket.rate == 0 || bucket.tokens > 0) return {};
    const double wait_seconds = std::ceil(-bucket.tokens / static_cast<double>(bucket.rate));
    return Fail(ErrorCode::kRateLimited,
                fmt::format("tenant {} sends too much: {}={}, ask again in {:.0f} s", tenant, limit,
                            bucket.rate, std::max(1.0, wait_seconds)));
  };
  TICKSCOPE_RETURN_IF_ERROR(check(buckets.samples, "samples_per_second"));
  TICKSCOPE_RETURN_IF_ERROR(check(buckets.bytes, bytes_name_));
  if (buckets.samples.rate > 0) buckets.samples.tokens -= static_cast<double>(samples);
  if (buckets.bytes.rate > 0) buckets.bytes.tokens -= static_cast<double>(bytes);
  return {};
}

}  // namespace tickscope::ingest
