#include "rollup/told_increases.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "rollup/rollup_rows.h"

namespace tickscope::rollup {
namespace {

// Values of a stretch, asked for in order of rows.
class Values {
 public:
  double At(const StepStretch& stretch, std::size_t row) {
    if (stretch.times_ms.data() != of_ || row < row_) {
      of_ = stretch.times_ms.data();
      row_ = 0;
      sum_ = 0;
    }
    const auto step = [&](std::size_t at) { return stretch.steps.begin() + static_cast<std::ptrdiff_t>(at); };
    sum_ = std::accumulate(step(row_), step(row), sum_);
    row_ = row;
    // Values of a column that falls are below 2^31.
    const bool falls = stretch.falls_from < stretch.falls_to;
    return stretch.first + (falls ? static_cast<double>(static_cast<std::int32_t>(sum_)) : sum_);
  }

 private:
  const TimeMs* of_ = nullptr;
  std::size_t row_ = 0;
  std::uint32_t sum_ = 0;  // Of the steps up to the row.
};

double ValueAt(const StepStretch& stretch, std::size_t row) {
  return Values().At(stretch, row);
}

// The first row at the time or after it. Without a gap it is as far on as there are windows to it.
std::size_t RowAt(std::span<const TimeMs> times_ms, TimeMs time_ms, std::int64_t resolution_ms) {
  const std::int64_t guess = (time_ms - times_ms.front()) / resolution_ms;
  if (guess >= 0 && guess < std::ssize(times_ms) && times_ms[static_cast<std::size_t>(guess)] == time_ms)
    return static_cast<std::size_t>(guess);
  return static_cast<std::size_t>(std::ranges::lower_bound(times_ms, time_ms) - times_ms.begin());
}

// The rows [from, to) of a stretch; its falls among them count from the first of these now.
StepStretch RowsOf(const StepStretch& stretch, std::size_t from, std::size_t to, CounterSteps& out) {
  StepStretch part = stretch;
  part.times_ms = stretch.times_ms.subspan(from, to - from);
  part.steps = stretch.steps.subspan(from, to - from - 1);
  part.first = ValueAt(stretch, from);
  part.last = ValueAt(stretch, to - 1);
  part.grown = part.last - part.first;
  // A fall into the first row is from one that is not among them.
  while (part.falls_from < part.falls_to && out.falls[part.falls_from].row <= from)
    ++part.falls_from;
  while (part.falls_to > part.falls_from && out.falls[part.falls_to - 1].row >= to)
    --part.falls_to;
  for (std::size_t i = part.falls_from; i < part.falls_to; ++i) {
    part.grown += out.falls[i].before;
    out.falls[i].row -= static_cast<std::uint32_t>(from);
  }
  return part;
}

// Takes rows before the time off the stretch, and with them the stretch when nothing is left. Returns how many.
std::size_t DropBefore(TimeMs start_ms, std::size_t stretch, CounterSteps& out) {
  if (stretch == out.stretches.size()) return 0;
  const StepStretch& of = out.stretches[stretch];
  const auto rows =
      static_cast<std::size_t>(std::ranges::lower_bound(of.times_ms, start_ms) - of.times_ms.begin());
  if (rows == of.times_ms.size()) {
    out.stretches.erase(out.stretches.begin() + static_cast<std::ptrdiff_t>(stretch));
  } else if (rows > 0) {
    out.stretches[stretch] = RowsOf(of, rows, of.times_ms.size(), out);
  }
  return rows;
}

}  // namespace

void ToldIncreases::Begin(std::size_t stretch, std::size_t row, double value, CounterSteps& out) {
  const StepStretch of = out.stretches[stretch];
  const std::size_t falls = out.falls.size();
  StepStretch begin{{}, ++version_, {}, value, value, 0, falls, falls};
  times_ms_.push_back(of.times_ms[row] - resolution_ms_);
  begin.times_ms = {&times_ms_.back(), 1};
  const auto at = out.stretches.begin() + static_cast<std::ptrdiff_t>(stretch);
  if (row == 0) {
    out.stretches.insert(at, begin);
    return;
  }
  const StepStretch before = RowsOf(of, 0, row, out);
  const StepStretch behind = RowsOf(of, row, of.times_ms.size(), out);
  *at = behind;
  out.stretches.insert(at, {before, begin});
}

bool ToldIncreases::PutInto(const SampleColumns& told, TimeMs start_ms, std::size_t from, CounterSteps& out) {
  times_ms_.clear();
  std::size_t stretch = from;
  std::size_t stretch_row = 0;  // Among all rows.
  for (std::size_t i = 0; i < from; ++i)
    stretch_row += out.stretches[i].times_ms.size();
  const std::size_t hidden_from = out.hidden.size();
  Values values;
  for (std::size_t i = 0; i < told.size(); ++i) {
    const double grown = told.values[i];
    const TimeMs end_ms = told.times_ms[i];
    // Where nothing grew, or nobody knows, the last value tells all.
    if (grown == 0 || IsNoValue(grown) || end_ms < start_ms) continue;
    if (!(grown > 0 && grown < 0x1p32 && std::floor(grown) == grown)) return false;
    while (stretch < out.stretches.size() && out.stretches[stretch].times_ms.back() < end_ms)
      stretch_row += out.stretches[stretch++].times_ms.size();
    if (stretch == out.stretches.size()) break;
    const StepStretch& of = out.stretches[stretch];
    std::size_t row = RowAt(of.times_ms, end_ms, resolution_ms_);
    if (of.times_ms[row] != end_ms) continue;
    const double before_now = row > 0 ? values.At(of, row - 1) : 0;
    const double now = values.At(of, row);
    const StepStretch* const last = row > 0 || stretch == from ? nullptr : &out.stretches[stretch - 1];
    const TimeMs* const before_ms =
        row > 0 ? &of.times_ms[row - 1] : (last != nullptr ? &last->times_ms.back() : nullptr);
    double before = 0;
    if (before_ms != nullptr && *before_ms == end_ms - resolution_ms_) {
      before = row > 0 ? before_now : last->last;
    } else {
      before = grown > now ? 0 : now - grown;
      const std::size_t rows_before = row;
      Begin(stretch, row, before, out);
      stretch += rows_before > 0 ? 2 : 1;
      stretch_row += rows_before + 1;
      row = 0;
    }
    const double shown = StepOf(before, now);
    if (grown > shown && grown > now)
      out.hidden.push_back({static_cast<std::uint32_t>(stretch_row + row), grown - shown});
  }
  const std::size_t dropped = DropBefore(start_ms, from, out);
  for (std::size_t i = hidden_from; i < out.hidden.size(); ++i)
    out.hidden[i].row -= static_cast<std::uint32_t>(dropped);
  return true;
}

}  // namespace tickscope::rollup
