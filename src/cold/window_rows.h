// WindowRows: a series' samples as windows of five minutes.
//
// Window k is (k * 5 m, (k + 1) * 5 m], stamped with its end; it has a row when it has a sample. Staleness markers are no
// samples. NaN is one: it counts and is summed, and min and max pass over it unless all are NaN.
//
// increase   What a counter grew by: the step to each sample of the window, also from the sample before the window, so
//            that increases of consecutive windows add up. A fall is a reset: the new value counts whole. Samples more than
//            kStepGapMax apart are no step: the later one begins anew, with 0. NaN is passed over. Of histograms likewise;
//            none for gauges, and for a window in which exponential and custom buckets meet.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "model/histogram.h"
#include "model/queryable.h"

namespace tickscope::cold {

/// How far before a day its first sample's step may begin.
inline constexpr std::int64_t kStepGapMax = 2 * 3'600'000;

struct FloatWindow {
  TimeMs end_ms = 0;
  std::int64_t count = 0;
  double sum = 0;
  double min = 0;
  double max = 0;
  double first = 0;
  double last = 0;
  double increase = 0;
};

struct HistogramWindow {
  TimeMs end_ms = 0;
  std::int64_t count = 0;
  HistogramPtr last;
  std::optional<Histogram> increase;
};

struct WindowRows {
  std::vector<FloatWindow> floats;
  std::vector<HistogramWindow> histograms;
};

/// Windows that end in (start, end]. `samples` ascend and may begin before start. Requires: start and end are multiples
/// of a window.
[[nodiscard]] WindowRows MakeWindowRows(const SampleColumns& samples, TimeMs start_ms, TimeMs end_ms);

}  // namespace tickscope::cold
