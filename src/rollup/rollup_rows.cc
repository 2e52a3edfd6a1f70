#include "rollup/rollup_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "model/histogram_arithmetic.h"

namespace tickscope::rollup {
namespace {

// Adding and subtracting it rounds to an integer, two values an instruction, for all below 2^51.
constexpr double kRounder = 0x1.8p52;
constexpr double kMillionths = 1e6;
// Decimals of six places are told from others below this: 2^51 / 10^6.
constexpr double kDecimalMax = 2251799813;
// Sums of up to kPlainSamplesMax integers below this need no compensation.
constexpr double kPlainMax = 0x1p44;
constexpr std::size_t kPlainSamplesMax = 512;

double RoundToInteger(double v) {
  return (v + kRounder) - kRounder;
}
double RoundToMillionths(double v) {
  return RoundToInteger(v * kMillionths) / kMillionths;
}

bool IsDecimal(double v) {
  return std::fabs(v) < kDecimalMax && RoundToMillionths(v) == v;
}

// `result`, or its nearest decimal when it was added up from decimals.
double Snap(double result, auto&& is_of_decimals) {
  if (!(std::fabs(result) < kDecimalMax) || RoundToInteger(result) == result) return result;
  return is_of_decimals() ? RoundToMillionths(result) : result;
}

// Neumaier's sum. NaN comes out as one pattern: which operand's payload survives differs between processors.
class FloatSum {
 public:
  void Add(double v) {
    const double total = sum_ + v;
    compensation_ += std::fabs(sum_) >= std::fabs(v) ? (sum_ - total) + v : (v - total) + sum_;
    sum_ = total;
  }
  [[nodiscard]] double value() const {
    const double total = std::isfinite(sum_) ? sum_ + compensation_ : sum_;
    return std::isnan(total) ? NormalNan() : total;
  }

 private:
  double sum_ = 0;
  double compensation_ = 0;
};

double Lower(double best, double v) {
  return v <= best || std::isnan(best) ? v : best;
}
double Higher(double best, double v) {
  return v >= best || std::isnan(best) ? v : best;
}

// What was last seen of a counter of floats.
struct Before {
  bool has = false;
  TimeMs time_ms = 0;
  double value = 0;
};

// Increase of the samples, and what the next window begins from.
double IncreaseOf(std::span<const TimeMs> times_ms, std::span<const double> values, Before& before) {
  double increase = 0;
  double base = before.value;
  // Steps that only rise come to the last value less the first; equal infinities to nothing.
  const auto add_risen = [&] {
    if (before.value != base) increase += before.value - base;
  };
  const auto is_step_to = [&](std::size_t i) {
    return before.has && times_ms[i] - before.time_ms <= kStepGapMax;
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double v = values[i];
    if (std::isnan(v)) continue;
    if (!is_step_to(i)) {
      if (before.has) add_risen();
      base = v;
    } else if (v < before.value) {
      add_risen();
      base = 0;
    }
    before = {true, times_ms[i], v};
  }
  add_risen();
  const double total = Snap(increase, [&] {
    return IsDecimal(base) &&
           std::ranges::all_of(values, [](double v) { return std::isnan(v) || IsDecimal(v); });
  });
  return std::isnan(total) ? NormalNan() : total;
}

// Whether every value is an integer below kPlainMax.
bool AllPlain(std::span<const double> values) {
  unsigned other = 0;
  for (const double v : values) {
    other |= static_cast<unsigned>(RoundToInteger(v) != v);
    other |= static_cast<unsigned>(!(std::fabs(v) < kPlainMax));
  }
  return other == 0;
}

bool AnyNan(std::span<const double> values) {
  unsigned any = 0;
  for (const double v : values)
    any |= static_cast<unsigned>(v != v);
  return any != 0;
}

struct FloatRow {
  double sum = 0;
  double min = 0;
  double max = 0;
};

// Of integers: nothing is rounded, nothing is NaN. The common case.
FloatRow PlainRow(std::span<const double> values) {
  FloatRow row{0, values[0], values[0]};
  for (const double v : values) {
    row.sum += v;
    row.min = v <= row.min ? v : row.min;
    row.max = v >= row.max ? v : row.max;
  }
  return row;
}

double PlainIncrease(std::span<const TimeMs> times_ms, std::span<const double> values, Before& before) {
  const bool is_step = before.has && times_ms.front() - before.time_ms <= kStepGapMax;
  double base = is_step ? before.value : values.front();
  double previous = base;
  double increase = 0;
  for (const double v : values) {
    if (v < previous) {
      increase += previous - base;
      base = 0;
    }
    previous = v;
  }
  before = {true, times_ms.back(), previous};
  return increase + (previous - base);
}

FloatRow AnyRow(std::span<const double> values) {
  FloatRow row{0, values[0], values[0]};
  FloatSum sum;
  for (const double v : values) {
    sum.Add(v);
    row.min = Lower(row.min, v);
    row.max = Higher(row.max, v);
  }
  row.sum = Snap(sum.value(), [&] { return std::ranges::all_of(values, IsDecimal); });
  return row;
}

enum class Kind : std::uint8_t { kFloat, kExponential, kCustom };

Kind KindOf(const HistogramPtr& histogram) {
  if (histogram == nullptr) return Kind::kFloat;
  return UsesCustomBounds(*histogram) ? Kind::kCustom : Kind::kExponential;
}

HistogramPtr AsGauge(Histogram histogram) {
  histogram.reset_hint = ResetHint::kGauge;
  return std::make_shared<const Histogram>(std::move(histogram));
}

// A reset hint speaks of the sample before, which a row of first or last has not.
HistogramPtr WithoutHint(const HistogramPtr& histogram) {
  if (histogram == nullptr || histogram->reset_hint == ResetHint::kUnknown ||
      histogram->reset_hint == ResetHint::kGauge)
    return histogram;
  Histogram copy = *histogram;
  copy.reset_hint = ResetHint::kUnknown;
  return std::make_shared<const Histogram>(std::move(copy));
}

bool IsSameFrame(const Histogram& a, const Histogram& b) {
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold && a.custom_bounds == b.custom_bounds;
}

// Adds up the steps of a counter of histograms. Steps between histograms of one schema, zero bucket and bounds come
// to the difference of the last and the first, so only those are looked at. The result is as coarse as the coarsest
// sample it speaks of, also one whose step is nothing: so windows of windows are what windows of samples are.
class HistogramIncrease {
 public:
  // `before` is what the first step starts from; null when the first sample begins anew.
  explicit HistogramIncrease(HistogramPtr before) : base_(before), last_(std::move(before)) {}

  void Add(const HistogramPtr& histogram) {
    if (last_ == nullptr) {
      base_ = histogram;
    } else if (IsCounterReset(*last_, *histogram)) {
      if (has_samples_) Flush();
      base_ = nullptr;
    } else if (!IsSameFrame(*last_, *histogram)) {
      if (has_samples_) Flush();
      base_ = last_;
    }
    last_ = histogram;
    has_samples_ = true;
  }
  // The later sample begins anew.
  void Restart(const HistogramPtr& histogram) {
    Flush();
    base_ = histogram;
    last_ = histogram;
  }
  [[nodiscard]] HistogramPtr Take() {
    Flush();
    return AsGauge(sum_->Result());
  }

 private:
  void Flush() {
    if (sum_) {
      sum_->Add(*last_);
    } else {
      sum_.emplace(*last_);
    }
    if (base_ != nullptr) sum_->Add(*base_, -1);
  }

  std::optional<HistogramSum> sum_;
  HistogramPtr base_;  // Null after a reset: then the last one counts whole.
  HistogramPtr last_;
  bool has_samples_ = false;
};

// Windows of a series some of whose samples are histograms. Slower, and rare.
class MixedRows {
 public:
  MixedRows(const SampleColumns& samples, RollupRows& rows) : samples_(samples), rows_(rows) {}

  // Samples before the first window.
  void Pass(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      Remember(i);
  }

  void AddWindow(TimeMs end_ms, std::size_t first, std::size_t end) {
    rows_.ends_ms.push_back(end_ms);
    Push(Aggregate::kCount, static_cast<double>(end - first));
    const HistogramPtr first_histogram = WithoutHint(samples_.histograms[first]);
    const HistogramPtr last_histogram =
        end - first == 1 ? first_histogram : WithoutHint(samples_.histograms[end - 1]);
    Push(Aggregate::kFirst, samples_.values[first], first_histogram);
    Push(Aggregate::kLast, samples_.values[end - 1], last_histogram);
    AddExtremes(first, end);
    bool is_alike = true;
    for (std::size_t i = first; i < end; ++i)
      is_alike = is_alike && KindAt(i) == KindAt(first);
    if (!is_alike) {
      Push(Aggregate::kSum, NoValue());
      Push(Aggregate::kIncrease, NoValue());
      for (std::size_t i = first; i < end; ++i)
        Remember(i);
    } else if (KindAt(first) == Kind::kFloat) {
      AddFloats(first, end);
    } else {
      AddHistograms(first, end);
    }
  }

 private:
  [[nodiscard]] Kind KindAt(std::size_t i) const { return KindOf(samples_.histograms[i]); }

  void Push(Aggregate aggregate, double value, HistogramPtr histogram = nullptr) {
    rows_[aggregate].values.push_back(histogram == nullptr ? value : 0);
    rows_[aggregate].histograms.push_back(std::move(histogram));
  }

  void AddExtremes(std::size_t first, std::size_t end) {
    double min = NoValue();
    double max = NoValue();
    for (std::size_t i = first; i < end; ++i) {
      if (samples_.histograms[i] != nullptr) continue;
      min = Lower(min, samples_.values[i]);
      max = Higher(max, samples_.values[i]);
    }
    Push(Aggregate::kMin, min);
    Push(Aggregate::kMax, max);
  }

  void AddFloats(std::size_t first, std::size_t end) {
    const std::span values(&samples_.values[first], end - first);
    Push(Aggregate::kSum, AnyRow(values).sum);
    Before before;
    if (last_ && KindAt(*last_) == Kind::kFloat)
      before = {true, samples_.times_ms[*last_], samples_.values[*last_]};
    Push(Aggregate::kIncrease, IncreaseOf({&samples_.times_ms[first], end - first}, values, before));
    for (std::size_t i = first; i < end; ++i)
      Remember(i);
  }

  void AddHistograms(std::size_t first, std::size_t end) {
    HistogramSum sum(*samples_.histograms[first]);
    const bool is_step = last_ && IsStep(*last_, first) && KindAt(*last_) == KindAt(first);
    HistogramIncrease increase(is_step ? samples_.histograms[*last_] : nullptr);
    for (std::size_t i = first; i < end; ++i) {
      if (i > first) sum.Add(*samples_.histograms[i]);
      if (i > first && !IsStep(i - 1, i)) {
        increase.Restart(samples_.histograms[i]);
      } else {
        increase.Add(samples_.histograms[i]);
      }
      Remember(i);
    }
    Push(Aggregate::kSum, 0, AsGauge(sum.Result()));
    Push(Aggregate::kIncrease, 0, increase.Take());
  }

  [[nodiscard]] bool IsStep(std::size_t from, std::size_t to) const {
    return samples_.times_ms[to] - samples_.times_ms[from] <= kStepGapMax;
  }
  void Remember(std::size_t i) {
    if (samples_.histograms[i] != nullptr || !std::isnan(samples_.values[i])) last_ = i;
  }

  const SampleColumns& samples_;
  RollupRows& rows_;
  std::optional<std::size_t> last_;
};

bool IsMarker(const SampleColumns& samples, std::size_t i) {
  if (!samples.histograms.empty() && samples.histograms[i] != nullptr)
    return IsStaleNan(samples.histograms[i]->sum);
  return IsStaleNan(samples.values[i]);
}

void DropMarkers(SampleColumns& samples) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (IsMarker(samples, i)) continue;
    samples.times_ms[kept] = samples.times_ms[i];
    samples.values[kept] = samples.values[i];
    if (!samples.histograms.empty() && kept != i) samples.histograms[kept] = std::move(samples.histograms[i]);
    ++kept;
  }
  samples.times_ms.resize(kept);
  samples.values.resize(kept);
  if (!samples.histograms.empty()) samples.histograms.resize(kept);
}

// Calls `add` with the end and the rows [first, end) of each coarse window.
void ForEachFold(const std::vector<TimeMs>& ends_ms, std::int64_t resolution_ms, auto&& add) {
  for (std::size_t i = 0; i < ends_ms.size();) {
    const TimeMs end_ms = WindowEnd(ends_ms[i], resolution_ms);
    std::size_t end = i + 1;
    while (end < ends_ms.size() && ends_ms[end] <= end_ms)
      ++end;
    add(end_ms, i, end);
    i = end;
  }
}

double AddedUp(std::span<const double> values) {
  if (values.size() == 1) return values[0];
  if (values.size() <= kPlainSamplesMax && AllPlain(values)) {
    double sum = 0;
    for (const double v : values)
      sum += v;
    return sum;
  }
  FloatSum sum;
  for (const double v : values) {
    if (IsNoValue(v)) return NoValue();
    sum.Add(v);
  }
  return Snap(sum.value(), [&] { return std::ranges::all_of(values, IsDecimal); });
}

double Lowest(std::span<const double> values) {
  double min = NoValue();
  for (const double v : values) {
    if (!IsNoValue(v)) min = Lower(min, v);
  }
  return min;
}
double Highest(std::span<const double> values) {
  double max = NoValue();
  for (const double v : values) {
    if (!IsNoValue(v)) max = Higher(max, v);
  }
  return max;
}

double Folded(Aggregate aggregate, std::span<const double> values) {
  switch (aggregate) {
    case Aggregate::kMin:
      return Lowest(values);
    case Aggregate::kMax:
      return Highest(values);
    case Aggregate::kFirst:
      return values.front();
    case Aggregate::kLast:
      return values.back();
    case Aggregate::kCount:
    case Aggregate::kSum:
    case Aggregate::kIncrease:
      break;
  }
  return AddedUp(values);
}

void FoldFloats(const RollupRows& fine, std::int64_t resolution_ms, RollupRows& coarse) {
  ForEachFold(fine.ends_ms, resolution_ms, [&](TimeMs end_ms, std::size_t first, std::size_t end) {
    coarse.ends_ms.push_back(end_ms);
    for (const Aggregate aggregate : kAggregates) {
      const std::vector<double>& values = fine[aggregate].values;
      if (!values.empty())
        coarse[aggregate].values.push_back(Folded(aggregate, {&values[first], end - first}));
    }
  });
}

// Windows of which some are histograms.
class MixedFolder {
 public:
  MixedFolder(const RollupRows& fine, RollupRows& coarse) : fine_(fine), coarse_(coarse) {}

  void Fold(std::int64_t resolution_ms) {
    ForEachFold(fine_.ends_ms, resolution_ms, [this](TimeMs end_ms, std::size_t first, std::size_t end) {
      coarse_.ends_ms.push_back(end_ms);
      for (const Aggregate aggregate : kAggregates) {
        if (!fine_[aggregate].values.empty()) AddWindow(aggregate, first, end);
      }
    });
  }

 private:
  void AddWindow(Aggregate aggregate, std::size_t first, std::size_t end) {
    const RollupRows::Column& column = fine_[aggregate];
    switch (aggregate) {
      case Aggregate::kFirst:
        return Copy(aggregate, first);
      case Aggregate::kLast:
        return Copy(aggregate, end - 1);
      case Aggregate::kSum:
      case Aggregate::kIncrease:
        return AddUp(aggregate, first, end);
      case Aggregate::kCount:
      case Aggregate::kMin:
      case Aggregate::kMax:
        return Push(aggregate, Folded(aggregate, {&column.values[first], end - first}), nullptr);
    }
  }
  void Push(Aggregate aggregate, double value, HistogramPtr histogram) {
    coarse_[aggregate].values.push_back(value);
    coarse_[aggregate].histograms.push_back(std::move(histogram));
  }
  void Copy(Aggregate aggregate, std::size_t i) {
    Push(aggregate, fine_[aggregate].values[i], fine_[aggregate].HistogramAt(i));
  }
  void AddUp(Aggregate aggregate, std::size_t first, std::size_t end) {
    const RollupRows::Column& column = fine_[aggregate];
    if (end - first == 1) return Copy(aggregate, first);
    const Kind kind = KindOf(column.HistogramAt(first));
    for (std::size_t i = first; i < end; ++i) {
      const bool is_alike = KindOf(column.HistogramAt(i)) == kind;
      if (!is_alike || (kind == Kind::kFloat && IsNoValue(column.values[i])))
        return Push(aggregate, NoValue(), nullptr);
    }
    if (kind == Kind::kFloat) return Push(aggregate, AddedUp({&column.values[first], end - first}), nullptr);
    HistogramSum sum(*column.histograms[first]);
    for (std::size_t i = first + 1; i < end; ++i)
      sum.Add(*column.histograms[i]);
    Push(aggregate, 0, AsGauge(sum.Result()));
  }

  const RollupRows& fine_;
  RollupRows& coarse_;
};

}  // namespace

void RollupRows::Clear() {
  ends_ms.clear();
  last_before = NoValue();
  last_before_ms = 0;
  for (Column& column : columns) {
    column.values.clear();
    column.histograms.clear();
  }
}

double RollupRows::LastBefore(std::size_t row, std::int64_t resolution_ms) const {
  const TimeMs end_ms = ends_ms[row] - resolution_ms;
  if (row == 0) return WindowEnd(last_before_ms, resolution_ms) == end_ms ? last_before : NoValue();
  const Column& last = (*this)[Aggregate::kLast];
  return ends_ms[row - 1] == end_ms && last.HistogramAt(row - 1) == nullptr ? last.values[row - 1]
                                                                            : NoValue();
}

TimeMs WindowEnd(TimeMs time_ms, std::int64_t resolution_ms) {
  const TimeMs rest = time_ms % resolution_ms;
  return rest == 0 ? time_ms : time_ms - rest + (rest < 0 ? 0 : resolution_ms);
}

double StepOf(double last_before, double last) {
  if (IsNoValue(last_before) || IsNoValue(last)) return NoValue();
  if (last == last_before) return 0;
  const double base = last < last_before ? 0 : last_before;
  return Snap(last - base, [&] { return IsDecimal(base) && IsDecimal(last); });
}

void WindowKernel::FindWindows(std::span<const TimeMs> times_ms, TimeMs start_ms) {
  // Series of one source come one after the other with the same times.
  if (start_ms == start_ms_ && std::ranges::equal(times_ms, times_ms_)) return;
  times_ms_.assign(times_ms.begin(), times_ms.end());
  start_ms_ = start_ms;
  windows_.clear();
  auto i = static_cast<std::size_t>(std::upper_bound(times_ms.begin(), times_ms.end(), start_ms) -
                                    times_ms.begin());
  while (i < times_ms.size()) {
    Window window{WindowEnd(times_ms[i], resolution_ms_), i, i};
    while (window.end < times_ms.size() && times_ms[window.end] <= window.end_ms)
      ++window.end;
    i = window.end;
    windows_.push_back(window);
  }
}

void WindowKernel::Aggregate(SampleColumns& samples, TimeMs start_ms, AggregateSet wanted, RollupRows& rows) {
  TICKSCOPE_DCHECK(start_ms % resolution_ms_ == 0);
  rows.Clear();
  const bool is_mixed =
      std::ranges::any_of(samples.histograms, [](const HistogramPtr& h) { return h != nullptr; });
  if (is_mixed) samples.histograms.resize(samples.size());
  const bool has_nan = AnyNan(samples.values);
  if (has_nan || is_mixed) DropMarkers(samples);
  FindWindows(samples.times_ms, start_ms);
  if (windows_.empty()) return;
  const std::size_t begin = windows_.front().first;
  if (begin > 0 && samples.times_ms[begin - 1] > start_ms - kStepGapMax &&
      !(is_mixed && samples.histograms[begin - 1] != nullptr)) {
    rows.last_before = samples.values[begin - 1];
    rows.last_before_ms = samples.times_ms[begin - 1];
  }
  if (!is_mixed) return AddFloats(samples, wanted, rows);
  MixedRows mixed(samples, rows);
  mixed.Pass(begin);
  for (const Window& window : windows_)
    mixed.AddWindow(window.end_ms, window.first, window.end);
}

void WindowKernel::AddFloats(const SampleColumns& samples, AggregateSet wanted, RollupRows& rows) const {
  const std::size_t size = windows_.size();
  rows.ends_ms.resize(size);
  for (std::size_t w = 0; w < size; ++w)
    rows.ends_ms[w] = windows_[w].end_ms;
  // Values of a column, one a window, as `of` tells them.
  const auto fill = [&](enum Aggregate aggregate, auto&& of) {
    if (!wanted.Has(aggregate)) return;
    std::vector<double>& column = rows[aggregate].values;
    column.resize(size);
    for (std::size_t w = 0; w < size; ++w)
      column[w] = of(windows_[w]);
  };
  const double* const values = samples.values.data();
  fill(Aggregate::kCount,
       [](const Window& window) { return static_cast<double>(window.end - window.first); });
  fill(Aggregate::kFirst, [=](const Window& window) { return values[window.first]; });
  fill(Aggregate::kLast, [=](const Window& window) { return values[window.end - 1]; });

  const bool is_plain = AllPlain(samples.values);
  const auto is_plain_window = [&](const Window& window) {
    return is_plain && window.end - window.first <= kPlainSamplesMax;
  };
  const auto of_window = [&](const auto& column, const Window& window) {
    return std::span(&column[window.first], window.end - window.first);
  };
  if (wanted.Has(Aggregate::kSum) || wanted.Has(Aggregate::kMin) || wanted.Has(Aggregate::kMax)) {
    for (const auto aggregate : {Aggregate::kSum, Aggregate::kMin, Aggregate::kMax})
      rows[aggregate].values.resize(size);
    for (std::size_t w = 0; w < size; ++w) {
      const std::span in = of_window(samples.values, windows_[w]);
      const FloatRow row = is_plain_window(windows_[w]) ? PlainRow(in) : AnyRow(in);
      rows[Aggregate::kSum].values[w] = row.sum;
      rows[Aggregate::kMin].values[w] = row.min;
      rows[Aggregate::kMax].values[w] = row.max;
    }
    for (const auto aggregate : {Aggregate::kSum, Aggregate::kMin, Aggregate::kMax}) {
      if (!wanted.Has(aggregate)) rows[aggregate].values.clear();
    }
  }
  if (!wanted.Has(Aggregate::kIncrease)) return;
  Before before;
  const std::size_t begin = windows_.front().first;
  static_cast<void>(IncreaseOf({samples.times_ms.data(), begin}, {values, begin}, before));
  fill(Aggregate::kIncrease, [&](const Window& window) {
    const std::span times_ms = of_window(samples.times_ms, window);
    const std::span in = of_window(samples.values, window);
    return is_plain_window(window) ? PlainIncrease(times_ms, in, before) : IncreaseOf(times_ms, in, before);
  });
}

void FoldRows(const RollupRows& fine, std::int64_t resolution_ms, RollupRows& coarse) {
  coarse.Clear();
  coarse.last_before = fine.last_before;
  coarse.last_before_ms = fine.last_before_ms;
  if (fine.holds_histograms()) {
    MixedFolder(fine, coarse).Fold(resolution_ms);
  } else {
    FoldFloats(fine, resolution_ms, coarse);
  }
}

}  // namespace tickscope::rollup
