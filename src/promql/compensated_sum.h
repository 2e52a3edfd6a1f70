// CompensatedSum: floating-point summation that keeps the bits plain addition loses.
//
// Source    A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54, 1974.
#pragma once

#include <cmath>

namespace tickscope::promql {

class CompensatedSum {
 public:
  CompensatedSum() = default;
  explicit CompensatedSum(double first) : sum_(first) {}

  void Add(double v) {
    const double total = sum_ + v;
    if (std::isinf(total)) {
      compensation_ =
          0;  // Nothing finite is left to compensate, and Inf - Inf must not turn the sum into NaN.
    } else if (std::abs(sum_) >= std::abs(v)) {
      compensation_ += (sum_ - total) + v;
    } else {
      compensation_ += (v - total) + sum_;
    }
    sum_ = total;
  }
  void Scale(double factor) {
    sum_ *= factor;
    compensation_ *= factor;
  }
  void Divide(double divisor) {
    sum_ /= divisor;
    compensation_ /= divisor;
  }
  /// The sum without its compensation, which tells an overflow.
  [[nodiscard]] double raw() const { return sum_; }
  [[nodiscard]] double compensation() const { return compensation_; }
  [[nodiscard]] double value() const { return sum_ + compensation_; }

 private:
  double sum_ = 0;
  double compensation_ = 0;
};

/// Mean that divides a compensated sum, and goes over to an incremental mean once that sum would overflow.
class CompensatedMean {
 public:
  void Add(double v) {
    ++count_;
    if (count_ == 1) {
      sum_ = CompensatedSum(v);
      return;
    }
    if (!incremental_) {
      CompensatedSum next = sum_;
      next.Add(v);
      if (!std::isinf(next.raw())) {
        sum_ = next;
        return;
      }
      incremental_ = true;
      mean_ = sum_;
      mean_.Divide(count_ - 1);
    }
    const double share = (count_ - 1) / count_;
    mean_.Scale(share);
    mean_.Add(v / count_);
  }
  [[nodiscard]] double count() const { return count_; }
  [[nodiscard]] double value() const {
    if (incremental_) return mean_.value();
    return sum_.raw() / count_ + sum_.compensation() / count_;
  }

 private:
  double count_ = 0;
  bool incremental_ = false;
  CompensatedSum sum_;
  CompensatedSum mean_;
};

}  // namespace tickscope::promql
