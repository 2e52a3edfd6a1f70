#include "promql/binary_eval.h"

#include <algorithm>
#include <optional>

#include "promql/binary_op.h"
#include "promql/vector_matching.h"

namespace tickscope::promql {
namespace {

Operand OperandAt(const StepMatrix& matrix, std::size_t row, std::size_t step) {
  if (matrix.cell(row, step) == Cell::kHistogram) return {Cell::kHistogram, 0, &matrix.histogram(row, step)};
  return {Cell::kFloat, matrix.value(row, step), nullptr};
}

void Store(Sample sample, std::size_t row, std::size_t step, StepMatrix& out) {
  if (sample.cell == Cell::kHistogram) {
    out.SetHistogram(row, step, std::move(sample.histogram));
  } else {
    out.SetFloat(row, step, sample.value);
  }
}

Result<StepMatrix> EvalWithScalar(Evaluator& evaluator, const Expr& expr, const Binary& binary,
                                  const Scope& scope) {
  const bool vector_on_left = TypeOf(*binary.left) == ValueType::kVector;
  // Left before right: of notes with one text the last one stays.
  std::vector<double> scalars;
  if (!vector_on_left) {
    TICKSCOPE_ASSIGN_OR_RETURN(scalars, evaluator.Scalar(*binary.left, scope));
  }
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix vector,
                             evaluator.Vector(vector_on_left ? *binary.left : *binary.right, scope));
  if (vector_on_left) {
    TICKSCOPE_ASSIGN_OR_RETURN(scalars, evaluator.Scalar(*binary.right, scope));
  }
  BinaryOperator op(binary.op, binary.return_bool);
  Pace pace(evaluator.run());
  for (std::size_t row = 0; row < vector.rows(); ++row) {
    TICKSCOPE_RETURN_IF_ERROR(pace.Did(vector.steps()));
    for (std::size_t step = 0; step < vector.steps(); ++step) {
      if (vector.cell(row, step) == Cell::kNone) continue;
      const Operand element = OperandAt(vector, row, step);
      const Operand scalar{Cell::kFloat, scalars[step], nullptr};
      Sample result =
          vector_on_left ? op.Apply(element, scalar, element) : op.Apply(scalar, element, element);
      const bool none = result.cell == Cell::kNone;
      if (none || result.cell == Cell::kFloat) vector.Erase(row, step);
      if (!none) Store(std::move(result), row, step, vector);
    }
  }
  op.Annotate(evaluator.run().annotations, expr.position);
  vector.DropEmptyRows();
  if (!ChangesQuantity(binary.op) && !binary.return_bool) return vector;
  return DropMetricNames(evaluator.run(), std::move(vector));
}

// For each step, whether a vector holds anything at all.
std::vector<std::uint8_t> AnyPresent(const StepMatrix& matrix) {
  std::vector<std::uint8_t> present(matrix.steps(), 0);
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    const std::span<const Cell> cells = matrix.cells(row);
    for (std::size_t step = 0; step < cells.size(); ++step)
      present[step] |= static_cast<std::uint8_t>(cells[step] != Cell::kNone);
  }
  return present;
}

bool AnyRowAt(const StepMatrix& matrix, const std::vector<std::size_t>& rows, std::size_t step) {
  return std::any_of(rows.begin(), rows.end(),
                     [&](std::size_t row) { return matrix.cell(row, step) != Cell::kNone; });
}

Result<StepMatrix> EvalSetOperator(Evaluator& evaluator, const Binary& binary, const Scope& scope) {
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix left, evaluator.Vector(*binary.left, scope));
  TICKSCOPE_ASSIGN_OR_RETURN(StepMatrix right, evaluator.Vector(*binary.right, scope));
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<MatchGroup> groups,
                             MatchRows(evaluator.run(), left, right, *binary.matching));
  Pace pace(evaluator.run());
  for (const MatchGroup& group : groups) {
    for (std::size_t step = 0; step < left.steps(); ++step) {
      TICKSCOPE_RETURN_IF_ERROR(pace.Did(group.left.size() + group.right.size()));
      if (binary.op == BinaryOp::kOr) {
        if (!AnyRowAt(left, group.left, step)) continue;
        for (const std::size_t row : group.right)
          right.Erase(row, step);
      } else if (AnyRowAt(right, group.right, step) != (binary.op == BinaryOp::kAnd)) {
        for (const std::size_t row : group.left)
          left.Erase(row, step);
      }
    }
  }
  if (binary.op == BinaryOp::kOr) {
    left.Reserve(left.rows() + right.rows());
    for (std::size_t row = 0; row < right.rows(); ++row) {
      TICKSCOPE_RETURN_IF_ERROR(pace.Did(right.steps()));
      const std::size_t added = left.AddRow(right.head(row));
      for (std::size_t step = 0; step < right.steps(); ++step)
        left.Copy(added, step, right, row, step);
      TICKSCOPE_RETURN_IF_ERROR(left.CloseRow());
    }
    return MergeEqualRows(evaluator.run(), std::move(left));
  }
  left.DropEmptyRows();
  return left;
}

// One evaluation of an arithmetic, comparison or trim operator between two vectors. The side whose series may match
// several is "one", the other "many"; in a one-to-one match "many" is the left side.
class VectorMatch {
 public:
  VectorMatch(const QueryRun& run, const Binary& binary, const StepMatrix& left, const StepMatrix& right,
              StepMatrix& out)
      : pace_(run),
        matching_(*binary.matching),
        many_is_left_(matching_.card != MatchCardinality::kOneToMany),
        many_(many_is_left_ ? left : right),
        one_(many_is_left_ ? right : left),
        many_fill_(many_is_left_ ? matching_.fill_left : matching_.fill_right),
        one_fill_(many_is_left_ ? matching_.fill_right : matching_.fill_left),
        keep_name_(!ChangesQuantity(binary.op)),
        marks_name_(binary.return_bool),
        left_present_(AnyPresent(left)),
        right_present_(AnyPresent(right)),
        op_(binary.op, binary.return_bool),
        out_(out),
        rows_(out) {}

  Status MatchGroupAt(const MatchGroup& group, std::size_t group_index) {
    group_index_ = group_index;
    row_of_pair_.clear();
    const std::vector<std::size_t>& many_rows = many_is_left_ ? group.left : group.right;
    const std::vector<std::size_t>& one_rows = many_is_left_ ? group.right : group.left;
    for (std::size_t step = 0; step < out_.steps(); ++step) {
      TICKSCOPE_RETURN_IF_ERROR(pace_.Did(many_rows.size() + one_rows.size()));
      // Without elements on one side there is nothing to match, and no match to refuse either.
      if (!fills() && !(left_present_[step] != 0 && right_present_[step] != 0)) continue;
      TICKSCOPE_ASSIGN_OR_RETURN(const std::optional<std::size_t> one, TheOne(one_rows, step));
      bool any_match = false;
      for (const std::size_t many : many_rows) {
        if (many_.cell(many, step) == Cell::kNone) continue;
        if (!one && !one_fill_) break;
        TICKSCOPE_ASSIGN_OR_RETURN(const bool matched, Combine(many, one, step));
        // Refused even where a comparison leaves at most one of them.
        if (matched && any_match && matching_.card == MatchCardinality::kOneToOne) return ManyToOneError();
        any_match = any_match || matched;
      }
      if (any_match || !one || !many_fill_) continue;  // What does not go together does not match either.
      TICKSCOPE_ASSIGN_OR_RETURN([[maybe_unused]] const bool filled, Combine(std::nullopt, one, step));
    }
    return {};
  }

  [[nodiscard]] const BinaryOperator& op() const { return op_; }

 private:
  static constexpr std::size_t kNoRow = static_cast<std::size_t>(-1);

  [[nodiscard]] bool fills() const { return many_fill_ || one_fill_; }

  static std::unexpected<Error> ManyToOneError() {
    return Fail(
        ErrorCode::kFailedPrecondition,
        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
  }

  // The element of the "one" side at a step. Errors: more than one.
  Result<std::optional<std::size_t>> TheOne(const std::vector<std::size_t>& rows, std::size_t step) const {
    std::optional<std::size_t> found;
    for (const std::size_t row : rows) {
      if (one_.cell(row, step) == Cell::kNone) continue;
      if (!found) {
        found = row;
        continue;
      }
      const Labels& labels = one_.head(*found).labels;
      std::string a = LabelSetText(labels);
      std::string b = LabelSetText(one_.head(row).labels);
      if (b < a) std::swap(a, b);
      return Fail(ErrorCode::kFailedPrecondition,
                  "found duplicate series for the match group " +
                      LabelSetText(MatchingLabels(labels, matching_)) + " on the " +
                      (many_is_left_ ? "right" : "left") + " hand-side of the operation: [" + a + ", " + b +
                      "];many-to-many matching not allowed: matching labels must be unique on one side");
    }
    return found;
  }

  // Applies the operator to a pair, of which one may be missing and filled. False when they do not go together.
  Result<bool> Combine(std::optional<std::size_t> many, std::optional<std::size_t> one, std::size_t step) {
    const Operand many_operand =
        many ? OperandAt(many_, *many, step) : Operand{Cell::kFloat, *many_fill_, nullptr};
    const Operand one_operand =
        one ? OperandAt(one_, *one, step) : Operand{Cell::kFloat, *one_fill_, nullptr};
    const Operand& left = many_is_left_ ? many_operand : one_operand;
    const Operand& right = many_is_left_ ? one_operand : many_operand;
    Sample sample = op_.Apply(left, right, left);
    if (sample.cell == Cell::kNone) return !op_.last_was_refused();

    const std::size_t row = ResultRow(many, one);
    if (out_.cell(row, step) != Cell::kNone) {
      if (group_of_row_[row] != group_index_) return DuplicateLabelSetError();
      return Fail(
          ErrorCode::kFailedPrecondition,
          matching_.card == MatchCardinality::kOneToOne
              ? "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
              : "multiple matches for labels: grouping labels must ensure unique matches");
    }
    group_of_row_[row] = group_index_;
    Store(std::move(sample), row, step, out_);
    return true;
  }

  std::size_t ResultRow(std::optional<std::size_t> many, std::optional<std::size_t> one) {
    const std::pair<std::size_t, std::size_t> pair{many.value_or(kNoRow), one.value_or(kNoRow)};
    const auto known = std::find_if(row_of_pair_.begin(), row_of_pair_.end(),
                                    [&](const auto& entry) { return entry.first == pair; });
    if (known != row_of_pair_.end()) return known->second;
    // A filled series carries what the group has in common.
    const Labels many_labels =
        many ? many_.head(*many).labels : MatchingLabels(one_.head(*one).labels, matching_);
    const Labels one_labels = one ? one_.head(*one).labels : MatchingLabels(many_labels, matching_);
    // Marks of the operands end here, as in Prometheus: with delayed removal, matching brings names back.
    const std::size_t row =
        rows_.RowFor(ResultLabels(many_labels, one_labels, matching_, keep_name_), marks_name_);
    group_of_row_.resize(out_.rows(), kNoRow);
    if (row_of_pair_.size() >= kPairsKept) row_of_pair_.clear();
    row_of_pair_.emplace_back(pair, row);
    return row;
  }

  static constexpr std::size_t kPairsKept =
      64;  // More than series change hands within a group while it is matched.

  Pace pace_;
  const VectorMatching& matching_;
  bool many_is_left_;
  const StepMatrix& many_;
  const StepMatrix& one_;
  std::optional<double> many_fill_;
  std::optional<double> one_fill_;
  bool keep_name_;
  bool marks_name_;
  std::vector<std::uint8_t> left_present_;
  std::vector<std::uint8_t> right_present_;
  BinaryOperator op_;
  StepMatrix& out_;
  RowIndex rows_;
  std::size_t group_index_ = 0;
  std::vector<std::pair<std::pair<std::size_t, std::size_t>, std::size_t>> row_of_pair_;
  std::vector<std::size_t> group_of_row_;
};

Result<StepMatrix> EvalVectors(Evaluator& evaluator, const Expr& expr, const Binary& binary,
                               const Scope& scope) {
  TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix left, evaluator.Vector(*binary.left, scope));
  TICKSCOPE_ASSIGN_OR_RETURN(const StepMatrix right, evaluator.Vector(*binary.right, scope));
  StepMatrix out = evaluator.NewMatrix(scope);
  const QueryRun& run = evaluator.run();
  VectorMatch match(run, binary, left, right, out);
  TICKSCOPE_ASSIGN_OR_RETURN(const std::vector<MatchGroup> groups,
                             MatchRows(run, left, right, *binary.matching));
  for (std::size_t i = 0; i < groups.size(); ++i)
    TICKSCOPE_RETURN_IF_ERROR(match.MatchGroupAt(groups[i], i));
  match.op().Annotate(evaluator.run().annotations, expr.position);
  TICKSCOPE_RETURN_IF_ERROR(out.Seal());
  if (run.options.delayed_name_removal) return out;
  return RemoveMarkedNames(run, std::move(out));
}

}  // namespace

Result<StepMatrix> EvalBinary(Evaluator& evaluator, const Expr& expr, const Binary& binary,
                              const Scope& outer) {
  // Comparing for equality and trimming look at buckets, whatever is made of the result.
  const bool needs_buckets = binary.op == BinaryOp::kEqual || binary.op == BinaryOp::kNotEqual ||
                             binary.op == BinaryOp::kTrimLower || binary.op == BinaryOp::kTrimUpper;
  const Scope scope = needs_buckets ? outer.Whole() : outer;
  if (!binary.matching) return EvalWithScalar(evaluator, expr, binary, scope);
  if (IsSetOperator(binary.op)) return EvalSetOperator(evaluator, binary, scope);
  return EvalVectors(evaluator, expr, binary, scope);
}

}  // namespace tickscope::promql
