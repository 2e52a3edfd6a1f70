#include "promql/step_sums.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace tickscope::promql {
namespace {

// As the evaluator has it: NaN gives way to anything.
double Better(bool is_min, double best, double v) {
  const bool is_better = is_min ? v < best : v > best;
  return is_better || std::isnan(best) ? v : best;
}

void TwoSum(double& sum, double& error, double v) {
  const double total = sum + v;
  const double part = total - sum;
  error += (sum - (total - part)) + (v - part);
  sum = total;
}

}  // namespace

bool StepSums::Supports(AggregateOp op) {
  switch (op) {
    case AggregateOp::kSum:
    case AggregateOp::kAvg:
    case AggregateOp::kCount:
    case AggregateOp::kMin:
    case AggregateOp::kMax:
    case AggregateOp::kGroup:
      return true;
    default:
      return false;
  }
}

StepSums::StepSums(AggregateOp op, std::size_t groups, std::size_t steps)
    : op_(op),
      steps_(steps),
      counts_(std::make_unique_for_overwrite<std::uint32_t[]>(groups * steps)),
      whole_counts_(groups, 0),
      is_begun_(groups, 0) {
  TICKSCOPE_CHECK(Supports(op));
  if (op == AggregateOp::kCount || op == AggregateOp::kGroup) return;
  sums_ = std::make_unique_for_overwrite<double[]>(groups * steps);
  if (op == AggregateOp::kSum || op == AggregateOp::kAvg)
    errors_ = std::make_unique_for_overwrite<double[]>(groups * steps);
}

void StepSums::Begin(std::size_t group) {
  if (is_begun_[group] != 0) return;
  is_begun_[group] = 1;
  const std::size_t at = group * steps_;
  std::fill_n(&counts_[at], steps_, 0);
  if (sums_ != nullptr) std::fill_n(&sums_[at], steps_, 0);
  if (errors_ != nullptr) std::fill_n(&errors_[at], steps_, 0);
}

void StepSums::AddToSums(std::size_t at, const StepValues& series) {
  double* const sums = &sums_[at];
  double* const errors = &errors_[at];
  const double* const values = series.values.data();
  if (series.is_everywhere) {
    for (std::size_t step = 0; step < steps_; ++step)
      TwoSum(sums[step], errors[step], values[step]);
    return;
  }
  for (std::size_t step = 0; step < steps_; ++step) {
    if (series.is_there[step] != 0) TwoSum(sums[step], errors[step], values[step]);
  }
}

void StepSums::AddToBest(std::size_t group, const StepValues& series) {
  const bool is_min = op_ == AggregateOp::kMin;
  const std::size_t at = group * steps_;
  for (std::size_t step = 0; step < steps_; ++step) {
    if (series.is_there[step] == 0) continue;
    double& best = sums_[at + step];
    best = IsThere(group, step) ? Better(is_min, best, series.values[step]) : series.values[step];
  }
}

void StepSums::Add(std::size_t group, const StepValues& series) {
  if (!series.is_anywhere) return;
  Begin(group);
  const std::size_t at = group * steps_;
  if (op_ == AggregateOp::kSum || op_ == AggregateOp::kAvg) AddToSums(at, series);
  if (op_ == AggregateOp::kMin || op_ == AggregateOp::kMax) AddToBest(group, series);
  if (series.is_everywhere) {
    ++whole_counts_[group];
    return;
  }
  for (std::size_t step = 0; step < steps_; ++step)
    counts_[at + step] += series.is_there[step];
}

void StepSums::AddSum(std::size_t group, std::uint32_t count, const StepValues& sum) {
  Begin(group);
  const std::size_t at = group * steps_;
  AddToSums(at, sum);
  for (std::size_t step = 0; step < steps_; ++step)
    counts_[at + step] += sum.is_there[step] * count;
}

void StepSums::Correct(std::size_t group, std::size_t step, double difference) {
  Begin(group);
  const std::size_t at = group * steps_ + step;
  TwoSum(sums_[at], errors_[at], difference);
}

void StepSums::Merge(const StepSums& other) {
  for (std::size_t group = 0; group < whole_counts_.size(); ++group) {
    if (other.is_begun_[group] == 0) continue;
    Begin(group);
    for (std::size_t step = 0; step < steps_; ++step) {
      const std::size_t at = group * steps_ + step;
      if (!other.IsThere(group, step)) continue;
      if (errors_ != nullptr) {
        TwoSum(sums_[at], errors_[at], other.sums_[at]);
        errors_[at] += other.errors_[at];
      } else if (sums_ != nullptr) {
        sums_[at] = IsThere(group, step) ? Better(op_ == AggregateOp::kMin, sums_[at], other.sums_[at])
                                         : other.sums_[at];
      }
    }
    for (std::size_t step = 0; step < steps_; ++step)
      counts_[group * steps_ + step] += other.counts_[group * steps_ + step];
    whole_counts_[group] += other.whole_counts_[group];
  }
}

double StepSums::At(std::size_t group, std::size_t step) const {
  const std::size_t at = group * steps_ + step;
  const double count = counts_[at] + whole_counts_[group];
  switch (op_) {
    case AggregateOp::kSum:
      return sums_[at] + errors_[at];
    case AggregateOp::kAvg:
      return sums_[at] / count + errors_[at] / count;
    case AggregateOp::kCount:
      return count;
    case AggregateOp::kGroup:
      return 1;
    default:
      return sums_[at];
  }
}

}  // namespace tickscope::promql
