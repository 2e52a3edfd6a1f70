// Trimming: the part of a native histogram below or above a value, as the operators `</` and `>/` give it.
#pragma once

#include "model/histogram.h"

namespace tickscope {

enum class TrimSide : std::uint8_t {
  kKeepBelow,  ///< `h </ v`
  kKeepAbove,  ///< `h >/ v`
};

/// Keeps what lies on one side of `value`; the bucket around it is divided as HistogramFraction would. Count and
/// sum are estimated anew from the buckets unless nothing was cut. A last custom bucket, which has no upper end, is kept
/// or dropped whole.
[[nodiscard]] Histogram TrimHistogram(const Histogram& h, TrimSide side, double value);

}  // namespace tickscope
