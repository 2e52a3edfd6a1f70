#include "promql/functions_rate.h"

#include <algorithm>
#include <cmath>

#include "model/histogram_arithmetic.h"

namespace tickscope::promql {
namespace {

enum class Kind : std::uint8_t { kRate, kIncrease, kDelta };

// By how much to multiply the raw change of a window so that it stands for the whole range.
//
// The samples rarely reach to both ends of the range. A gap shorter than 1.1 times their distance is taken to
// continue the series; a longer one means it began or ended there, half a distance away. A counter is not
// extrapolated to before it was zero.
//
// `begin_ms` is the first sample's time, or its start time when that counts as a sample of zero.
double ExtrapolationFactor(const RangeWindow& window, std::span<const TimeMs> times, TimeMs begin_ms,
                           double first_value, double change, bool counter) {
  const double sampled = static_cast<double>(times.back() - begin_ms) / 1000;
  const double average = times.size() == 1 ? 0
                                           : static_cast<double>(times.back() - times.front()) / 1000 /
                                                 static_cast<double>(times.size() - 1);
  double to_start = static_cast<double>(begin_ms - window.start_ms) / 1000;
  double to_end = static_cast<double>(window.end_ms - times.back()) / 1000;
  const double threshold = average * 1.1;
  if (begin_ms != times.front()) {
    to_start = 0;
  } else if (to_start >= threshold) {
    to_start = average / 2;
  }
  if (counter) {
    double to_zero = to_start;
    if (change > 0 && first_value >= 0) to_zero = sampled * (first_value / change);
    to_start = std::min(to_start, to_zero);
  }
  if (to_end >= threshold) to_end = average / 2;
  return (sampled + to_start + to_end) / sampled;
}

// A first sample that says it began to count inside the range stands for a zero at that time.
bool StartsInside(const RangeWindow& window, std::span<const TimeMs> starts, std::span<const TimeMs> times) {
  return !starts.empty() && starts[0] != 0 && starts[0] > window.start_ms && starts[0] < times[0];
}

bool StartsOverlap(std::span<const TimeMs> starts, std::span<const TimeMs> times) {
  for (std::size_t i = 1; i < starts.size(); ++i) {
    if (starts[i] != 0 && starts[i] < times[i - 1] && starts[i] != starts[i - 1]) return true;
  }
  return false;
}

Sample Extrapolate(const RangeWindow& window, RangeCall& call, Kind kind) {
  if (window.mixed()) {
    call.notes |= kNoteMixedTypes;
    return Sample::None();
  }
  const bool counter = kind != Kind::kDelta;
  const bool histograms = window.floats.empty();
  const std::span<const TimeMs> times = histograms ? window.histograms.times : window.floats.times;
  const std::span<const TimeMs> starts = histograms ? window.histograms.starts : window.floats.starts;
  if (times.empty()) return Sample::None();
  const bool from_zero = counter && StartsInside(window, starts, times);
  if (times.size() < 2 && !from_zero) return Sample::None();

  const TimeMs begin_ms = from_zero ? starts[0] : times.front();
  const double per_second = kind == Kind::kRate ? static_cast<double>(call.range_ms) / 1000 : 1;
  if (histograms) {
    std::optional<Histogram> change = HistogramIncrease(window.histograms, counter, from_zero, call);
    if (!change) return Sample::None();
    if (counter && StartsOverlap(starts, times)) call.notes |= kNoteStartOverlap;
    const double first_count = from_zero ? 0 : window.histograms.values[0]->count;
    const double factor = ExtrapolationFactor(window, times, begin_ms, first_count, change->count, counter);
    return Sample::Of(ScaleHistogram(*change, factor / per_second));
  }
  if (counter && StartsOverlap(starts, times)) call.notes |= kNoteStartOverlap;
  const std::span<const double> values = window.floats.values;
  const double first_value = from_zero ? 0 : values.front();
  double change = values.back() - first_value;
  if (counter) {
    for (const std::uint32_t at : window.floats.resets)
      change += values[at - window.floats.first - 1];
  }
  const double factor = ExtrapolationFactor(window, times, begin_ms, first_value, change, counter);
  return Sample::Float(change * (factor / per_second));
}

// One of the last two samples of a window, whichever its type.
struct LastSample {
  TimeMs time_ms = 0;
  TimeMs start_ms = 0;
  double value = 0;
  HistogramPtr histogram;
};

LastSample LastFloat(const FloatWindow& floats, std::size_t from_end) {
  const std::size_t i = floats.size() - 1 - from_end;
  return {floats.times[i], floats.starts.empty() ? 0 : floats.starts[i], floats.values[i], nullptr};
}

LastSample LastHistogram(const HistogramWindow& histograms, std::size_t from_end) {
  const std::size_t i = histograms.size() - 1 - from_end;
  return {histograms.times[i], histograms.starts.empty() ? 0 : histograms.starts[i], 0, histograms.values[i]};
}

// Change between the last two samples, per second for a rate.
Sample InstantChange(const RangeWindow& window, RangeCall& call, bool rate) {
  if (window.size() < 2) return Sample::None();
  LastSample two[2];  // Newest first.
  std::size_t floats_used = 0;
  std::size_t histograms_used = 0;
  for (LastSample& sample : two) {
    const bool float_left = floats_used < window.floats.size();
    const bool histogram_left = histograms_used < window.histograms.size();
    const bool take_float =
        float_left && (!histogram_left || LastFloat(window.floats, floats_used).time_ms >
                                              LastHistogram(window.histograms, histograms_used).time_ms);
    sample = take_float ? LastFloat(window.floats, floats_used++)
                        : LastHistogram(window.histograms, histograms_used++);
  }
  const LastSample& now = two[0];
  const LastSample& before = two[1];
  const double seconds = static_cast<double>(now.time_ms - before.time_ms) / 1000;
  const bool restarted = IsStartReset(before.time_ms, before.start_ms, now.start_ms, now.time_ms);
  if ((now.histogram == nullptr) != (before.histogram == nullptr)) {
    call.notes |= kNoteMixedTypes;
    return Sample::None();
  }
  if (now.histogram == nullptr) {
    const double change =
        rate && (now.value < before.value || restarted) ? now.value : now.value - before.value;
    return Sample::Float(rate ? change / seconds : change);
  }

  const bool now_gauge = now.histogram->reset_hint == ResetHint::kGauge;
  const bool before_gauge = before.histogram->reset_hint == ResetHint::kGauge;
  if (rate && (now_gauge || before_gauge)) call.notes |= kNoteNotCounter;
  if (!rate && !(now_gauge && before_gauge)) call.notes |= kNoteNotGauge;
  Histogram change;
  if (rate && (restarted || IsCounterReset(*before.histogram, *now.histogram))) {
    change = CompactHistogram(*now.histogram);
  } else if (!SameBucketKind(*now.histogram, *before.histogram)) {
    call.notes |= kNoteMixedBucketKinds;
    return Sample::None();
  } else {
    CombineNotes notes;
    change = SubtractHistograms(*now.histogram, *before.histogram, notes);
    if (notes.bounds_reconciled) call.notes |= kNoteBoundsSubtraction;
  }
  change.reset_hint = ResetHint::kGauge;
  return Sample::Of(rate ? DivideHistogram(change, seconds) : std::move(change));
}

// Walks the samples of both types in the order of time and counts the steps `counts_float` and `counts_histogram`
// accept; a change of type always counts.
template <typename FloatStep, typename HistogramStep>
Sample CountSteps(const RangeWindow& window, FloatStep counts_float, HistogramStep counts_histogram) {
  if (window.empty()) return Sample::None();
  std::size_t f = 0;
  std::size_t h = 0;
  double count = 0;
  enum class Previous : std::uint8_t { kNone, kFloat, kHistogram } previous = Previous::kNone;
  while (f < window.floats.size() || h < window.histograms.size()) {
    const bool take_float = f < window.floats.size() && (h == window.histograms.size() ||
                                                         window.floats.times[f] < window.histograms.times[h]);
    if (take_float) {
      if (previous == Previous::kHistogram || (previous == Previous::kFloat && counts_float(f))) ++count;
      previous = Previous::kFloat;
      ++f;
    } else {
      if (previous == Previous::kFloat || (previous == Previous::kHistogram && counts_histogram(h))) ++count;
      previous = Previous::kHistogram;
      ++h;
    }
  }
  return Sample::Float(count);
}

}  // namespace

std::optional<Histogram> HistogramIncrease(const HistogramWindow& window, bool counter, bool from_zero,
                                           RangeCall& call) {
  const std::span<const HistogramPtr> values = window.values;
  const Histogram& last = *values.back();
  const auto resets_at = [&](std::size_t i) {
    return IsStartReset(window.times, window.starts, i) || IsCounterReset(*values[i - 1], *values[i]);
  };
  // After a reset behind it, the first sample does not matter and need not even have buckets of the same kind.
  std::size_t from = 0;
  if (counter && !from_zero && values.size() > 1 && resets_at(1)) from = 1;

  const auto is_gauge = [](const HistogramPtr& h) { return h->reset_hint == ResetHint::kGauge; };
  if (counter) {
    // What is between the ends is looked at after them, and when it does not fit nothing else is said.
    bool gauge = is_gauge(values.front()) || is_gauge(values.back());
    if (!SameBucketKind(*values[from], last)) {
      if (gauge) call.notes |= kNoteNotCounter;
      call.notes |= kNoteMixedBucketKinds;
      return std::nullopt;
    }
    for (std::size_t i = from + 1; i + 1 < values.size(); ++i) {
      gauge = gauge || is_gauge(values[i]);
      if (SameBucketKind(*values[i], last)) continue;
      call.notes |= kNoteMixedBucketKinds;
      return std::nullopt;
    }
    if (gauge) call.notes |= kNoteNotCounter;
  } else {
    if (!SameBucketKind(*values.front(), last)) {
      call.notes |= kNoteMixedBucketKinds;
      return std::nullopt;
    }
    if (!is_gauge(values.front()) || !is_gauge(values.back())) call.notes |= kNoteNotGauge;
  }

  HistogramSum change(last);
  if (from == 0 && !from_zero) {
    change.Add(*values.front(), -1);
    if (change.notes().bounds_reconciled) call.notes |= kNoteBoundsSubtraction;
  }
  if (counter) {
    const bool reconciled_before = change.notes().bounds_reconciled;
    for (std::size_t i = from + 1; i < values.size(); ++i) {
      if (!resets_at(i)) continue;
      change.Add(*values[i - 1]);
      // What both ends have in common has neither's bounds when they differ.
      if (reconciled_before && (values[i - 1]->custom_bounds == values.front()->custom_bounds ||
                                values[i - 1]->custom_bounds == last.custom_bounds)) {
        call.notes |= kNoteBoundsAddition;
      }
    }
    if (change.notes().bounds_reconciled && !reconciled_before) call.notes |= kNoteBoundsAddition;
    // Samples in between may be coarser than both ends; the result can be no finer than any of them.
    for (std::size_t i = from; i < values.size(); ++i)
      change.CoarsenTo(values[i]->schema);
  }
  Histogram result = change.Result();
  result.reset_hint = ResetHint::kGauge;
  return result;
}

Sample RateKernel(const RangeWindow& window, RangeCall& call) {
  return Extrapolate(window, call, Kind::kRate);
}
Sample IncreaseKernel(const RangeWindow& window, RangeCall& call) {
  return Extrapolate(window, call, Kind::kIncrease);
}
Sample DeltaKernel(const RangeWindow& window, RangeCall& call) {
  return Extrapolate(window, call, Kind::kDelta);
}
Sample IrateKernel(const RangeWindow& window, RangeCall& call) {
  return InstantChange(window, call, true);
}
Sample IdeltaKernel(const RangeWindow& window, RangeCall& call) {
  return InstantChange(window, call, false);
}

Sample ResetsKernel(const RangeWindow& window, RangeCall&) {
  const FloatWindow& floats = window.floats;
  const HistogramWindow& histograms = window.histograms;
  const auto restarted = [](const auto& column, std::size_t i) {
    return IsStartReset(column.times, column.starts, i);
  };
  return CountSteps(
      window, [&](std::size_t i) { return floats.values[i] < floats.values[i - 1] || restarted(floats, i); },
      [&](std::size_t i) {
        return restarted(histograms, i) || IsCounterReset(*histograms.values[i - 1], *histograms.values[i]);
      });
}

Sample ChangesKernel(const RangeWindow& window, RangeCall&) {
  return CountSteps(
      window,
      [&](std::size_t i) {
        const double before = window.floats.values[i - 1];
        const double now = window.floats.values[i];
        return now != before && !(std::isnan(now) && std::isnan(before));
      },
      [&](std::size_t i) {
        return !SameHistogram(*window.histograms.values[i - 1], *window.histograms.values[i]);
      });
}

}  // namespace tickscope::promql
