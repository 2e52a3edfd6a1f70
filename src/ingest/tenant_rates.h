// TenantRates: how much a tenant may send a second, in samples and in bytes; one for metrics, one for logs, one for traces.
//
// A bucket each, of burst seconds' worth. A request is let in while its tenant's buckets hold anything, and takes what it is, also below nothing: so one
// that is larger than a bucket is not refused for ever, and the next ones wait for what it took. Refused requests take nothing.
//
// Threads   Externally locked.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string_view>

#include "base/error.h"
#include "model/tenant.h"

namespace tickscope::ingest {

struct RateLimits {
  std::uint64_t samples_per_second = 0;      ///< 0 for any number.
  std::uint64_t bytes_per_second = 0;        ///< Of bodies of remote write as decompressed. 0 for any number.
  std::uint64_t log_bytes_per_second = 0;    ///< Of requests with logs likewise.
  std::uint64_t trace_bytes_per_second = 0;  ///< And of those with spans.
  std::uint64_t burst_seconds = 10;

  friend bool operator==(const RateLimits&, const RateLimits&) = default;
};

/// What is in force for whom.
struct TenantRateLimits {
  RateLimits others;
  std::map<TenantId, RateLimits> tenants;  ///< Those with limits of their own.

  [[nodiscard]] const RateLimits& Of(const TenantId& tenant) const;
};

class TenantRates {
 public:
  /// Names the limit of bytes in what is told to senders. The text outlives this.
  explicit TenantRates(std::string_view bytes_name = "bytes_per_second") : bytes_name_(bytes_name) {}

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
  std::string_view bytes_name_;
  std::map<TenantId, Buckets> tenants_;
};

}  // namespace tickscope::ingest
