#include "promql/extended_range.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "model/histogram_arithmetic.h"

namespace tickscope::promql {
namespace {

std::size_t CountUpTo(std::span<const TimeMs> times, TimeMs time_ms) {
  return static_cast<std::size_t>(std::upper_bound(times.begin(), times.end(), time_ms) - times.begin());
}

// Custom bounds along the way to a change, as the reference works it out, histogram by histogram: where two differ,
// it goes on with what they have in common and says so.
class BoundsWalk {
 public:
  explicit BoundsWalk(std::uint32_t& notes) : notes_(notes) {}

  using Bounds = std::vector<double>;

  // Of `a` after `b` was added to it, or taken from it.
  [[nodiscard]] Bounds Combine(const Bounds& a, const Bounds& b, std::uint32_t note) const {
    if (a == b) return a;
    notes_ |= note;
    Bounds common;
    std::ranges::set_intersection(a, b, std::back_inserter(common));
    return common;
  }
  // Of what lies between two samples.
  [[nodiscard]] Bounds Interpolate(const Histogram& before, const Histogram& after, bool reset) const {
    if (reset) return after.custom_bounds;
    const Bounds difference = Combine(after.custom_bounds, before.custom_bounds, kNoteBoundsSubtraction);
    return Combine(difference, before.custom_bounds, kNoteBoundsAddition);
  }

 private:
  std::uint32_t& notes_;
};

}  // namespace

EdgedRange::EdgedRange(std::span<const TimeMs> times, std::span<const TimeMs> starts, TimeMs reach_ms,
                       TimeMs start_ms, TimeMs end_ms, RangeMode mode)
    : times_(times),
      starts_(starts),
      reach_ms_(reach_ms),
      start_ms_(start_ms),
      end_ms_(end_ms),
      mode_(mode),
      inside_begin_(CountUpTo(times, start_ms)),
      inside_end_(CountUpTo(times, end_ms)) {
  has_before_ = inside_begin_ > 0;
}

bool EdgedRange::empty() const {
  if (inside_end_ > inside_begin_) return false;
  return !(smoothed() && has_before_ && inside_end_ < times_.size());
}

std::size_t EdgedRange::first_used() const {
  return has_before_ ? inside_begin_ - 1 : inside_begin_;
}
std::size_t EdgedRange::end_used() const {
  return end_is_interpolated() ? inside_end_ + 1 : inside_end_;
}

bool EdgedRange::start_is_interpolated() const {
  return smoothed() && has_before_ && times_[inside_begin_ - 1] != start_ms_ && inside_begin_ < times_.size();
}

bool EdgedRange::end_is_interpolated() const {
  return smoothed() && inside_end_ > 0 && inside_end_ < times_.size() && times_[inside_end_ - 1] != end_ms_;
}

bool EdgedRange::begins_from_zero() const {
  if (has_before_ || starts_.empty() || inside_begin_ == times_.size()) return false;
  const TimeMs zero_ms = starts_[inside_begin_];
  return zero_ms != 0 && zero_ms > reach_ms_ && zero_ms < times_[inside_begin_];
}

void EdgedRange::AddInterpolated(std::size_t after, TimeMs time_ms, double weight, const ResetAt* resets,
                                 SampleTerms& out) const {
  const bool reset = resets != nullptr && (*resets)(after);
  TimeMs from_ms = times_[after - 1];
  if (reset && IsStartReset(times_, starts_, after)) from_ms = starts_[after];
  const double share =
      std::max(0.0, static_cast<double>(time_ms - from_ms) / static_cast<double>(times_[after] - from_ms));
  if (!reset) out.push_back({after - 1, weight, false});
  out.push_back({after, weight * share, !reset});
}

void EdgedRange::AddStartEdge(double weight, const ResetAt* resets, SampleTerms& out) const {
  if (start_is_interpolated()) {
    AddInterpolated(inside_begin_, start_ms_, weight, resets, out);
  } else if (resets != nullptr && begins_from_zero()) {
    // The first sample's start time stands for a sample of zero there.
    const TimeMs zero_ms = starts_[inside_begin_];
    const double share =
        static_cast<double>(start_ms_ - zero_ms) / static_cast<double>(times_[inside_begin_] - zero_ms);
    if (share > 0 && smoothed()) out.push_back({inside_begin_, weight * share, false});
  } else {
    out.push_back({first_used(), weight, false});
  }
}

void EdgedRange::AddEndEdge(double weight, const ResetAt* resets, SampleTerms& out) const {
  if (end_is_interpolated()) {
    AddInterpolated(inside_end_, end_ms_, weight, resets, out);
  } else {
    out.push_back({inside_end_ - 1, weight, false});
  }
}

void EdgedRange::AddResets(const ResetAt& resets, SampleTerms& out) const {
  // An interpolated start lies after the reset, if there was one; an interpolated end needs the step up to it.
  const std::size_t first_step = start_is_interpolated() ? inside_begin_ + 1 : first_used() + 1;
  for (std::size_t i = first_step; i < end_used(); ++i) {
    if (resets(i)) out.push_back({i - 1, 1, false});
  }
}

double ApplyTerms(const SampleTerms& terms, std::span<const double> values) {
  double sum = 0;
  for (const SampleTerm& term : terms) {
    double part = values[term.index];
    if (term.difference) part -= values[term.index - 1];
    sum += term.weight == 1 ? part : term.weight * part;
  }
  return sum;
}

std::optional<Histogram> ApplyTerms(const SampleTerms& terms, std::span<const HistogramPtr> values) {
  HistogramSum sum(*values[terms[0].index]);
  sum.Scale(terms[0].weight);
  for (std::size_t i = 1; i < terms.size(); ++i) {
    const Histogram& h = *values[terms[i].index];
    if (UsesCustomBounds(h) != sum.uses_custom_bounds()) return std::nullopt;
    sum.Add(h, terms[i].weight);
    if (terms[i].difference) sum.Add(*values[terms[i].index - 1], -terms[i].weight);
  }
  Histogram result = sum.Result();
  // What lies between samples is a gauge only if they are; of a counter's resets it knows nothing.
  const bool gauge = std::ranges::any_of(
      terms, [&](const SampleTerm& term) { return values[term.index]->reset_hint == ResetHint::kGauge; });
  if (terms.size() > 1) result.reset_hint = gauge ? ResetHint::kGauge : ResetHint::kUnknown;
  return result;
}

namespace {

// What is to be told of custom bounds on the way to the change over a range.
std::uint32_t BoundsNotes(const EdgedRange& range, std::span<const HistogramPtr> values,
                          const EdgedRange::ResetAt* resets) {
  std::uint32_t notes = 0;
  const BoundsWalk walk(notes);
  const auto interpolated = [&](std::size_t after) {
    return walk.Interpolate(*values[after - 1], *values[after], resets != nullptr && (*resets)(after));
  };
  const std::size_t first = range.first_used();
  const std::size_t last = range.end_used() - 1;
  const BoundsWalk::Bounds left =
      range.start_is_interpolated() ? interpolated(first + 1) : values[first]->custom_bounds;
  const BoundsWalk::Bounds right =
      range.end_is_interpolated() ? interpolated(last) : values[last]->custom_bounds;
  const BoundsWalk::Bounds change = walk.Combine(right, left, kNoteBoundsSubtraction);
  if (resets == nullptr) return notes;
  SampleTerms lost;
  range.AddResets(*resets, lost);
  if (lost.empty()) return notes;
  BoundsWalk::Bounds correction = values[lost.front().index]->custom_bounds;
  for (const SampleTerm& term : lost)
    correction = walk.Combine(correction, values[term.index]->custom_bounds, kNoteBoundsAddition);
  static_cast<void>(walk.Combine(change, correction, kNoteBoundsAddition));
  return notes;
}

}  // namespace

Sample ExtendedChange(const RangeWindow& window, TimeMs start_ms, TimeMs end_ms, RangeMode mode, bool counter,
                      bool per_second, RangeCall& call) {
  const double seconds = per_second ? static_cast<double>(call.range_ms) / 1000 : 1;
  const EdgedRange floats(window.floats.times, window.floats.starts, window.start_ms, start_ms, end_ms, mode);
  // Start times serve floats alone here: Prometheus does not look at those of histograms in extended ranges.
  const EdgedRange histograms(window.histograms.times, {}, window.start_ms, start_ms, end_ms, mode);
  if (window.mixed() && !(floats.empty() && histograms.empty())) {
    call.notes |= kNoteMixedTypes;
    return Sample::None();
  }
  if (!floats.empty()) {
    const EdgedRange::ResetAt resets = [&](std::size_t i) {
      return std::binary_search(window.floats.resets.begin(), window.floats.resets.end(),
                                window.floats.first + i);
    };
    SampleTerms start;
    SampleTerms end;
    SampleTerms lost;
    floats.AddStartEdge(1, counter ? &resets : nullptr, start);
    floats.AddEndEdge(1, counter ? &resets : nullptr, end);
    if (counter) floats.AddResets(resets, lost);
    const std::span<const double> values = window.floats.values;
    return Sample::Float((ApplyTerms(end, values) - ApplyTerms(start, values) + ApplyTerms(lost, values)) /
                         seconds);
  }
  if (histograms.empty()) return Sample::None();

  const HistogramWindow& column = window.histograms;
  const std::span<const HistogramPtr> used =
      column.values.subspan(histograms.first_used(), histograms.end_used() - histograms.first_used());
  const auto is_gauge = [](const HistogramPtr& h) { return h->reset_hint == ResetHint::kGauge; };
  if (counter && std::any_of(used.begin(), used.end(), is_gauge)) call.notes |= kNoteNotCounter;
  if (!counter && !(is_gauge(used.front()) && is_gauge(used.back()))) call.notes |= kNoteNotGauge;
  if (!std::all_of(used.begin(), used.end(),
                   [&](const HistogramPtr& h) { return SameBucketKind(*h, *used.front()); })) {
    call.notes |= kNoteMixedBucketKinds;
    return Sample::None();
  }
  const EdgedRange::ResetAt resets = [&](std::size_t i) {
    return IsCounterReset(*column.values[i - 1], *column.values[i]);
  };
  SampleTerms terms;
  histograms.AddEndEdge(1, counter ? &resets : nullptr, terms);
  histograms.AddStartEdge(-1, counter ? &resets : nullptr, terms);
  if (counter) histograms.AddResets(resets, terms);
  if (UsesCustomBounds(*used.front()))
    call.notes |= BoundsNotes(histograms, column.values, counter ? &resets : nullptr);
  std::optional<Histogram> change = ApplyTerms(terms, column.values);
  if (!change) return Sample::None();
  change->reset_hint = ResetHint::kGauge;
  return Sample::Of(per_second ? ScaleHistogram(*change, 1 / seconds) : *std::move(change));
}

RangeWindow AnchoredWindow(const RangeWindow& window, TimeMs start_ms, TimeMs end_ms) {
  std::size_t float_begin = CountUpTo(window.floats.times, start_ms);
  std::size_t histogram_begin = CountUpTo(window.histograms.times, start_ms);
  RangeWindow out = window;
  out.start_ms = start_ms;
  out.end_ms = end_ms;
  if (float_begin == window.floats.size() && histogram_begin == window.histograms.size()) {
    out.floats = {};
    out.histograms = {};
    return out;
  }
  if (float_begin > 0 && (histogram_begin == 0 || window.floats.times[float_begin - 1] >
                                                      window.histograms.times[histogram_begin - 1])) {
    --float_begin;
  } else if (histogram_begin > 0) {
    --histogram_begin;
  }
  const auto from = [](auto span, std::size_t begin) { return span.empty() ? span : span.subspan(begin); };
  out.floats.times = from(window.floats.times, float_begin);
  out.floats.values = from(window.floats.values, float_begin);
  out.floats.starts = from(window.floats.starts, float_begin);
  out.floats.first += float_begin;
  out.histograms.times = from(window.histograms.times, histogram_begin);
  out.histograms.values = from(window.histograms.values, histogram_begin);
  out.histograms.starts = from(window.histograms.starts, histogram_begin);
  return out;
}

Sample SmoothedValue(const RangeWindow& window, TimeMs time_ms, std::uint32_t& notes) {
  if (window.mixed()) return Sample::None();  // The caller tells.
  const std::size_t floats = CountUpTo(window.floats.times, time_ms);
  const std::size_t histograms = CountUpTo(window.histograms.times, time_ms);
  if (floats == 0 && histograms == 0) return Sample::None();
  SampleTerms terms;
  const bool use_floats = floats > 0;
  const std::span<const TimeMs> times = use_floats ? window.floats.times : window.histograms.times;
  const std::size_t at = use_floats ? floats : histograms;
  // Histograms are counters unless they say otherwise, and a reset one grows from nothing; floats may be anything.
  const EdgedRange::ResetAt resets = [&](std::size_t i) {
    const Histogram& before = *window.histograms.values[i - 1];
    const Histogram& now = *window.histograms.values[i];
    const bool gauges = before.reset_hint == ResetHint::kGauge && now.reset_hint == ResetHint::kGauge;
    return !gauges && IsCounterReset(before, now);
  };
  const EdgedRange edge(times, {}, window.start_ms, times[at - 1] - 1, time_ms, RangeMode::kSmoothed);
  edge.AddEndEdge(1, use_floats ? nullptr : &resets, terms);
  if (use_floats) return Sample::Float(ApplyTerms(terms, window.floats.values));
  if (edge.end_is_interpolated()) {
    const Histogram& before = *window.histograms.values[at - 1];
    const Histogram& after = *window.histograms.values[at];
    if (!SameBucketKind(before, after)) {
      notes |= kNoteMixedBucketKinds;
      return Sample::None();
    }
    if (UsesCustomBounds(before)) static_cast<void>(BoundsWalk(notes).Interpolate(before, after, resets(at)));
  }
  std::optional<Histogram> value = ApplyTerms(terms, window.histograms.values);
  return value ? Sample::Of(*std::move(value)) : Sample::None();
}

}  // namespace tickscope::promql
