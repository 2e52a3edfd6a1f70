// Range functions: kernels that turn one window of one series into one sample.
//
// A kernel is a plain function over a RangeWindow. What a user should hear about it reports as note bits, which the
// evaluator turns into annotations once per series; kernels format no text.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "model/histogram.h"
#include "promql/range_series.h"
#include "promql/step_matrix.h"

namespace tickscope::promql {

/// One result: nothing, a float or a histogram.
struct Sample {
  Cell cell = Cell::kNone;
  double value = 0;
  HistogramPtr histogram;

  [[nodiscard]] static Sample None() { return {}; }
  [[nodiscard]] static Sample Float(double v) { return {Cell::kFloat, v, nullptr}; }
  [[nodiscard]] static Sample Of(Histogram h) {
    return {Cell::kHistogram, 0, std::make_shared<const Histogram>(std::move(h))};
  }
  [[nodiscard]] static Sample Of(HistogramPtr h) { return {Cell::kHistogram, 0, std::move(h)}; }
};

/// Bits a kernel sets in RangeCall::notes.
enum RangeNote : std::uint32_t {
  kNoteMixedTypes = 1U << 0,         ///< Floats and histograms, nothing computed.
  kNoteIgnoredHistograms = 1U << 1,  ///< Floats and histograms, only the floats were used.
  kNoteMixedBucketKinds = 1U << 2,   ///< Exponential and custom buckets, nothing computed.
  kNoteNotCounter = 1U << 3,         ///< A gauge histogram in a counter function.
  kNoteNotGauge = 1U << 4,           ///< A counter histogram in a gauge function.
  kNoteBoundsSubtraction = 1U << 5,  ///< Custom bounds reconciled.
  kNoteBoundsAddition = 1U << 6,
  kNoteBoundsAggregation = 1U << 7,
  kNoteResetConflict = 1U << 8,
  kNoteStartOverlap = 1U << 9,       ///< A start timestamp before the previous sample.
  kNoteQuantileRange = 1U << 10,     ///< Quantile parameter outside [0, 1].
  kNoteIntegralStrategy = 1U << 11,  ///< Unknown integration strategy.
};

/// What a kernel may know besides its window.
struct RangeCall {
  std::int64_t range_ms = 0;
  TimeMs time_ms = 0;         ///< Evaluation time of the step.
  double params[2] = {0, 0};  ///< Scalar arguments at this step, in order.
  std::size_t param_count = 0;
  std::uint32_t notes = 0;  ///< RangeNote bits, collected.
};

using RangeKernel = Sample (*)(const RangeWindow&, RangeCall&);

struct RangeFunction {
  std::string_view name;
  RangeKernel kernel = nullptr;
  bool keeps_name = false;
  bool counter = false;  ///< Applied to a gauge float it gives an info.
  /// Where samples are windows' rows, the range begins with that at its very start (range_hints.h).
  bool looks_at_start = false;
  /// Refuses parameters; null when any value goes.
  Status (*check_params)(const RangeCall&) = nullptr;
};

/// The function, or null when the name is not one of a range function with a kernel.
[[nodiscard]] const RangeFunction* FindRangeFunction(std::string_view name);

}  // namespace tickscope::promql
