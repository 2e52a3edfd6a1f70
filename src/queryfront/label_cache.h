// LabelCache: storage whose answers about labels are kept as long as they hold.
//
// Pages ask for the same names and values again and again, with ranges that move on by seconds. What is kept is looked up by
// the state of what a range covers, so that a new series or another block is a miss, and a moved range is not. That nothing
// matches is kept as well.
//
// Threads   Thread-safe.
// Bounds    bytes_max in all; an answer over an eighth of it is not kept. What was used longest ago goes first.
// Metrics   tickscope_query_cache_labels_requests_total{outcome}, tickscope_query_cache_labels_bytes
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_lru.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "model/label_state.h"
#include "model/queryable.h"

namespace tickscope::queryfront {

class LabelCache final : public Queryable {
 public:
  /// Everything given outlives this.
  LabelCache(const Queryable& storage, const LabelStateSource& states, MetricRegistry& metrics,
             std::uint64_t bytes_max);

  [[nodiscard]] Result<std::unique_ptr<SeriesSet>> Select(const SelectRequest& request,
                                                          const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelNames(const SelectRequest& request,
                                                            const QueryContext& context) const override;
  [[nodiscard]] Result<std::vector<std::string>> LabelValues(const std::string& name,
                                                             const SelectRequest& request,
                                                             const QueryContext& context) const override;

 private:
  using Texts = std::vector<std::string>;
  // `what` tells names, or values of which name.
  [[nodiscard]] Result<Texts> Get(const std::string& what, const SelectRequest& request,
                                  const std::function<Result<Texts>()>& read) const TICKSCOPE_EXCLUDES(mu_);
  void Keep(const std::string& key, const Texts& texts) const TICKSCOPE_EXCLUDES(mu_);

  const Queryable& storage_;
  const LabelStateSource& states_;
  const std::uint64_t bytes_max_;
  Counter* hits_;
  Counter* misses_;
  Counter* bypassed_;
  Gauge* bytes_gauge_;
  mutable Mutex mu_;
  mutable ByteLru<std::shared_ptr<const Texts>> kept_ TICKSCOPE_GUARDED_BY(mu_);
};

}  // namespace tickscope::queryfront
