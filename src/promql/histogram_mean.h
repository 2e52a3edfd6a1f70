// HistogramMean: the average of native histograms, by one division at the end unless the sum would overflow.
#pragma once

#include "model/histogram_arithmetic.h"

namespace tickscope::promql {

class HistogramMean {
 public:
  explicit HistogramMean(const Histogram& first) : sum_(first) {}

  /// Requires SameBucketKind with the first.
  void Add(const Histogram& h) {
    ++count_;
    if (!incremental_) {
      HistogramSum next = sum_;
      next.Add(h);
      if (next.IsFinite() || !sum_.IsFinite()) {
        sum_ = std::move(next);
        return;
      }
      incremental_ = true;
      sum_.Scale(1 / (count_ - 1));
    }
    sum_.Scale((count_ - 1) / count_);
    sum_.Add(h, 1 / count_);
  }
  [[nodiscard]] Histogram Result() const {
    if (incremental_) return sum_.Result();
    HistogramSum mean = sum_;
    mean.Scale(1 / count_);
    return mean.Result();
  }
  [[nodiscard]] const CombineNotes& notes() const { return sum_.notes(); }
  [[nodiscard]] bool uses_custom_bounds() const { return sum_.uses_custom_bounds(); }

 private:
  double count_ = 1;
  bool incremental_ = false;
  HistogramSum sum_;
};

}  // namespace tickscope::promql
