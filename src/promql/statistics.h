// Statistics over plain floats, shared by aggregations and *_over_time functions.
#pragma once

#include <vector>

#include "promql/compensated_sum.h"

namespace tickscope::promql {

/// Population variance of a stream of values (Welford, compensated).
class RunningVariance {
 public:
  void Add(double v);
  [[nodiscard]] double value() const { return squares_.value() / count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }

 private:
  double count_ = 0;
  CompensatedSum mean_;
  CompensatedSum squares_;
};

/// The q-quantile by linear interpolation between ranks; NaN counts as the smallest value. `values` are sorted on the
/// way. NaN when there are none or q is NaN, -Inf for q < 0, +Inf for q > 1.
[[nodiscard]] double Quantile(double q, std::vector<double>& values);

}  // namespace tickscope::promql
