// StepSums: running aggregates of groups of series, a value a step, fed with whole series at a time.
//
// Sums keep what rounding loses (Knuth's two-sum, which finds the same error as Neumaier's branches and needs none), so
// that the order in which series come, and on which core, does not show in the first fifteen digits.
//
// Threads   Apart: each thread has its own, or its own groups; Merge brings them together.
// Memory    16 to 20 bytes a group and step.
// Source    D. E. Knuth, The Art of Computer Programming 2, 4.2.2, Theorem B.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "promql/ast.h"
#include "promql/column_kernel.h"

namespace tickscope::promql {

class StepSums {
 public:
  /// Whether groups of the operator can be added up here: sum, avg, count, min, max and group.
  [[nodiscard]] static bool Supports(AggregateOp op);
  /// Bytes of `groups` groups over `steps` steps.
  [[nodiscard]] static std::uint64_t BytesOf(std::size_t groups, std::size_t steps) {
    return static_cast<std::uint64_t>(groups) * steps * (2 * sizeof(double) + sizeof(std::uint32_t));
  }

  /// Requires: Supports(op).
  StepSums(AggregateOp op, std::size_t groups, std::size_t steps);

  void Add(std::size_t group, const StepValues& series);
  /// Adds the sum of `count` series, of which all are where one is. Requires: an operator of sums.
  void AddSum(std::size_t group, std::uint32_t count, const StepValues& sum);
  /// Corrects a sum of a step by a difference. Requires: an operator of sums.
  void Correct(std::size_t group, std::size_t step, double difference);
  /// Adds what another of the same shape has.
  void Merge(const StepSums& other);
  [[nodiscard]] bool IsThere(std::size_t group, std::size_t step) const {
    return is_begun_[group] != 0 && counts_[group * steps_ + step] + whole_counts_[group] > 0;
  }
  [[nodiscard]] double At(std::size_t group, std::size_t step) const;

 private:
  /// Clears a group's cells when it is the first time: all at once would take longer than anybody waits for a cancelled query.
  void Begin(std::size_t group);
  void AddToSums(std::size_t at, const StepValues& series);
  void AddToBest(std::size_t group, const StepValues& series);

  const AggregateOp op_;
  const std::size_t steps_;
  // A group's cells are undefined until it has begun.
  std::unique_ptr<double[]> sums_;           // Or the best so far; null for operators that count only.
  std::unique_ptr<double[]> errors_;         // Of operators of sums.
  std::unique_ptr<std::uint32_t[]> counts_;  // Of series that are not at every step.
  std::vector<std::uint32_t> whole_counts_;  // Of those that are.
  std::vector<std::uint8_t> is_begun_;       // By group.
};

}  // namespace tickscope::promql
