// CardinalityHistory: how many series the largest metrics had on each day, so that growth shows.
//
// Sample is called now and then; a day (UTC) keeps what it was told last. Days past `days_max` go.
//
// Threads   Thread-safe, as its log.
// Bounds    Metrics of a day, days of a tenant.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "console/keyed_log.h"
#include "model/tenant.h"

namespace tickscope::console {

struct MetricDay {
  std::string day;     ///< "2026-03-01"
  std::string metric;  ///< Empty for all together.
  std::uint64_t series = 0;
};

class CardinalityHistory {
 public:
  static constexpr std::size_t kMetricsMax = 200;
  static constexpr std::size_t kDaysMax = 400;
  using Counts = std::vector<std::pair<std::string, std::uint64_t>>;

  explicit CardinalityHistory(KeyedLog& log) : log_(log) {}

  /// Keeps a day's counts: all series, and those of the largest metrics, most first. Writes nothing when it would say the same.
  /// Errors: the log's.
  [[nodiscard]] Status Sample(const TenantId& tenant, TimeMs now_ms, std::uint64_t total,
                              const Counts& by_metric);

  /// Newest day first; of each the total and at most `metrics_max`, most series first.
  [[nodiscard]] std::vector<MetricDay> List(const TenantId& tenant, std::size_t days,
                                            std::size_t metrics_max) const;

 private:
  KeyedLog& log_;
};

}  // namespace tickscope::console
