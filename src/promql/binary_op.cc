#include "promql/binary_op.h"

#include <cmath>

#include "base/check.h"
#include "model/histogram_arithmetic.h"
#include "model/histogram_trim.h"

namespace tickscope::promql {

double ApplyToFloats(BinaryOp op, double left, double right) {
  switch (op) {
    case BinaryOp::kAdd:
      return left + right;
    case BinaryOp::kSub:
      return left - right;
    case BinaryOp::kMul:
      return left * right;
    case BinaryOp::kDiv:
      return left / right;
    case BinaryOp::kMod:
      return std::fmod(left, right);
    case BinaryOp::kPow:
      return std::pow(left, right);
    case BinaryOp::kAtan2:
      return std::atan2(left, right);
    case BinaryOp::kEqual:
      return left == right ? 1 : 0;
    case BinaryOp::kNotEqual:
      return left != right ? 1 : 0;
    case BinaryOp::kGreater:
      return left > right ? 1 : 0;
    case BinaryOp::kLess:
      return left < right ? 1 : 0;
    case BinaryOp::kGreaterEqual:
      return left >= right ? 1 : 0;
    case BinaryOp::kLessEqual:
      return left <= right ? 1 : 0;
    case BinaryOp::kAnd:
    case BinaryOp::kOr:
    case BinaryOp::kUnless:
    case BinaryOp::kTrimUpper:
    case BinaryOp::kTrimLower:
      break;
  }
  TICKSCOPE_CHECK(false);  // Set and trim operators have no meaning on floats; callers know.
}

bool ChangesQuantity(BinaryOp op) {
  return !IsComparison(op) && !IsSetOperator(op) && op != BinaryOp::kTrimUpper && op != BinaryOp::kTrimLower;
}

Sample BinaryOperator::Comparison(bool holds, const Operand& kept) const {
  if (return_bool_) return Sample::Float(holds ? 1 : 0);
  if (!holds) return Sample::None();
  return kept.cell == Cell::kHistogram ? Sample::Of(*kept.histogram) : Sample::Float(kept.value);
}

Sample BinaryOperator::Refuse(const Operand& left, const Operand& right) {
  last_was_refused_ = true;
  refused_[left.cell == Cell::kHistogram][right.cell == Cell::kHistogram] = true;
  return Sample::None();
}

Sample BinaryOperator::Apply(const Operand& left, const Operand& right, const Operand& kept) {
  last_was_refused_ = false;
  const bool left_histogram = left.cell == Cell::kHistogram;
  const bool right_histogram = right.cell == Cell::kHistogram;
  const bool trim = op_ == BinaryOp::kTrimUpper || op_ == BinaryOp::kTrimLower;
  if (!left_histogram && !right_histogram) {
    if (trim) return Refuse(left, right);
    if (IsComparison(op_)) return Comparison(ApplyToFloats(op_, left.value, right.value) != 0, kept);
    return Sample::Float(ApplyToFloats(op_, left.value, right.value));
  }
  if (left_histogram && right_histogram) {
    const bool known = op_ == BinaryOp::kAdd || op_ == BinaryOp::kSub || op_ == BinaryOp::kEqual ||
                       op_ == BinaryOp::kNotEqual;
    return known ? ApplyHistograms(**left.histogram, **right.histogram, kept) : Refuse(left, right);
  }
  if (right_histogram) {
    if (op_ == BinaryOp::kMul) return Sample::Of(ScaleHistogram(**right.histogram, left.value));
    return Refuse(left, right);
  }
  const Histogram& h = **left.histogram;
  if (op_ == BinaryOp::kMul) return Sample::Of(ScaleHistogram(h, right.value));
  if (op_ == BinaryOp::kDiv) return Sample::Of(DivideHistogram(h, right.value));
  if (trim) {
    const TrimSide side = op_ == BinaryOp::kTrimUpper ? TrimSide::kKeepBelow : TrimSide::kKeepAbove;
    return Sample::Of(TrimHistogram(h, side, right.value));
  }
  return Refuse(left, right);
}

Sample BinaryOperator::ApplyHistograms(const Histogram& left, const Histogram& right, const Operand& kept) {
  if (IsComparison(op_)) return Comparison(SameHistogram(left, right) == (op_ == BinaryOp::kEqual), kept);
  if (!SameBucketKind(left, right)) {
    last_was_refused_ = true;
    incompatible_buckets_ = true;
    return Sample::None();
  }
  CombineNotes notes;
  Histogram result =
      op_ == BinaryOp::kAdd ? AddHistograms(left, right, notes) : SubtractHistograms(left, right, notes);
  reset_conflict_ = reset_conflict_ || notes.reset_conflict;
  bounds_reconciled_ = bounds_reconciled_ || notes.bounds_reconciled;
  return Sample::Of(std::move(result));
}

void BinaryOperator::Annotate(Annotations& annotations, PositionRange at) const {
  const std::string op(BinaryOpText(op_));
  const char* const kTypes[2] = {"float", "histogram"};
  for (const std::size_t left : {0U, 1U}) {
    for (const std::size_t right : {0U, 1U}) {
      if (!refused_[left][right]) continue;
      annotations.Inform(at, "incompatible sample types encountered for binary operator \"" + op +
                                 "\": " + kTypes[left] + " " + op + " " + kTypes[right]);
    }
  }
  if (incompatible_buckets_) {
    annotations.Warn(at, "incompatible bucket layout encountered for binary operator " + op);
  }
  const std::string operation = op_ == BinaryOp::kAdd ? "addition" : "subtraction";
  if (reset_conflict_) annotations.Warn(at, std::string(kResetConflictText) + operation);
  if (bounds_reconciled_) annotations.Inform(at, std::string(kBoundsReconciledText) + operation);
}

}  // namespace tickscope::promql
