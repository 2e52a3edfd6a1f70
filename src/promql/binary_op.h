// Binary operators on single samples: what `left OP right` gives for floats and histograms.
#pragma once

#include <string>

#include "promql/annotations.h"
#include "promql/ast.h"
#include "promql/range_function.h"

namespace tickscope::promql {

/// One operand, borrowed.
struct Operand {
  Cell cell = Cell::kFloat;
  double value = 0;
  const HistogramPtr* histogram = nullptr;  ///< Set for histograms.
};

/// Applies one operator again and again, gathering what users should hear.
class BinaryOperator {
 public:
  BinaryOperator(BinaryOp op, bool return_bool) : op_(op), return_bool_(return_bool) {}

  /// The result; nothing when a comparison does not hold (without bool) or the operand types do not go together.
  /// A comparison without bool keeps `kept`, the operand that stays visible.
  [[nodiscard]] Sample Apply(const Operand& left, const Operand& right, const Operand& kept);

  /// True when the last Apply gave nothing because the operands do not go together, not because they were compared.
  [[nodiscard]] bool last_was_refused() const { return last_was_refused_; }

  /// Turns what was gathered into annotations.
  void Annotate(Annotations& annotations, PositionRange at) const;

 private:
  [[nodiscard]] Sample ApplyHistograms(const Histogram& left, const Histogram& right, const Operand& kept);
  [[nodiscard]] Sample Comparison(bool holds, const Operand& kept) const;
  [[nodiscard]] Sample Refuse(const Operand& left, const Operand& right);

  BinaryOp op_;
  bool return_bool_;
  bool refused_[2][2] = {};  // By type of left and right: histogram or not.
  bool last_was_refused_ = false;
  bool incompatible_buckets_ = false;
  bool reset_conflict_ = false;
  bool bounds_reconciled_ = false;
};

/// Arithmetic or comparison (1 or 0) of two floats.
[[nodiscard]] double ApplyToFloats(BinaryOp op, double left, double right);

/// True for operators whose result is another quantity than their operands, which therefore lose the metric name.
[[nodiscard]] bool ChangesQuantity(BinaryOp op);

}  // namespace tickscope::promql
