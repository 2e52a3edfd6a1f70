// AggregationPreview: what an agent would add up, without a window passing: which sums there would be, of how many series, and which series
// would go out only as part of them.
//
// Threads   Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "agent/aggregation_rules.h"
#include "agent/write_batch.h"

namespace tickscope::agent {

class AggregationPreview {
 public:
  struct Sum {
    std::size_t series = 0;  ///< That are added up.
    std::int64_t every_ms = 0;
  };

  explicit AggregationPreview(AggregationRules rules) : rules_(std::move(rules)) {}

  /// Notes what `sample` is added up to. Returns whether it also goes out as it is.
  bool Take(const BatchSample& sample);

  /// By the labels of each, as text.
  [[nodiscard]] const std::map<std::string, Sum>& sums() const { return sums_; }

 private:
  const AggregationRules rules_;
  std::map<std::string, Sum> sums_;
};

}  // namespace tickscope::agent
