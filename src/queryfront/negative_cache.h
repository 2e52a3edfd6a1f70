// NegativeCache: storage that remembers which selectors match nothing.
//
// Dashboards ask for metrics that nobody sends, panel after panel, and each question looks into the index of every block of its
// range. That nothing matches holds as long as the state of labels is the same (model/label_state.h): a new series, or another
// block in the range, makes it a different question.
//
// Threads   Thread-safe.
// Bounds    bytes_max in all, 16 KiB a selector; what was used longest ago goes first.
// Metrics   tickscope_query_cache_negative_requests_total{outcome}: "hit" nothing matches, as before; "miss" was looked up;
//           "bypass" cannot be told. tickscope_query_cache_negative_bytes
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_lru.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "model/column_scan.h"
#include "model/label_state.h"
#include "model/queryable.h"

namespace tickscope::queryfront {

class NegativeCache final : public Queryable {
 public:
  /// Everything given outlives this.
  NegativeCache(const Queryable& storage, const LabelStateSource& states, MetricRegistry& metrics,
                std::uint64_t bytes_max);

  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                          const QueryContext& context) const override;
  [[nodiscard]] Result<std::unique_ptr<ColumnScan>> Scan(const SelectRequest& request,
                                                         const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest& request,
                                                            const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string& name,
                                                             const SelectRequest& request,
                                                             const QueryContext& context) const override;

 private:
  struct Nothing {};
  // Nothing when no answer may be kept. Take it before reading: what comes meanwhile is another state's.
  [[nodiscard]] std::optional<std::string> KeyOf(const SelectRequest& request) const;
  [[nodiscard]] bool IsKnown(const std::string& key) const TICKSCOPE_EXCLUDES(mu_);
  void Keep(const std::string& key) const TICKSCOPE_EXCLUDES(mu_);

  const Queryable& storage_;
  const LabelStateSource& states_;
  const std::uint64_t bytes_max_;
  Counter* hits_;
  Counter* misses_;
  Counter* bypassed_;
  Gauge* bytes_gauge_;
  mutable Mutex mu_;
  mutable ByteLru<Nothing> known_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::queryfront
