#include "aggregate/running_total.h"

#include <cmath>
#include <memory>
#include <utility>

#include "model/histogram_arithmetic.h"

namespace tickscope::aggregate {
namespace {

enum class Since : std::uint8_t {
  kBefore,   // The sample before.
  kStart,    // It began after that one: all it says.
  kNothing,  // How much of it is new is not known.
};

// Whether the value fell is for the caller to see.
Since SinceOf(const InputSample* before, const InputSample& sample, TimeMs began_ms) {
  if (before == nullptr)
    return sample.start_ms != 0 && sample.start_ms >= began_ms ? Since::kStart : Since::kNothing;
  // Some exporters work their start out anew each time, a little off: only one behind the last sample is a restart.
  return sample.start_ms > before->time_ms ? Since::kStart : Since::kBefore;
}

bool IsExponential(const Histogram& histogram) {
  return !UsesCustomBounds(histogram);
}

HistogramPtr Bounded(Histogram histogram, std::uint32_t buckets_max) {
  histogram.reset_hint = ResetHint::kUnknown;
  while (IsExponential(histogram) && histogram.schema > kExponentialSchemaMin &&
         histogram.positive_buckets.size() + histogram.negative_buckets.size() > buckets_max) {
    HistogramSum coarser(histogram);
    coarser.CoarsenTo(histogram.schema - 1);
    histogram = coarser.Result();
  }
  return std::make_shared<const Histogram>(std::move(histogram));
}

}  // namespace

void NumberTotal::Add(double value) {
  const double next = sum + value;
  compensation += std::abs(sum) >= std::abs(value) ? (sum - next) + value : (value - next) + sum;
  sum = next;
}

double IncreaseOf(const InputSample* before, const InputSample& sample, TimeMs began_ms) {
  switch (SinceOf(before, sample, began_ms)) {
    case Since::kNothing:
      return 0;
    case Since::kStart:
      return sample.value;
    case Since::kBefore:
      break;
  }
  return sample.value < before->value ? sample.value : sample.value - before->value;
}

bool AddIncrease(const InputSample* before, const InputSample& sample, TimeMs began_ms,
                 std::uint32_t buckets_max, HistogramPtr& total) {
  const Histogram& now = *sample.histogram;
  const Since since = SinceOf(before, sample, began_ms);
  CombineNotes notes;
  Histogram increase = now;
  if (since == Since::kNothing) {
    increase = SubtractHistograms(now, now, notes);
  } else if (since == Since::kBefore && SameBucketKind(*before->histogram, now) &&
             !IsCounterReset(*before->histogram, now)) {
    increase = SubtractHistograms(now, *before->histogram, notes);
  }
  increase.reset_hint = ResetHint::kUnknown;
  const bool adds_up = total == nullptr || SameBucketKind(*total, increase);
  if (total != nullptr && adds_up) increase = AddHistograms(*total, increase, notes);
  total = Bounded(std::move(increase), buckets_max);
  return adds_up;
}

}  // namespace tickscope::aggregate
