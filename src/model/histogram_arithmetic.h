// Arithmetic on native histograms: sum, difference, scaling, comparison and counter resets.
//
// Two histograms add up bucket by bucket once they agree on resolution: the coarser exponential schema, the wider
// zero bucket (widened further until no populated bucket straddles its edge) or the custom bounds both share.
// Exponential and custom histograms never mix; callers check SameBucketKind first.
//
// HistogramSum keeps a compensation term for every number (Neumaier), so that sums over many histograms do not
// depend on their order more than sums of floats do. For two operands that equals plain addition.
//
// Source    Prometheus native histograms specification (prometheus.io/docs/specs/native_histograms).
#pragma once

#include <cstdint>
#include <vector>

#include "model/histogram.h"
#include "model/histogram_buckets.h"

namespace tickscope {

/// Both exponential or both custom: only then do +, - and sums exist.
[[nodiscard]] inline bool SameBucketKind(const Histogram& a, const Histogram& b) {
  return UsesCustomBounds(a) == UsesCustomBounds(b);
}

/// What happened while combining that a user should hear about.
struct CombineNotes {
  bool reset_conflict = false;     ///< A sample known as a reset met one known as none.
  bool bounds_reconciled = false;  ///< Custom bounds differed; the common ones were used.
};

/// Running sum of histograms of one bucket kind.
class HistogramSum {
 public:
  explicit HistogramSum(const Histogram& first);

  /// Adds `factor` times `h`. Requires SameBucketKind with the first.
  void Add(const Histogram& h, double factor = 1);
  /// Multiplies everything so far, compensation included.
  void Scale(double factor);
  /// Merges exponential buckets down to `schema`; nothing happens when they are as coarse already.
  void CoarsenTo(std::int32_t schema);

  /// The sum as a histogram without empty buckets.
  [[nodiscard]] Histogram Result() const;
  /// True when no count, sum or bucket of the sum has left the range of finite values.
  [[nodiscard]] bool IsFinite() const;
  [[nodiscard]] const CombineNotes& notes() const { return notes_; }
  [[nodiscard]] bool uses_custom_bounds() const { return schema_ == kCustomBoundsSchema; }

 private:
  struct Number {
    double sum = 0;
    double compensation = 0;
    void Add(double v);
    [[nodiscard]] double value() const { return sum + compensation; }
  };
  struct Bucket {
    std::int32_t index = 0;
    Number number;
  };
  using Side = std::vector<Bucket>;  // Ascending by index.

  static void AddSide(const IndexedBuckets& buckets, double factor, Side& side);
  static void MergeInto(Side& side, auto&& new_index);
  void MoveToBounds(const std::vector<double>& bounds);
  double WidenZeroBucket(double threshold);
  void CombineHint(ResetHint hint, double factor);

  std::int32_t schema_;
  ResetHint hint_;
  bool saw_reset_;
  bool saw_no_reset_;
  CombineNotes notes_;
  double zero_threshold_;
  Number zero_;
  Number count_;
  Number sum_;
  Side positive_;
  Side negative_;
  std::vector<double> bounds_;
};

/// Requires SameBucketKind(a, b). The difference is a gauge.
[[nodiscard]] Histogram AddHistograms(const Histogram& a, const Histogram& b, CombineNotes& notes);
[[nodiscard]] Histogram SubtractHistograms(const Histogram& a, const Histogram& b, CombineNotes& notes);

/// `h` times `factor`; a negative factor makes a gauge.
[[nodiscard]] Histogram ScaleHistogram(const Histogram& h, double factor);
/// `h` divided by `divisor`; division by zero leaves no buckets, as they cannot be told apart any more.
[[nodiscard]] Histogram DivideHistogram(const Histogram& h, double divisor);

/// Without empty buckets and spans.
[[nodiscard]] Histogram CompactHistogram(const Histogram& h);

/// Same schema, thresholds, bounds and populated buckets; NaN equals NaN of the same bits. Hints do not count.
[[nodiscard]] bool SameHistogram(const Histogram& a, const Histogram& b);

/// True when a counter was reset between `previous` and `current`: by `current`'s hint where it has one, else because
/// a bucket or the count fell, or the layout changed in a way only a restart explains.
[[nodiscard]] bool IsCounterReset(const Histogram& previous, const Histogram& current);

}  // namespace tickscope
