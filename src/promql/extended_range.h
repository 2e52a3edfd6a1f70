// Ranges with `anchored` and `smoothed`: the value at both ends of the range is known, so nothing is extrapolated.
//
//   anchored   the value at the start is that of the last sample at or before it (within the lookback), else of the
//              first sample inside; the value at the end is that of the last sample inside
//   smoothed   the values at both ends are interpolated between the samples around them
//
// Whatever comes out (an edge, an increase) is a weighted sum of samples, so it is worked out once as terms and then
// applied to floats or histograms alike.
//
// A counter reset between two samples is interpolated from zero: from the start timestamp if known, else from the
// sample before.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "promql/ast.h"
#include "promql/range_function.h"

namespace tickscope::promql {

/// One sample's part in a result: the sample, or how much it differs from the one before it, times `weight`. Kept as a
/// difference, an edge between two equal samples is that value to the last bit.
struct SampleTerm {
  std::size_t index = 0;
  double weight = 0;
  bool difference = false;
};
using SampleTerms = std::vector<SampleTerm>;

/// Samples around a range (start, end], seen as indexes into their times.
class EdgedRange {
 public:
  /// Tells whether a counter was reset between sample i - 1 and sample i.
  using ResetAt = std::function<bool(std::size_t i)>;

  /// `times` reach one lookback beyond the range. `starts` may be empty; those at or before `reach_ms` are too old to
  /// count. Both are borrowed.
  EdgedRange(std::span<const TimeMs> times, std::span<const TimeMs> starts, TimeMs reach_ms, TimeMs start_ms,
             TimeMs end_ms, RangeMode mode);

  /// True when the range cannot be given a value.
  [[nodiscard]] bool empty() const;
  /// Samples that play a part: [first_used, end_used).
  [[nodiscard]] std::size_t first_used() const;
  [[nodiscard]] std::size_t end_used() const;
  /// Whether a value at an edge lies between two samples: the first two used, the last two.
  [[nodiscard]] bool start_is_interpolated() const;
  [[nodiscard]] bool end_is_interpolated() const;
  /// Samples strictly between the edges.
  [[nodiscard]] std::size_t inside_begin() const { return inside_begin_; }
  [[nodiscard]] std::size_t inside_end() const { return inside_end_; }

  // Values at the edges, each times `weight`. Require !empty(). `resets` is null for gauges.
  void AddStartEdge(double weight, const ResetAt* resets, SampleTerms& out) const;
  void AddEndEdge(double weight, const ResetAt* resets, SampleTerms& out) const;
  /// What resets between the edges took away.
  void AddResets(const ResetAt& resets, SampleTerms& out) const;

 private:
  void AddInterpolated(std::size_t after, TimeMs time_ms, double weight, const ResetAt* resets,
                       SampleTerms& out) const;
  [[nodiscard]] bool smoothed() const { return mode_ == RangeMode::kSmoothed; }
  [[nodiscard]] bool begins_from_zero() const;

  std::span<const TimeMs> times_;
  std::span<const TimeMs> starts_;
  TimeMs reach_ms_;
  TimeMs start_ms_;
  TimeMs end_ms_;
  RangeMode mode_;
  bool has_before_ = false;  // The sample before inside_begin_ is at or before the start.
  std::size_t inside_begin_ = 0;
  std::size_t inside_end_ = 0;
};

/// `rate`, `increase` and `delta` over a window that reaches one lookback beyond (start, end].
[[nodiscard]] Sample ExtendedChange(const RangeWindow& window, TimeMs start_ms, TimeMs end_ms, RangeMode mode,
                                    bool counter, bool per_second, RangeCall& call);

/// The part of a window from the last sample at or before `start_ms`, of whichever type, to the end: what anchored
/// `changes` and `resets` count over. Empty when nothing lies inside.
[[nodiscard]] RangeWindow AnchoredWindow(const RangeWindow& window, TimeMs start_ms, TimeMs end_ms);

/// The value at one time between two samples; the last sample's where none follows. Adds RangeNote bits to `notes`.
[[nodiscard]] Sample SmoothedValue(const RangeWindow& window, TimeMs time_ms, std::uint32_t& notes);

/// Sum of the terms; null when histograms of both bucket kinds meet.
[[nodiscard]] double ApplyTerms(const SampleTerms& terms, std::span<const double> values);
[[nodiscard]] std::optional<Histogram> ApplyTerms(const SampleTerms& terms,
                                                  std::span<const HistogramPtr> values);

}  // namespace tickscope::promql
