#include "promql/step_adder.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace tickscope::promql {
namespace {

// Compiled for what the CPU has: this is what a query of a whole fleet comes down to.
#if defined(__x86_64__)
[[gnu::target_clones("avx2", "default")]]
#endif
void AddRows(const std::uint32_t* steps, std::size_t count, std::uint32_t* rows) {
  for (std::size_t i = 0; i < count; ++i)
    rows[i] += steps[i];
}

#if defined(__x86_64__)
[[gnu::target_clones("avx2", "default")]]
#endif
std::uint32_t MostOf(const std::uint32_t* steps, std::size_t count) {
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < count; ++i)
    most = std::max(most, steps[i]);
  return most;
}

void StoreRows(const std::uint32_t* steps, std::size_t count, std::uint32_t* rows) {
  std::copy_n(steps, count, rows);
}

// Of each row, the sum of all up to it: of eight at a time in three additions, then what was before them.
#if defined(__x86_64__)
[[gnu::target_clones("avx2", "default")]]
#endif
void SumUp(std::uint32_t* rows, std::size_t count) {
  using Eight [[gnu::vector_size(32)]] = std::uint32_t;
  constexpr Eight kZero = {};
  Eight before = kZero;
  std::size_t row = 0;
  for (; row + 8 <= count; row += 8) {
    Eight eight;
    std::memcpy(&eight, rows + row, sizeof(eight));
    eight += __builtin_shufflevector(eight, kZero, 8, 0, 1, 2, 3, 4, 5, 6);
    eight += __builtin_shufflevector(eight, kZero, 8, 8, 0, 1, 2, 3, 4, 5);
    eight += __builtin_shufflevector(eight, kZero, 8, 8, 8, 8, 0, 1, 2, 3);
    eight += before;
    before = __builtin_shufflevector(eight, eight, 7, 7, 7, 7, 7, 7, 7, 7);
    std::memcpy(rows + row, &eight, sizeof(eight));
  }
  std::uint32_t sum = before[7];
  for (; row < count; ++row)
    rows[row] = sum += rows[row];
}

// Brings a series' steps to rows by `take`: what a row grew by since the one before.
template <void (*take)(const std::uint32_t*, std::size_t, std::uint32_t*)>
void AddSteps(const CounterSteps& series, std::span<std::uint32_t> to) {
  std::uint32_t* rows = to.data();
  for (std::size_t i = 0; i < series.stretches.size(); ++i) {
    const StepStretch& stretch = series.stretches[i];
    const std::uint32_t rise = i > 0 ? static_cast<std::uint32_t>(series.RiseInto(i)) : 0;
    take(&rise, 1, rows);
    take(stretch.steps.data(), stretch.steps.size(), rows + 1);
    for (const CounterFall& fall : series.FallsOf(stretch))
      rows[fall.row] += static_cast<std::uint32_t>(fall.before);
    rows += stretch.times_ms.size();
  }
  for (const HiddenGrowth& hidden : series.hidden)
    to[hidden.row] += static_cast<std::uint32_t>(hidden.grown);
}

}  // namespace

bool StepAdder::Supports(const ColumnQuestion& question, AggregateOp op) {
  if (question.function == nullptr || (op != AggregateOp::kSum && op != AggregateOp::kAvg)) return false;
  return question.function->name == "rate" || question.function->name == "increase";
}

StepAdder::StepAdder(const ColumnQuestion& question, std::size_t groups, WindowGrid& grid, StepSums& sums)
    : question_(question), group_count_(groups), grid_(grid), sums_(sums) {}

StepAdder::Class* StepAdder::ClassOf(const CounterSteps& series) {
  const std::span<const StepWindow> windows = grid_.Over(series.stretches);
  if (grid_version_ == grid_.version()) return class_;
  grid_version_ = grid_.version();
  own_windows_ = windows;
  own_reach_ = 0;
  for (const WindowReach& reach : grid_.reaches())
    own_reach_ = std::max(own_reach_, reach.to_start_s / reach.sampled_s);
  const std::size_t row_count = series.row_count();
  for (const auto& known : classes_) {
    class_ = known.get();
    // To the last bit, so that what a step comes to does not depend on which series came first.
    if (known->row_count == row_count &&
        std::ranges::equal(known->factors, grid_.reaches(), {}, {}, &WindowReach::factor) &&
        std::ranges::equal(known->windows, windows)) {
      return class_;
    }
  }
  class_ = nullptr;
  const std::size_t bytes = group_count_ * (row_count * sizeof(std::uint32_t) + sizeof(Group));
  if (classes_.size() == kClassesMax || bytes > kBytesMax - bytes_) return nullptr;
  bytes_ += bytes;
  auto made = std::make_unique<Class>();
  made->windows.assign(windows.begin(), windows.end());
  for (const WindowReach& reach : grid_.reaches())
    made->factors.push_back(reach.factor);
  made->row_count = row_count;
  made->groups.resize(group_count_);
  for (const StepWindow& window : windows) {
    if (window.rows() < 2) continue;
    made->is_anywhere = true;
    made->window_rows_max = std::max(made->window_rows_max, window.rows());
  }
  class_ = made.get();
  classes_.push_back(std::move(made));
  return class_;
}

bool StepAdder::Add(std::size_t group, const CounterSteps& series) {
  Class* const of = ClassOf(series);
  if (of == nullptr) return false;
  if (!of->is_anywhere) return true;
  double grown = 0;
  for (std::size_t i = 0; i < series.stretches.size(); ++i)
    grown += series.stretches[i].grown + (i > 0 ? series.RiseInto(i) : 0);
  for (const HiddenGrowth& hidden : series.hidden) {
    if (!grid_.IsSnug(hidden.row)) return false;
    grown += hidden.grown;
  }
  if (!(grown < 0x1p32)) return false;
  Group& to = of->groups[group];
  if (to.count++ == 0) {
    to.rows = std::make_unique_for_overwrite<std::uint32_t[]>(of->row_count);
    AddSteps<StoreRows>(series, {to.rows.get(), of->row_count});
  } else {
    if (to.grown + grown >= 0x1p32) {
      PutAway(*of, to);
      std::fill_n(to.rows.get(), of->row_count, 0U);
      to.grown = 0;
    }
    AddSteps<AddRows>(series, {to.rows.get(), of->row_count});
  }
  to.grown += grown;
  // What is cut at zero lies in windows without hidden growth: one that begins at a row is not extended.
  CorrectYoung(*of, group, series);
  return true;
}

// A window that begins in a run begins with no less than its first value, and grows by no more than up to where the longest
// window ends that begins there. If that is little, nothing is cut at zero.
void StepAdder::CorrectYoung(const Class& of, std::size_t group, const CounterSteps& series) {
  Run run;
  for (; run.stretch < series.stretches.size(); ++run.stretch) {
    const StepStretch& stretch = series.stretches[run.stretch];
    double grown = stretch.grown;
    run.row = run.stretch_row;
    run.first = stretch.first;
    const auto take = [&](std::size_t end_row) {
      run.end_row = end_row;
      run.reach = grown;
      // Mostly it is clear at once, whatever comes behind.
      const double reach = grown + ReachBehind(of, series, run.stretch);
      if (reach > 0 && run.first <= own_reach_ * reach * 1.000001) CorrectRun(of, group, series, run);
    };
    for (const CounterFall& fall : series.FallsOf(stretch)) {
      take(run.stretch_row + fall.row);
      grown -= fall.before - run.first + fall.after;
      run.row = run.end_row;
      run.first = fall.after;
    }
    take(run.stretch_row + stretch.times_ms.size());
    run.stretch_row = run.end_row;
  }
}

// What it grows by behind a stretch, as far as a window from there reaches.
double StepAdder::ReachBehind(const Class& of, const CounterSteps& series, std::size_t stretch) {
  double grown = 0;
  std::size_t rows = 0;
  for (std::size_t i = stretch + 1; i < series.stretches.size() && rows < of.window_rows_max; ++i) {
    const StepStretch& next = series.stretches[i];
    grown += series.RiseInto(i);
    ++rows;
    const std::size_t rest = std::min<std::size_t>(of.window_rows_max - rows, next.steps.size());
    if (rest < next.steps.size() && next.falls_from == next.falls_to) {
      grown += static_cast<double>(std::accumulate(
          next.steps.begin(), next.steps.begin() + static_cast<std::ptrdiff_t>(rest), std::uint64_t{0}));
    } else {
      grown += next.grown;
    }
    rows += rest;
  }
  return grown;
}

void StepAdder::CorrectRun(const Class& of, std::size_t group, const CounterSteps& series, const Run& run) {
  // Its own windows: those of a class agree in what is extended in all, but not in how much of it lies before the first sample.
  auto window = std::ranges::lower_bound(own_windows_, run.row, {}, &StepWindow::first);
  if (window == own_windows_.end() || window->first >= run.end_row) return;
  const StepStretch& stretch = series.stretches[run.stretch];
  const std::size_t from = run.row - run.stretch_row;
  const std::size_t to = run.end_row - run.stretch_row;
  const bool ends_stretch = to == stretch.times_ms.size();
  const double behind = ReachBehind(of, series, run.stretch);
  const double reach = run.reach + behind;
  // No window that ends in the run grows by more than this; of one that goes on behind a fall that is not known.
  const double of_window =
      static_cast<double>(of.window_rows_max) * MostOf(stretch.steps.data() + from, to - from - 1) +
      (ends_stretch ? behind : reach);
  grown_.Begin(series, run.stretch, run.stretch_row, from);
  for (; window != own_windows_.end() && window->first < run.end_row; ++window) {
    if (window->rows() < 2) continue;
    grown_.ReachTo(window->end - 1);
    const std::uint64_t before = grown_.At(window->first);
    const auto risen = static_cast<double>(before);
    const double first = run.first + risen;
    // What is later begins with more and has less to grow by.
    if (first > own_reach_ * std::min(reach - risen, of_window) * 1.000001) return;
    const auto change = static_cast<double>(grown_.At(window->end - 1) - before);
    const WindowReach& reach_of = grid_.reaches()[window->reach];
    const double plain = change * reach_of.factor;
    const double cut = ChangeOf(reach_of, first, change, grid_.per_second());
    if (cut != plain)
      sums_.Correct(group, static_cast<std::size_t>(window - own_windows_.begin()), cut - plain);
  }
}

void StepAdder::PutAway(const Class& of, Group& group) {
  std::uint32_t* const rows = group.rows.get();
  SumUp(rows, of.row_count);
  group.changes.resize(of.windows.size(), 0);
  for (std::size_t step = 0; step < of.windows.size(); ++step) {
    const StepWindow& window = of.windows[step];
    // Modulo 2^32, as the rows are; no window grew by more.
    if (window.rows() >= 2) group.changes[step] += rows[window.end - 1] - rows[window.first];
  }
}

void StepAdder::Finish() {
  StepValues sum;
  sum.values.resize(question_.ends_ms.size());
  for (const auto& of : classes_) {
    for (std::size_t group = 0; group < group_count_; ++group) {
      Group& from = of->groups[group];
      if (from.count == 0) continue;
      PutAway(*of, from);
      sum.is_there.assign(question_.ends_ms.size(), 0);
      for (std::size_t step = 0; step < of->windows.size(); ++step) {
        const StepWindow& window = of->windows[step];
        if (window.rows() < 2) continue;
        sum.is_there[step] = 1;
        sum.values[step] = static_cast<double>(from.changes[step]) * of->factors[window.reach];
      }
      sums_.AddSum(group, from.count, sum);
    }
  }
  classes_.clear();
  class_ = nullptr;
  grid_version_ = 0;
}

}  // namespace tickscope::promql
