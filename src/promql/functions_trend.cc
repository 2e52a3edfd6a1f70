#include "promql/functions_trend.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "promql/compensated_sum.h"

namespace tickscope::promql {
namespace {

struct Line {
  double slope = 0;
  double intercept = 0;  ///< Value at the origin.
};

// Least squares over (seconds since `origin_ms`, value).
Line FitLine(const FloatWindow& floats, TimeMs origin_ms) {
  const double first = floats.values[0];
  bool constant = true;
  CompensatedSum x_sum;
  CompensatedSum y_sum;
  CompensatedSum xy_sum;
  CompensatedSum xx_sum;
  for (std::size_t i = 0; i < floats.size(); ++i) {
    const double x = static_cast<double>(floats.times[i] - origin_ms) / 1e3;
    const double y = floats.values[i];
    constant = constant && y == first;
    x_sum.Add(x);
    y_sum.Add(y);
    xy_sum.Add(x * y);
    xx_sum.Add(x * x);
  }
  if (constant) {
    if (std::isinf(first))
      return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
    return {0, first};
  }
  const auto n = static_cast<double>(floats.size());
  const double covariance = xy_sum.value() - x_sum.value() * y_sum.value() / n;
  const double variance = xx_sum.value() - x_sum.value() * x_sum.value() / n;
  const double slope = covariance / variance;
  return {slope, y_sum.value() / n - slope * x_sum.value() / n};
}

bool HasFloats(const RangeWindow& window, RangeCall& call, std::size_t at_least) {
  if (window.mixed()) call.notes |= kNoteIgnoredHistograms;
  return window.floats.size() >= at_least;
}

}  // namespace

Sample DerivKernel(const RangeWindow& window, RangeCall& call) {
  if (!HasFloats(window, call, 2)) return Sample::None();
  // The origin moves with the samples: Unix times would leave few bits for their differences.
  return Sample::Float(FitLine(window.floats, window.floats.times[0]).slope);
}

Sample PredictLinearKernel(const RangeWindow& window, RangeCall& call) {
  if (!HasFloats(window, call, 2)) return Sample::None();
  const Line line = FitLine(window.floats, call.time_ms);
  return Sample::Float(line.slope * call.params[0] + line.intercept);
}

Status CheckSmoothingFactors(const RangeCall& call) {
  if (call.params[0] <= 0 || call.params[0] >= 1) {
    return Fail(ErrorCode::kFailedPrecondition,
                fmt::format("invalid smoothing factor. Expected: 0 < sf < 1, got: {:f}", call.params[0]));
  }
  if (call.params[1] <= 0 || call.params[1] >= 1) {
    return Fail(ErrorCode::kFailedPrecondition,
                fmt::format("invalid trend factor. Expected: 0 < tf < 1, got: {:f}", call.params[1]));
  }
  return {};
}

Sample DoubleExponentialSmoothingKernel(const RangeWindow& window, RangeCall& call) {
  if (!HasFloats(window, call, 2)) return Sample::None();
  const double smoothing = call.params[0];
  const double trend_factor = call.params[1];
  const std::span<const double> values = window.floats.values;
  double previous = 0;
  double smoothed = values[0];
  double trend = values[1] - values[0];
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (i > 1) trend = trend_factor * (smoothed - previous) + (1 - trend_factor) * trend;
    const double next = smoothing * values[i] + (1 - smoothing) * (smoothed + trend);
    previous = smoothed;
    smoothed = next;
  }
  return Sample::Float(smoothed);
}

Sample IntegralKernel(const RangeWindow& window, RangeCall& call) {
  if (!HasFloats(window, call, 1)) return Sample::None();
  const double strategy =
      call.param_count > 0 ? call.params[0] : 2;  // 0: left value, 1: right value, 2: their mean.
  if (strategy != 0 && strategy != 1 && strategy != 2) call.notes |= kNoteIntegralStrategy;
  const auto or_zero = [](double v) { return std::isnan(v) ? 0 : v; };
  CompensatedSum area;
  for (std::size_t i = 1; i < window.floats.size(); ++i) {
    const double before = or_zero(window.floats.values[i - 1]);
    const double now = or_zero(window.floats.values[i]);
    const double seconds = static_cast<double>(window.floats.times[i] - window.floats.times[i - 1]) / 1000;
    // Two halves added one by one: neither their sum nor a small value beside a large one may get lost.
    if (strategy != 1) area.Add((strategy == 0 ? before : before / 2) * seconds);
    if (strategy != 0) area.Add((strategy == 1 ? now : now / 2) * seconds);
  }
  return Sample::Float(area.value());
}

}  // namespace tickscope::promql
