#include "promql/grown_column.h"

#include <algorithm>

namespace tickscope::promql {
namespace {

// Rows that are made known at once: few enough to stop soon, enough to be worth a turn.
constexpr std::size_t kRowsAhead = 64;

}  // namespace

void GrownColumn::Begin(const CounterSteps& counter, std::size_t stretch, std::size_t stretch_row,
                        std::size_t row) {
  counter_ = &counter;
  first_row_ = stretch_row + row;
  stretch_ = stretch;
  stretch_row_ = row + 1;
  const StepStretch& of = counter.stretches[stretch];
  fall_ = of.falls_from;
  while (fall_ < of.falls_to && counter.falls[fall_].row <= row)
    ++fall_;
  grown_.clear();
  grown_.push_back(0);
}

void GrownColumn::Grow(std::size_t row) {
  while (end_row() <= row) {
    const StepStretch& stretch = counter_->stretches[stretch_];
    if (stretch_row_ == stretch.times_ms.size()) {
      ++stretch_;
      grown_.push_back(grown_.back() + static_cast<std::uint64_t>(counter_->RiseInto(stretch_)));
      stretch_row_ = 1;
      fall_ = counter_->stretches[stretch_].falls_from;
      continue;
    }
    const bool has_fall = fall_ < stretch.falls_to;
    if (has_fall && counter_->falls[fall_].row == stretch_row_) {
      grown_.push_back(grown_.back() + static_cast<std::uint64_t>(counter_->falls[fall_].after));
      ++fall_;
      ++stretch_row_;
      continue;
    }
    const std::size_t limit = has_fall ? counter_->falls[fall_].row : stretch.times_ms.size();
    const std::size_t count = std::min(limit - stretch_row_, row + kRowsAhead - end_row());
    const std::size_t at = grown_.size();
    grown_.resize(at + count);
    const std::uint32_t* const steps = &stretch.steps[stretch_row_ - 1];
    std::uint64_t grown = grown_[at - 1];
    for (std::size_t i = 0; i < count; ++i) {
      grown += steps[i];
      grown_[at + i] = grown;
    }
    stretch_row_ += count;
  }
}

}  // namespace tickscope::promql
