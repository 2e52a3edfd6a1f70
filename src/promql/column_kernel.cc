#include "promql/column_kernel.h"

#include <algorithm>
#include <cmath>
#include <utility>

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

// Rows, and blocks, whose extreme is worked out once for all windows.
constexpr std::size_t kBlockRows = 8;

// Whole numbers of which any sum of a column is exact.
bool AreSmallWholes(std::span<const double> values) {
  const double most = 0x1p52 / static_cast<double>(values.size() + 1);
  unsigned all = 1;
  for (const double v : values) {
    const double near = std::fabs(v) <= most ? v : 0.5;
    // Not -0, whose sum may be -0.
    all &= static_cast<unsigned>(static_cast<double>(static_cast<std::int64_t>(near)) == near) &
           static_cast<unsigned>(!(v == 0 && std::signbit(v)));
  }
  return all != 0;
}

bool HasNegativeZero(std::span<const double> values) {
  unsigned any = 0;
  for (const double v : values)
    any |= static_cast<unsigned>(v == 0 && std::signbit(v));
  return any != 0;
}

template <typename Better>
double BestOf(std::span<const double> values, Better better) {
  double best = values.front();
  for (const double v : values)
    best = better(v, best) ? v : best;
  return best;
}

// The same of kBlockRows values, in pairs: what does not wait for each other.
template <typename Better>
double BestOfBlock(const double* values, Better better) {
  const auto best = [&](double a, double b) { return better(b, a) ? b : a; };
  return best(best(best(values[0], values[1]), best(values[2], values[3])),
              best(best(values[4], values[5]), best(values[6], values[7])));
}

template <typename Better>
void FindBlocks(std::span<const double> values, Better better, std::vector<double>& blocks) {
  blocks.resize(values.size() / kBlockRows);
  for (std::size_t i = 0; i < blocks.size(); ++i)
    blocks[i] = BestOfBlock(&values[i * kBlockRows], better);
}

// The best of values [first, end), which is not empty: of those before and behind whole blocks, and of `blocks_best` of these.
template <typename Better, typename BlocksBest>
double BestBetween(std::span<const double> values, std::size_t first, std::size_t end, Better better,
                   BlocksBest blocks_best) {
  const std::size_t from = (first + kBlockRows - 1) / kBlockRows;
  const std::size_t to = end / kBlockRows;
  if (from >= to) return BestOf(values.subspan(first, end - first), better);
  double best = blocks_best(from, to);
  for (std::size_t row = first; row < from * kBlockRows; ++row)
    best = better(values[row], best) ? values[row] : best;
  for (std::size_t row = to * kBlockRows; row < end; ++row)
    best = better(values[row], best) ? values[row] : best;
  return best;
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

ColumnKernel::Form ColumnKernel::FormOf(const RangeFunction* function) {
  static constexpr std::pair<std::string_view, Form> kForms[] = {
      {"rate", Form::kCounterChange},
      {"increase", Form::kCounterChange},
      {"delta", Form::kChange},
      {"irate", Form::kInstantRate},
      {"idelta", Form::kInstantChange},
      {"changes", Form::kChanges},
      {"resets", Form::kResets},
      {"first_over_time", Form::kFirst},
      {"last_over_time", Form::kLast},
      {"count_over_time", Form::kCount},
      {"present_over_time", Form::kPresent},
      {"min_over_time", Form::kMin},
      {"max_over_time", Form::kMax},
      {"sum_over_time", Form::kSum},
      {"avg_over_time", Form::kAverage},
  };
  if (function == nullptr) return Form::kNewest;
  const auto* const found =
      std::ranges::find(kForms, function->name, &std::pair<std::string_view, Form>::first);
  return found == std::end(kForms) ? Form::kAny : found->second;
}

WindowGrid GridOf(const ColumnQuestion& question) {
  std::vector<std::uint8_t> from_start;
  if (!question.windows.empty()) {
    for (const TimeMs end_ms : question.ends_ms)
      from_start.push_back(static_cast<std::uint8_t>(question.StartsAtWindow(end_ms - question.range_ms)));
  }
  return {question.ends_ms, question.range_ms, question.per_second(), std::move(from_start)};
}

ColumnKernel::ColumnKernel(const ColumnQuestion& question)
    : question_(question), form_(FormOf(question.function)), grid_(GridOf(question)) {}

void ColumnKernel::Begin(StepValues& out) const {
  out.values.resize(question_.ends_ms.size());
  out.is_there.assign(question_.ends_ms.size(), 0);
}

bool ColumnKernel::Evaluate(SampleColumns& samples, bool rises, StepValues& out) {
  if (std::ranges::any_of(samples.histograms, [](const HistogramPtr& h) { return h != nullptr; }))
    return false;
  samples.histograms.clear();
  samples.start_times_ms.clear();
  Begin(out);
  bool is_done = true;
  if (form_ == Form::kNewest) {
    Newest(samples, out);
  } else if (form_ == Form::kAny || !samples.counts.empty() || !(rises || LeaveNumbers(samples)) ||
             !Columns({samples.times_ms, samples.values, rises}, out)) {
    is_done = Any(samples, out);
  }
  Finish(out);
  return is_done;
}

bool ColumnKernel::Evaluate(const RangeSeries& series, StepValues& out) {
  if (form_ == Form::kAny || form_ == Form::kNewest || !series.histograms.empty() ||
      !series.float_starts.empty() || !series.float_counts.empty() || HasNan(series.floats)) {
    return false;
  }
  Begin(out);
  if (!Columns({series.float_times, series.floats, series.float_resets.empty()}, out)) return false;
  Finish(out);
  return true;
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

namespace {

// The value of each window of `rows_min` rows or more.
template <typename ValueOf>
void ForWindows(std::span<const StepWindow> windows, std::uint32_t rows_min, StepValues& out,
                ValueOf value_of) {
  for (std::size_t step = 0; step < windows.size(); ++step) {
    const StepWindow& window = windows[step];
    if (window.rows() < rows_min) continue;
    out.is_there[step] = 1;
    out.values[step] = value_of(window);
  }
}

}  // namespace

bool ColumnKernel::Columns(const Floats& floats, StepValues& out) {
  const double* const values = floats.values.data();
  const std::span<const TimeMs> times_ms = floats.times_ms;
  const std::span<const StepWindow> windows = grid_.Over(times_ms);
  const std::span<const WindowReach> reaches = grid_.reaches();
  const auto last = [&](const StepWindow& window) { return values[window.end - 1]; };
  const auto instant_change = [&](const StepWindow& window) {
    return values[window.end - 1] - values[window.end - 2];
  };
  const auto count_rows = [&](auto counts) {
    counts_.resize(floats.values.size());
    std::uint32_t count = 0;
    for (std::size_t row = 0; row < counts_.size(); ++row)
      counts_[row] = count += row > 0 && counts(values[row - 1], values[row]) ? 1 : 0;
    CountBetween(windows, out);
  };
  switch (form_) {
    case Form::kFirst:
      ForWindows(windows, 1, out, [&](const StepWindow& window) { return values[window.first]; });
      return true;
    case Form::kLast:
      ForWindows(windows, 1, out, last);
      return true;
    case Form::kCount:
      ForWindows(windows, 1, out,
                 [](const StepWindow& window) { return static_cast<double>(window.end - window.first); });
      return true;
    case Form::kPresent:
      ForWindows(windows, 1, out, [](const StepWindow&) { return 1.0; });
      return true;
    case Form::kCounterChange:
      CounterChange(floats, out);
      return true;
    case Form::kChange:
      ForWindows(windows, 2, out, [&](const StepWindow& window) {
        return (values[window.end - 1] - values[window.first]) * reaches[window.reach].factor;
      });
      return true;
    case Form::kInstantRate:
      ForWindows(windows, 2, out, [&](const StepWindow& window) {
        const double now = values[window.end - 1];
        const double change = now < values[window.end - 2] ? now : instant_change(window);
        return change / (static_cast<double>(times_ms[window.end - 1] - times_ms[window.end - 2]) / 1000);
      });
      return true;
    case Form::kInstantChange:
      ForWindows(windows, 2, out, instant_change);
      return true;
    case Form::kChanges:
      count_rows([](double before, double now) { return now != before; });
      return true;
    case Form::kResets:
      count_rows([](double before, double now) { return now < before; });
      return true;
    case Form::kMin:
    case Form::kMax:
      // Of zeros of either sign the first counts.
      if (HasNegativeZero(floats.values)) return false;
      Extremes(floats, out);
      return true;
    case Form::kSum:
    case Form::kAverage:
      if (!AreSmallWholes(floats.values)) return false;
      Sums(floats, out);
      return true;
    case Form::kNewest:
    case Form::kAny:
      return false;
  }
  return false;
}

void ColumnKernel::CountBetween(std::span<const StepWindow> windows, StepValues& out) const {
  ForWindows(windows, 1, out, [&](const StepWindow& window) {
    return static_cast<double>(counts_[window.end - 1] - counts_[window.first]);
  });
}

void ColumnKernel::Extremes(const Floats& floats, StepValues& out) {
  const std::span<const StepWindow> windows = grid_.Over(floats.times_ms);
  const std::span<const double> values = floats.values;
  const auto find = [&](auto better) {
    FindBlocks(values, better, blocks_);
    FindBlocks(blocks_, better, blocks_of_blocks_);
    const auto of_all = [&](std::size_t from, std::size_t to) {
      return BestOf(std::span<const double>(blocks_of_blocks_).subspan(from, to - from), better);
    };
    const auto of_blocks = [&](std::size_t from, std::size_t to) {
      return BestBetween(blocks_, from, to, better, of_all);
    };
    ForWindows(windows, 1, out, [&](const StepWindow& window) {
      return BestBetween(values, window.first, window.end, better, of_blocks);
    });
  };
  if (form_ == Form::kMin) {
    find([](double v, double best) { return v < best; });
  } else {
    find([](double v, double best) { return v > best; });
  }
}

void ColumnKernel::Sums(const Floats& floats, StepValues& out) {
  const std::span<const StepWindow> windows = grid_.Over(floats.times_ms);
  sums_.resize(floats.values.size() + 1);
  std::int64_t sum = 0;
  for (std::size_t row = 0; row < floats.values.size(); ++row) {
    sums_[row] = sum;
    sum += static_cast<std::int64_t>(floats.values[row]);
  }
  sums_.back() = sum;
  const bool is_average = form_ == Form::kAverage;
  ForWindows(windows, 1, out, [&](const StepWindow& window) {
    const auto of_window = static_cast<double>(sums_[window.end] - sums_[window.first]);
    return is_average ? of_window / static_cast<double>(window.end - window.first) : of_window;
  });
}

double CutChangeOf(const WindowReach& reach, double first, double change, double per_second) {
  const double to_zero = reach.sampled_s * (first / change);
  const double to_start = std::min(reach.to_start_s, to_zero);
  return change * ((reach.sampled_s + to_start + reach.to_end_s) / reach.sampled_s / per_second);
}

void ColumnKernel::CounterChange(const Floats& floats, StepValues& out) {
  const std::span<const StepWindow> windows = grid_.Over(floats.times_ms);
  const std::span<const WindowReach> reaches = grid_.reaches();
  const double* const values = floats.values.data();
  resets_.clear();
  for (std::uint32_t row = 1; !floats.rises && row < floats.values.size(); ++row) {
    if (values[row] < values[row - 1]) resets_.push_back(row);
  }
  auto reset = resets_.begin();
  ForWindows(windows, 2, out, [&](const StepWindow& window) {
    const double first = values[window.first];
    double change = values[window.end - 1] - first;
    while (reset != resets_.end() && *reset <= window.first)
      ++reset;
    for (auto within = reset; within != resets_.end() && *within < window.end; ++within)
      change += values[*within - 1];
    return ChangeOf(reaches[window.reach], first, change, grid_.per_second());
  });
}

bool ColumnKernel::Evaluate(const CounterSteps& counter, StepValues& out) {
  Begin(out);
  if (form_ == Form::kCounterChange) {
    if (!CounterChange(counter, out)) return false;
  } else if (!counter.hidden.empty()) {
    return false;
  } else if (form_ == Form::kInstantRate) {
    InstantRate(counter, out);
  } else {
    CountOf(counter, out);
  }
  Finish(out);
  return true;
}

void ColumnKernel::InstantRate(const CounterSteps& counter, StepValues& out) {
  const std::span<const StepWindow> windows = grid_.Over(counter.stretches);
  std::size_t stretch = 0;
  std::size_t from = 0;  // Of the stretch's rows.
  std::size_t fall = counter.stretches.empty() ? 0 : counter.stretches.front().falls_from;
  ForWindows(windows, 2, out, [&](const StepWindow& window) {
    const std::size_t row = window.end - 1;
    while (row - from >= counter.stretches[stretch].times_ms.size()) {
      from += counter.stretches[stretch].times_ms.size();
      fall = counter.stretches[++stretch].falls_from;
    }
    const StepStretch& of = counter.stretches[stretch];
    const std::size_t in = row - from;
    while (fall < of.falls_to && counter.falls[fall].row < in)
      ++fall;
    double change = 0;
    TimeMs before_ms = 0;
    if (in == 0) {
      change = counter.RiseInto(stretch);
      before_ms = counter.stretches[stretch - 1].times_ms.back();
    } else {
      const bool falls = fall < of.falls_to && counter.falls[fall].row == in;
      change = falls ? counter.falls[fall].after : of.steps[in - 1];
      before_ms = of.times_ms[in - 1];
    }
    return change / (static_cast<double>(of.times_ms[in] - before_ms) / 1000);
  });
}

void ColumnKernel::CountOf(const CounterSteps& counter, StepValues& out) {
  const std::span<const StepWindow> windows = grid_.Over(counter.stretches);
  counts_.clear();
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < counter.stretches.size(); ++i) {
    const StepStretch& stretch = counter.stretches[i];
    if (i > 0) {
      const double before = counter.stretches[i - 1].last;
      count += (form_ == Form::kResets ? stretch.first < before : stretch.first != before) ? 1 : 0;
    }
    counts_.push_back(count);
    if (form_ == Form::kChanges) {
      for (const std::uint32_t step : stretch.steps)
        counts_.push_back(count += step != 0 ? 1 : 0);
      continue;
    }
    const std::size_t from = counts_.size() - 1;
    for (const CounterFall& fall : counter.FallsOf(stretch)) {
      counts_.resize(from + fall.row, count);
      counts_.push_back(++count);
    }
    counts_.resize(from + stretch.times_ms.size(), count);
  }
  CountBetween(windows, out);
}

bool ColumnKernel::CounterChange(const CounterSteps& counter, StepValues& out) {
  const std::span<const StepWindow> windows = grid_.Over(counter.stretches);
  if (!std::ranges::all_of(counter.hidden,
                           [&](const HiddenGrowth& hidden) { return grid_.IsSnug(hidden.row); }))
    return false;
  auto hidden = counter.hidden.begin();
  const std::span<const WindowReach> reaches = grid_.reaches();
  // A stretch, or what follows a fall in one, which only rises.
  std::size_t stretch = 0;
  std::size_t stretch_row = 0;
  std::size_t fall = 0;
  double run_first = 0;
  std::uint64_t run_grown = 0;
  std::size_t run_end = 0;
  const auto begin_run = [&](std::size_t row, double first, std::size_t next_fall) {
    fall = next_fall;
    const StepStretch& of = counter.stretches[stretch];
    run_end = stretch_row + (fall < of.falls_to ? counter.falls[fall].row : of.times_ms.size());
    grown_.ReachTo(row);
    run_first = first;
    run_grown = grown_.At(row);
  };
  if (!counter.stretches.empty()) {
    grown_.Begin(counter, 0, 0, 0);
    begin_run(0, counter.stretches.front().first, counter.stretches.front().falls_from);
  }
  for (std::size_t step = 0; step < windows.size(); ++step) {
    const StepWindow& window = windows[step];
    if (window.rows() < 2) continue;
    while (run_end <= window.first) {
      if (fall < counter.stretches[stretch].falls_to) {
        begin_run(run_end, counter.falls[fall].after, fall + 1);
      } else {
        stretch_row = run_end;
        ++stretch;
        begin_run(stretch_row, counter.stretches[stretch].first, counter.stretches[stretch].falls_from);
      }
    }
    grown_.ReachTo(window.end - 1);
    const std::uint64_t before = grown_.At(window.first);
    const double first = run_first + static_cast<double>(before - run_grown);
    auto change = static_cast<double>(grown_.At(window.end - 1) - before);
    while (hidden != counter.hidden.end() && hidden->row <= window.first)
      ++hidden;
    for (auto within = hidden; within != counter.hidden.end() && within->row < window.end; ++within)
      change += within->grown;
    out.is_there[step] = 1;
    out.values[step] = ChangeOf(reaches[window.reach], first, change, grid_.per_second());
  }
  return true;
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
