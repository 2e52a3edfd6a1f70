#include "promql/column_kernel.h"

#include <algorithm>

#include "model/sample.h"

namespace tickscope::promql {
namespace {

// NaN, staleness markers among them.
bool HasNan(std::span<const double> values) {
  unsigned any = 0;
  for (const double v : values)
    any |= static_cast<unsigned>(v != v);
  return any != 0;
}

// Drops staleness markers; false when other NaN are among the samples.
bool LeaveNumbers(SampleColumns& samples) {
  if (!HasNan(samples.values)) return true;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (IsStaleNan(samples.values[i])) continue;
    samples.times_ms[kept] = samples.times_ms[i];
    samples.values[kept++] = samples.values[i];
  }
  samples.times_ms.resize(kept);
  samples.values.resize(kept);
  return !HasNan(samples.values);
}

void Finish(StepValues& out) {
  unsigned all = 1;
  unsigned any = 0;
  for (const std::uint8_t there : out.is_there) {
    all &= there;
    any |= there;
  }
  out.is_everywhere = all != 0;
  out.is_anywhere = any != 0;
}

}  // namespace

WindowGrid GridOf(const ColumnQuestion& question) {
  std::vector<std::uint8_t> from_start;
  if (!question.windows.empty()) {
    for (const TimeMs end_ms : question.ends_ms)
      from_start.push_back(static_cast<std::uint8_t>(question.StartsAtWindow(end_ms - question.range_ms)));
  }
  return {question.ends_ms, question.range_ms, question.per_second(), std::move(from_start)};
}

ColumnKernel::ColumnKernel(const ColumnQuestion& question) : question_(question), grid_(GridOf(question)) {
  if (question.function == nullptr) {
    form_ = Form::kNewest;
  } else if (question.function->name == "rate" || question.function->name == "increase") {
    form_ = Form::kCounterChange;
  } else if (question.function->name == "last_over_time") {
    form_ = Form::kLast;
  } else if (question.function->name == "count_over_time") {
    form_ = Form::kCount;
  } else if (question.function->name == "delta") {
    form_ = Form::kChange;
  }
}

bool ColumnKernel::Evaluate(SampleColumns& samples, bool rises, StepValues& out) {
  if (std::ranges::any_of(samples.histograms, [](const HistogramPtr& h) { return h != nullptr; }))
    return false;
  samples.histograms.clear();
  samples.start_times_ms.clear();
  out.values.resize(question_.ends_ms.size());
  out.is_there.assign(question_.ends_ms.size(), 0);
  bool is_done = true;
  if (form_ == Form::kNewest) {
    Newest(samples, out);
  } else if (form_ != Form::kAny && samples.counts.empty() && (rises || LeaveNumbers(samples))) {
    if (form_ == Form::kLast || form_ == Form::kCount) {
      LastOrCount(samples, out);
    } else if (form_ == Form::kChange) {
      Change(samples, out);
    } else {
      CounterChange(samples, rises, out);
    }
  } else {
    is_done = Any(samples, out);
  }
  Finish(out);
  return is_done;
}

void ColumnKernel::Newest(const SampleColumns& samples, StepValues& out) {
  const std::span<const StepWindow> windows = grid_.Over(samples.times_ms);
  for (std::size_t step = 0; step < windows.size(); ++step) {
    if (windows[step].end == windows[step].first) continue;
    const double v = samples.values[windows[step].end - 1];
    out.values[step] = v;
    out.is_there[step] = static_cast<std::uint8_t>(!IsStaleNan(v));
  }
}

void ColumnKernel::LastOrCount(const SampleColumns& samples, StepValues& out) {
  const std::span<const StepWindow> windows = grid_.Over(samples.times_ms);
  for (std::size_t step = 0; step < windows.size(); ++step) {
    const StepWindow& window = windows[step];
    if (window.end == window.first) continue;
    out.is_there[step] = 1;
    out.values[step] = form_ == Form::kLast ? samples.values[window.end - 1] : window.end - window.first;
  }
}

double ChangeOf(const StepWindow& window, double first, double change, double per_second) {
  // A counter was not below zero before its first sample; the usual one is far above. A little more is asked for than the
  // quotient would, so that what is near is divided.
  const bool is_far = window.sampled_s * first > window.to_start_s * change * 1.000001;
  if (change <= 0 || first < 0 || is_far) [[likely]]
    return change * window.factor;
  const double to_zero = window.sampled_s * (first / change);
  const double to_start = std::min(window.to_start_s, to_zero);
  return change * ((window.sampled_s + to_start + window.to_end_s) / window.sampled_s / per_second);
}

void ColumnKernel::CounterChange(const SampleColumns& samples, bool rises, StepValues& out) {
  const std::span<const StepWindow> windows = grid_.Over(samples.times_ms);
  const double* const values = samples.values.data();
  resets_.clear();
  for (std::uint32_t row = 1; !rises && row < samples.size(); ++row) {
    if (values[row] < values[row - 1]) resets_.push_back(row);
  }
  auto reset = resets_.begin();
  for (std::size_t step = 0; step < windows.size(); ++step) {
    const StepWindow& window = windows[step];
    if (window.end - window.first < 2) continue;
    const double first = values[window.first];
    double change = values[window.end - 1] - first;
    while (reset != resets_.end() && *reset <= window.first)
      ++reset;
    for (auto within = reset; within != resets_.end() && *within < window.end; ++within)
      change += values[*within - 1];
    out.is_there[step] = 1;
    out.values[step] = ChangeOf(window, first, change, grid_.per_second());
  }
}

void ColumnKernel::Change(const SampleColumns& samples, StepValues& out) {
  const std::span<const StepWindow> windows = grid_.Over(samples.times_ms);
  for (std::size_t step = 0; step < windows.size(); ++step) {
    const StepWindow& window = windows[step];
    if (window.end - window.first < 2) continue;
    out.is_there[step] = 1;
    out.values[step] = (samples.values[window.end - 1] - samples.values[window.first]) * window.factor;
  }
}

bool ColumnKernel::Any(const SampleColumns& samples, StepValues& out) {
  series_.Fill(samples, /*use_starts=*/false);
  WindowCursor cursor(series_);
  RangeCall call;
  call.range_ms = question_.range_ms;
  for (std::size_t step = 0; step < question_.ends_ms.size(); ++step) {
    const TimeMs end_ms = question_.ends_ms[step];
    call.time_ms = end_ms;
    const TimeMs start_ms = end_ms - question_.range_ms;
    RangeWindow window = cursor.MoveTo(question_.StartsAtWindow(start_ms) ? start_ms - 1 : start_ms, end_ms);
    window.start_ms = start_ms;
    const Sample sample = question_.function->kernel(window, call);
    if (sample.cell != Cell::kFloat) continue;
    out.values[step] = sample.value;
    out.is_there[step] = 1;
  }
  return call.notes == 0;
}

}  // namespace tickscope::promql
