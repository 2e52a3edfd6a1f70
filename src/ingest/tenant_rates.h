// TenantRates: how much a tenant may send a second, in samples and in bytes.
//
// A bucket each, of burst seconds' worth. A request is let in while its tenant's buckets hold anything, and takes what it is, also below nothing: so one
// that is larger than a bucket is not refused for ever, and the next ones wait for what it took. Refused requests take nothing.
//
// Threads   Externally locked.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include "base/error.h"
#include "model/tenant.h"

namespace tickscope::ingest {

struct RateLimits {
  std::uint64_t samples_per_second = 0;  ///< 0 for any number.
  std::uint64_t bytes_per_second = 0;    ///< Of bodies as decompressed. 0 for any number.
  std::uint64_t burst_seconds = 10;

  friend bool operator==(const RateLimits&, const RateLimits&) = default;
};

class TenantRates {
 public:
  /// Lets a request in, or says when to ask again. Errors: kRateLimited.
  [[nodiscard]] Status Take(const TenantId& tenant, const RateLimits& limits, std::uint64_t samples,
                            std::uint64_t bytes, std::chrono::nanoseconds now);

 private:
  struct Bucket {
    double tokens = 0;
    std::uint64_t rate = 0;
    std::uint64_t burst_seconds = 0;
    std::chrono::nanoseconds filled{};

    void Fill(std::uint64_t its_rate, std::uint64_t its_burst_seconds, std::chrono::nanoseconds now);
  };
  struct Buckets {
    Bucket samples;
    Bucket bytes;
  };
  static constexpr std::size_t kTenantsMax = 100'000;
  std::map<TenantId, Buckets> tenants_;
};

}  // namespace tickscope::ingest
