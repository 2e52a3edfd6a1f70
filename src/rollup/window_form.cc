#include "rollup/window_form.h"

#include <algorithm>
#include <array>

namespace tickscope::rollup {
namespace {

struct Entry {
  std::string_view function;
  WindowForm form;
};
constexpr auto kForms = std::to_array<Entry>({
    {"absent_over_time", WindowForm::kCount},
    {"avg_over_time", WindowForm::kMean},
    {"count_over_time", WindowForm::kCount},
    {"first_over_time", WindowForm::kFirst},
    {"increase", WindowForm::kCounter},
    {"max_over_time", WindowForm::kMax},
    {"min_over_time", WindowForm::kMin},
    {"present_over_time", WindowForm::kCount},
    {"rate", WindowForm::kCounter},
    {"sum_over_time", WindowForm::kSum},
});
static_assert(std::ranges::is_sorted(kForms, {}, &Entry::function));

// The column whose values a form's rows are.
Aggregate ValueOf(WindowForm form) {
  switch (form) {
    case WindowForm::kFirst:
      return Aggregate::kFirst;
    case WindowForm::kMin:
      return Aggregate::kMin;
    case WindowForm::kMax:
      return Aggregate::kMax;
    case WindowForm::kSum:
    case WindowForm::kMean:
      return Aggregate::kSum;
    case WindowForm::kCount:
      return Aggregate::kCount;
    case WindowForm::kLast:
    case WindowForm::kCounter:
      break;
  }
  return Aggregate::kLast;
}

class Rows {
 public:
  Rows(const RollupRows& rows, SampleColumns& samples) : rows_(rows), samples_(samples) { samples.Clear(); }

  void Add(TimeMs time_ms, double value) {
    samples_.times_ms.push_back(time_ms);
    samples_.values.push_back(value);
    if (!samples_.histograms.empty()) samples_.histograms.emplace_back();
  }
  void Add(TimeMs time_ms, const HistogramPtr& histogram) {
    samples_.histograms.resize(samples_.size());
    samples_.times_ms.push_back(time_ms);
    samples_.values.push_back(0);
    samples_.histograms.push_back(histogram);
  }
  // The window's last sample, if it has one.
  void AddLast(std::size_t i) {
    const RollupRows::Column& last = rows_[Aggregate::kLast];
    if (last.HistogramAt(i) != nullptr) {
      Add(rows_.ends_ms[i], last.HistogramAt(i));
    } else if (!IsNoValue(last.values[i])) {
      Add(rows_.ends_ms[i], last.values[i]);
    }
  }

 private:
  const RollupRows& rows_;
  SampleColumns& samples_;
};

void CounterRows(const RollupRows& rows, std::int64_t resolution_ms, SampleColumns& samples) {
  Rows out(rows, samples);
  const RollupRows::Column& last = rows[Aggregate::kLast];
  const RollupRows::Column& increase = rows[Aggregate::kIncrease];
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const TimeMs end_ms = rows.ends_ms[i];
    const double grown = increase.HistogramAt(i) == nullptr ? increase.values[i] : NoValue();
    const double now = last.HistogramAt(i) == nullptr ? last.values[i] : NoValue();
    // Nothing grew: the last value tells all.
    if (IsNoValue(grown) || IsNoValue(now) || grown == 0) {
      out.AddLast(i);
      continue;
    }
    double before = rows.LastBefore(i, resolution_ms);
    if (IsNoValue(before)) {
      before = grown > now ? 0 : now - grown;
      out.Add(end_ms - resolution_ms, before);
    }
    // After a reset the whole new value counts; what is more than that it grew by before.
    const bool is_hidden = grown > StepOf(before, now) && grown > now;
    if (is_hidden) {
      out.Add(end_ms - 2, before + (grown - now));
      out.Add(end_ms - 1, 0);
    }
    out.Add(end_ms, now);
  }
}

}  // namespace

WindowForm FormOf(std::string_view function) {
  const auto found = std::ranges::lower_bound(kForms, function, {}, &Entry::function);
  return found != kForms.end() && found->function == function ? found->form : WindowForm::kLast;
}

AggregateSet NeededFor(WindowForm form) {
  AggregateSet needed{ValueOf(form)};
  if (form == WindowForm::kMean) needed.Add(Aggregate::kCount);
  if (form == WindowForm::kCounter) needed.Add(Aggregate::kIncrease);
  return needed;
}

AggregateSet AggregatesOf(WindowForm form) {
  AggregateSet all = NeededFor(form);
  if (form == WindowForm::kCount) return all;
  all.Add(Aggregate::kLast);
  if (form == WindowForm::kSum) all.Add(Aggregate::kCount);
  return all;
}

bool RowsAsSamples(const RollupRows& rows, WindowForm form, Precision precision, std::int64_t resolution_ms,
                   SampleColumns& samples) {
  samples.Clear();
  const bool is_exact = precision == Precision::kExact;
  if (form == WindowForm::kCounter) {
    if (is_exact) return false;
    CounterRows(rows, resolution_ms, samples);
    return true;
  }
  if (form == WindowForm::kCount) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double count = rows[Aggregate::kCount].values[i];
      if (IsNoValue(count)) continue;
      samples.times_ms.push_back(rows.ends_ms[i]);
      samples.values.push_back(0);
      samples.counts.push_back(count);
    }
    return true;
  }
  Rows out(rows, samples);
  const RollupRows::Column& column = rows[ValueOf(form)];
  const RollupRows::Column& last = rows[Aggregate::kLast];
  const bool has_counts = form == WindowForm::kSum || form == WindowForm::kMean;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t before = samples.size();
    const double count = has_counts ? rows[Aggregate::kCount].values[i] : 1;
    const bool is_float = column.HistogramAt(i) == nullptr && last.HistogramAt(i) == nullptr;
    if (is_float && !IsNoValue(column.values[i]) && !IsNoValue(count)) {
      out.Add(rows.ends_ms[i], column.values[i]);
    } else if (is_exact) {
      return false;
    } else {
      out.AddLast(i);
      if (has_counts && samples.size() > before && is_float && !IsNoValue(count))
        samples.values.back() *= count;
    }
    if (form == WindowForm::kMean && samples.size() > before)
      samples.counts.push_back(is_float && !IsNoValue(count) ? count : 1);
  }
  return true;
}

}  // namespace tickscope::rollup
