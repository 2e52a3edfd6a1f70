// Counter functions: rate, increase, delta, irate, idelta, resets and changes.
//
// Source    Prometheus documentation, "Query functions"; order of float operations as notes/conformance gives it, so
//           that results agree to the last bits.
#pragma once

#include <optional>

#include "promql/range_function.h"

namespace tickscope::promql {

[[nodiscard]] Sample RateKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample IncreaseKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample DeltaKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample IrateKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample IdeltaKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample ResetsKernel(const RangeWindow& window, RangeCall& call);
[[nodiscard]] Sample ChangesKernel(const RangeWindow& window, RangeCall& call);

/// Increase of histograms over a window, resets corrected if `counter`; nothing (and a note) when their bucket kinds
/// do not go together. The first sample counts whole when `from_zero`.
/// Requires two samples, or one and `from_zero`.
[[nodiscard]] std::optional<Histogram> HistogramIncrease(const HistogramWindow& window, bool counter,
                                                         bool from_zero, RangeCall& call);

}  // namespace tickscope::promql
