#include "promql/functions_over_time.h"

#include <algorithm>
#include <cmath>

#include "model/histogram_arithmetic.h"
#include "promql/histogram_mean.h"
#include "promql/statistics.h"

namespace tickscope::promql {
namespace {

// For functions that know floats only: true when there is something to compute.
bool FloatsToUse(const RangeWindow& window, RangeCall& call) {
  if (window.mixed()) call.notes |= kNoteIgnoredHistograms;
  return !window.floats.empty();
}

void NoteCombination(const CombineNotes& notes, RangeCall& call) {
  if (notes.reset_conflict) call.notes |= kNoteResetConflict;
  if (notes.bounds_reconciled) call.notes |= kNoteBoundsAggregation;
}

// Folds all histograms of a window into Accumulator (a sum or a mean).
template <typename Accumulator>
Sample FoldHistograms(const HistogramWindow& window, RangeCall& call) {
  Accumulator total(*window.values[0]);
  for (const HistogramPtr& h : window.values.subspan(1)) {
    if (UsesCustomBounds(*h) != total.uses_custom_bounds()) {
      call.notes |= kNoteMixedBucketKinds;
      return Sample::None();
    }
    total.Add(*h);
  }
  NoteCombination(total.notes(), call);
  return Sample::Of(total.Result());
}

bool RefuseMixed(const RangeWindow& window, RangeCall& call) {
  if (!window.mixed()) return false;
  call.notes |= kNoteMixedTypes;
  return true;
}

// Index of a value that `better(value, best)` prefers to all; NaN loses to everything.
template <typename Better>
std::size_t IndexOfBest(std::span<const double> values, Better better) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (better(values[i], values[best]) || std::isnan(values[best])) best = i;
  }
  return best;
}

// Of equal values, zeros of either sign among them, the first gives the value and the last the time.
constexpr auto kStrictlyLower = [](double v, double best) { return v < best; };
constexpr auto kStrictlyHigher = [](double v, double best) { return v > best; };
constexpr auto kLower = [](double v, double best) { return v <= best; };
constexpr auto kHigher = [](double v, double best) { return v >= best; };

bool FirstIsFloat(const RangeWindow& window) {
  return !window.floats.empty() &&
         (window.histograms.empty() || window.floats.times.front() < window.histograms.times.front());
}

bool LastIsFloat(const RangeWindow& window) {
  return !window.floats.empty() &&
         (window.histograms.empty() || window.floats.times.back() > window.histograms.times.back());
}

double Seconds(TimeMs time_ms) {
  return static_cast<double>(time_ms) / 1000;
}

double SumOf(std::span<const double> values) {
  CompensatedSum sum;
  for (const double v : values)
    sum.Add(v);
  return std::isinf(sum.raw()) ? sum.raw() : sum.value();
}

// Whether rows are sums of several samples. One that is of a single sample is that sample, wherever it was read from.
bool HasSums(const FloatWindow& window) {
  return std::ranges::any_of(window.counts, [](double count) { return count != 1; });
}

double Variance(std::span<const double> values) {
  RunningVariance variance;
  for (const double v : values)
    variance.Add(v);
  return variance.value();
}

}  // namespace

Sample SumOverTimeKernel(const RangeWindow& window, RangeCall& call) {
  if (window.empty() || RefuseMixed(window, call)) return Sample::None();
  if (window.floats.empty()) return FoldHistograms<HistogramSum>(window.histograms, call);
  return Sample::Float(SumOf(window.floats.values));
}

Sample AvgOverTimeKernel(const RangeWindow& window, RangeCall& call) {
  if (window.empty() || RefuseMixed(window, call)) return Sample::None();
  if (window.floats.empty()) return FoldHistograms<HistogramMean>(window.histograms, call);
  if (HasSums(window.floats)) return Sample::Float(SumOf(window.floats.values) / SumOf(window.floats.counts));
  CompensatedMean mean;
  for (const double v : window.floats.values)
    mean.Add(v);
  return Sample::Float(mean.value());
}

Sample CountOverTimeKernel(const RangeWindow& window, RangeCall&) {
  if (window.empty()) return Sample::None();
  if (!HasSums(window.floats)) return Sample::Float(static_cast<double>(window.size()));
  return Sample::Float(SumOf(window.floats.counts) + static_cast<double>(window.histograms.size()));
}

Sample MinOverTimeKernel(const RangeWindow& window, RangeCall& call) {
  if (!FloatsToUse(window, call)) return Sample::None();
  return Sample::Float(window.floats.values[IndexOfBest(window.floats.values, kStrictlyLower)]);
}

Sample MaxOverTimeKernel(const RangeWindow& window, RangeCall& call) {
  if (!FloatsToUse(window, call)) return Sample::None();
  return Sample::Float(window.floats.values[IndexOfBest(window.floats.values, kStrictlyHigher)]);
}

Sample StddevOverTimeKernel(const RangeWindow& window, RangeCall& call) {
  if (!FloatsToUse(window, call)) return Sample::None();
  return Sample::Float(std::sqrt(Variance(window.floats.values)));
}

Sample StdvarOverTimeKernel(const RangeWindow& window, RangeCall& call) {
  if (!FloatsToUse(window, call)) return Sample::None();
  return Sample::Float(Variance(window.floats.values));
}

Sample MadOverTimeKernel(const RangeWindow& window, RangeCall& call) {
  if (!FloatsToUse(window, call)) return Sample::None();
  std::vector<double> values(window.floats.values.begin(), window.floats.values.end());
  const auto nan = std::find_if(values.begin(), values.end(), [](double v) { return std::isnan(v); });
  if (nan != values.end()) return Sample::Float(*nan);
  const double median = Quantile(0.5, values);
  for (double& v : values)
    v = std::abs(v - median);
  return Sample::Float(Quantile(0.5, values));
}

Sample QuantileOverTimeKernel(const RangeWindow& window, RangeCall& call) {
  if (!FloatsToUse(window, call)) return Sample::None();
  const double q = call.params[0];
  if (std::isnan(q) || q < 0 || q > 1) call.notes |= kNoteQuantileRange;
  std::vector<double> values(window.floats.values.begin(), window.floats.values.end());
  return Sample::Float(Quantile(q, values));
}

Sample FirstOverTimeKernel(const RangeWindow& window, RangeCall&) {
  if (window.empty()) return Sample::None();
  return FirstIsFloat(window) ? Sample::Float(window.floats.values.front())
                              : Sample::Of(window.histograms.values.front());
}

Sample LastOverTimeKernel(const RangeWindow& window, RangeCall&) {
  if (window.empty()) return Sample::None();
  return LastIsFloat(window) ? Sample::Float(window.floats.values.back())
                             : Sample::Of(window.histograms.values.back());
}

Sample PresentOverTimeKernel(const RangeWindow& window, RangeCall&) {
  return window.empty() ? Sample::None() : Sample::Float(1);
}

Sample TsOfFirstOverTimeKernel(const RangeWindow& window, RangeCall&) {
  if (window.empty()) return Sample::None();
  return Sample::Float(
      Seconds(FirstIsFloat(window) ? window.floats.times.front() : window.histograms.times.front()));
}

Sample TsOfLastOverTimeKernel(const RangeWindow& window, RangeCall&) {
  if (window.empty()) return Sample::None();
  return Sample::Float(
      Seconds(LastIsFloat(window) ? window.floats.times.back() : window.histograms.times.back()));
}

Sample TsOfMinOverTimeKernel(const RangeWindow& window, RangeCall& call) {
  if (!FloatsToUse(window, call)) return Sample::None();
  return Sample::Float(Seconds(window.floats.times[IndexOfBest(window.floats.values, kLower)]));
}

Sample TsOfMaxOverTimeKernel(const RangeWindow& window, RangeCall& call) {
  if (!FloatsToUse(window, call)) return Sample::None();
  return Sample::Float(Seconds(window.floats.times[IndexOfBest(window.floats.values, kHigher)]));
}

}  // namespace tickscope::promql
