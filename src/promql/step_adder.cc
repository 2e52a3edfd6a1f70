#include "promql/step_adder.h"

#include <algorithm>

namespace tickscope::promql {
namespace {

// To the last bit, so that what a step comes to does not depend on which series came first.
bool IsAlike(const StepWindow& a, const StepWindow& b) {
  return a.first == b.first && a.end == b.end && a.factor == b.factor;
}

// Compiled for what the CPU has: this is what a query of a whole fleet comes down to.
#if defined(__x86_64__)
[[gnu::target_clones("avx2", "default")]]
#endif
void AddRows(const std::uint32_t* steps, std::size_t count, std::uint64_t* rows) {
  for (std::size_t i = 0; i < count; ++i)
    rows[i] += steps[i];
}

}  // namespace

bool StepAdder::Supports(const ColumnQuestion& question, AggregateOp op) {
  if (question.function == nullptr || (op != AggregateOp::kSum && op != AggregateOp::kAvg)) return false;
  return question.function->name == "rate" || question.function->name == "increase";
}

StepAdder::StepAdder(const ColumnQuestion& question, std::size_t groups, StepSums& sums)
    : question_(question), group_count_(groups), sums_(sums), grid_(GridOf(question)) {}

StepAdder::Class* StepAdder::ClassOf(const std::vector<TimeMs>& times_ms) {
  if (class_ != nullptr && grid_.IsOver(times_ms)) return class_;
  const std::span<const StepWindow> windows = grid_.Over(times_ms);
  own_windows_ = windows;
  own_reach_ = 0;
  for (const StepWindow& window : windows) {
    if (window.end - window.first >= 2)
      own_reach_ = std::max(own_reach_, window.to_start_s / window.sampled_s);
  }
  for (const auto& known : classes_) {
    class_ = known.get();
    if (known->row_count == times_ms.size() && std::ranges::equal(known->windows, windows, IsAlike))
      return class_;
  }
  class_ = nullptr;
  const std::size_t bytes = times_ms.size() * group_count_ * sizeof(std::uint64_t);
  if (classes_.size() == kClassesMax || bytes > kBytesMax - bytes_) return nullptr;
  bytes_ += bytes;
  auto made = std::make_unique<Class>();
  made->windows.assign(windows.begin(), windows.end());
  made->row_count = times_ms.size();
  made->groups.resize(group_count_);
  for (const StepWindow& window : windows) {
    if (window.end - window.first < 2) continue;
    made->is_anywhere = true;
    made->window_rows_max = std::max(made->window_rows_max, window.end - window.first);
  }
  class_ = made.get();
  classes_.push_back(std::move(made));
  return class_;
}

bool StepAdder::Add(std::size_t group, const CounterSteps& series) {
  Class* const of = ClassOf(series.times_ms);
  if (of == nullptr) {
    ++misses_;
    return false;
  }
  if (!of->is_anywhere) return true;
  Group& to = of->groups[group];
  if (to.rows.empty()) to.rows.assign(of->row_count, 0);
  ++to.count;
  AddRows(series.steps.data(), of->row_count, to.rows.data());
  CorrectYoung(*of, group, series);
  return true;
}

// A window that begins between two anchors begins with no less than the first's value, and grows by no more than up to where
// the longest window ends that begins there. If that is little, nothing is cut at zero.
void StepAdder::CorrectYoung(const Class& of, std::size_t group, const CounterSteps& series) {
  const std::vector<CounterSteps::Anchor>& anchors = series.anchors;
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    const std::size_t next_row = i + 1 < anchors.size() ? anchors[i + 1].row : of.row_count;
    double grown = series.grown;
    for (std::size_t later = i + 1; later < anchors.size(); ++later) {
      if (anchors[later].row < next_row + of.window_rows_max) continue;
      grown = anchors[later].grown;
      break;
    }
    const double most = grown - anchors[i].grown;
    if (most > 0 && anchors[i].value <= own_reach_ * most * 1.000001) CorrectRows(of, group, series, i);
  }
}

void StepAdder::CorrectRows(const Class& of, std::size_t group, const CounterSteps& series,
                            std::size_t anchor) {
  const std::size_t from = series.anchors[anchor].row;
  const std::size_t next_row =
      anchor + 1 < series.anchors.size() ? series.anchors[anchor + 1].row : of.row_count;
  const std::size_t to = std::min<std::size_t>(next_row + of.window_rows_max, of.row_count);
  values_.resize(to - from);
  double value = series.anchors[anchor].value;
  for (std::size_t row = from; row < to; ++row) {
    if (row > from) value += series.steps[row];
    values_[row - from] = value;
  }
  // Its own windows: those of a class agree in what is extended in all, but not in how much of it lies before the first sample.
  const auto begin = std::ranges::lower_bound(own_windows_, from, {}, &StepWindow::first);
  for (auto window = begin; window != own_windows_.end() && window->first < next_row; ++window) {
    if (window->end - window->first < 2) continue;
    const double first = values_[window->first - from];
    const double change = values_[window->end - 1 - from] - first;
    const double plain = change * window->factor;
    const double cut = ChangeOf(*window, first, change, grid_.per_second());
    if (cut != plain)
      sums_.Correct(group, static_cast<std::size_t>(window - own_windows_.begin()), cut - plain);
  }
}

void StepAdder::Finish() {
  StepValues sum;
  sum.values.resize(question_.ends_ms.size());
  for (const auto& of : classes_) {
    for (std::size_t group = 0; group < group_count_; ++group) {
      Group& from = of->groups[group];
      if (from.count == 0) continue;
      for (std::size_t row = 1; row < from.rows.size(); ++row)
        from.rows[row] += from.rows[row - 1];
      sum.is_there.assign(question_.ends_ms.size(), 0);
      for (std::size_t step = 0; step < of->windows.size(); ++step) {
        const StepWindow& window = of->windows[step];
        if (window.end - window.first < 2) continue;
        sum.is_there[step] = 1;
        sum.values[step] =
            static_cast<double>(from.rows[window.end - 1] - from.rows[window.first]) * window.factor;
      }
      sums_.AddSum(group, from.count, sum);
    }
  }
  classes_.clear();
  class_ = nullptr;
}

}  // namespace tickscope::promql
