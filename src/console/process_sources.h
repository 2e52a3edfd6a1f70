// What the console shows of the process it is in. The process adapts its parts to these.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/tenant.h"

namespace tickscope::console {

/// status/platform, as docs/openapi/console.yaml describes it.
struct PlatformStatus {
  struct Partition {
    std::uint32_t partition = 0;
    std::uint64_t first = 0;
    std::uint64_t end = 0;
    std::uint64_t applied = 0;
    double lag_seconds = 0;
  };
  struct Tier {
    std::string tier;
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    std::optional<TimeMs> oldest_ms;
    std::optional<TimeMs> newest_ms;
  };
  struct Cache {
    std::string name;
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t bytes = 0;
  };
  struct Live {
    std::uint64_t connections = 0;
    std::uint64_t subscriptions = 0;
    std::uint64_t topics = 0;
    std::uint64_t points = 0;
  };

  std::vector<std::string> roles;
  std::vector<Partition> partitions;
  std::uint64_t active_series = 0;
  std::uint64_t blocks = 0;
  std::uint64_t store_bytes = 0;
  std::vector<Tier> tiers;
  std::vector<Cache> caches;
  std::optional<Live> live;
  std::uint64_t resident_bytes = 0;
  double cpu_seconds = 0;
};

/// How new a tenant's data is.
struct DataFreshness {
  std::optional<TimeMs> newest_ms;    ///< Time of the newest sample; nothing when there are no series.
  std::optional<double> lag_seconds;  ///< From a write to its being seen, as probed; 0 when nothing waits.
};

/// Active series of a tenant.
struct SeriesCounts {
  std::uint64_t total = 0;
  std::vector<std::pair<std::string, std::uint64_t>> by_metric;  ///< Most first.
};

/// Thread-safe.
class ProcessSource {
 public:
  virtual ~ProcessSource() = default;
  [[nodiscard]] virtual PlatformStatus Platform(const TenantId& tenant) const = 0;
  /// Cheap enough for every viewer's every few seconds.
  [[nodiscard]] virtual DataFreshness Freshness(const TenantId& tenant) const = 0;
  /// At most `metrics_max` metrics.
  [[nodiscard]] virtual SeriesCounts CountSeries(const TenantId& tenant, std::size_t metrics_max) const = 0;
  /// Those that have series.
  [[nodiscard]] virtual std::vector<TenantId> Tenants() const = 0;
};

}  // namespace tickscope::console
