// The syntax tree of a PromQL expression: what ParseExpr returns, the evaluator walks and the printer writes.
//
// A node is plain data: a byte range in the query text and one of ten alternatives. The tree is already
// checked (check.h): argument counts, types and modifiers are legal, and its depth is at most kExprDepthMax,
// so that walking it may recurse.
//
// Memory   A node owns its children. Nothing points back into the query text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "model/matcher.h"

namespace tickscope::promql {

struct FunctionSignature;

/// Deepest tree the parser builds. At 500 a recursive walk of 1 KiB frames needs half a megabyte of stack.
inline constexpr std::size_t kExprDepthMax = 500;

/// Bytes [start, end) of the query text.
struct PositionRange {
  std::size_t start = 0;
  std::size_t end = 0;
  friend bool operator==(const PositionRange&, const PositionRange&) = default;
};

enum class ValueType : std::uint8_t { kNone, kScalar, kString, kVector, kMatrix };

/// As error messages name it: "none", "scalar", "string", "instant vector", "range vector".
[[nodiscard]] std::string_view ValueTypeText(ValueType type);

enum class BinaryOp : std::uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kAtan2,
  kEqual,
  kNotEqual,
  kGreater,
  kLess,
  kGreaterEqual,
  kLessEqual,
  kAnd,
  kOr,
  kUnless,
  kTrimUpper,  ///< `</`: keep observations below the right side.
  kTrimLower,  ///< `>/`: keep observations above the right side.
};

/// "+", "atan2", "and", "</" and so on.
[[nodiscard]] std::string_view BinaryOpText(BinaryOp op);
[[nodiscard]] bool IsComparison(BinaryOp op);
[[nodiscard]] bool IsSetOperator(BinaryOp op);

enum class AggregateOp : std::uint8_t {
  kSum,
  kAvg,
  kCount,
  kMin,
  kMax,
  kGroup,
  kStddev,
  kStdvar,
  kTopk,
  kBottomk,
  kCountValues,
  kQuantile,
  kLimitk,
  kLimitRatio,
};

/// "sum", "count_values" and so on.
[[nodiscard]] std::string_view AggregateOpText(AggregateOp op);
/// True for topk, bottomk, quantile, count_values, limitk and limit_ratio.
[[nodiscard]] bool TakesParameter(AggregateOp op);

// Durations. `[5m]`, `offset -1h` and `[5m:1m]` are constants; `[2 * step() + 1m]` depends on the query.

enum class DurationOp : std::uint8_t {
  kLiteral,  ///< `seconds`
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kNegate,  ///< -right
  kStep,    ///< step(): the query's step, 0 for an instant query
  kRange,   ///< range(): the query's end minus its start
  kMinOf,   ///< min_of(left, right)
  kMaxOf,   ///< max_of(left, right)
};

struct DurationExpr {
  PositionRange position;
  DurationOp op = DurationOp::kLiteral;
  double seconds = 0;      ///< kLiteral only.
  bool with_unit = false;  ///< kLiteral only: written as 5m, not as 300.
  bool in_parentheses = false;
  std::unique_ptr<DurationExpr> left;   ///< Null for literals, kStep, kRange and kNegate.
  std::unique_ptr<DurationExpr> right;  ///< Null for literals, kStep and kRange.
};

/// A range, offset or subquery step. Resolve with ResolveDuration (duration_expr.h) unless `constant_ms` is
/// set.
struct Duration {
  /// Null when the duration is absent or was written as one literal.
  std::unique_ptr<DurationExpr> expr;
  /// Set unless `expr` reads the query's step or range, or has no legal value (an error of the evaluation).
  std::optional<std::int64_t> constant_ms;
};

enum class AtKind : std::uint8_t { kNone, kTimestamp, kStart, kEnd };

/// `@ 1603774699`, `@ start()` or `@ end()`.
struct AtModifier {
  AtKind kind = AtKind::kNone;
  TimeMs time_ms = 0;  ///< kTimestamp only.
  friend bool operator==(const AtModifier&, const AtModifier&) = default;
};

enum class RangeMode : std::uint8_t { kPlain, kAnchored, kSmoothed };

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct NumberLiteral {
  double value = 0;
  bool as_duration = false;  ///< Written as 5m; the value is in seconds.
};

struct StringLiteral {
  std::string value;  ///< Unescaped.
};

struct VectorSelector {
  /// The metric name written in front of the braces, empty when none; it is the last matcher too.
  std::string name;
  std::vector<Matcher> matchers;
  Duration offset;  ///< 0 when absent; positive looks back.
  AtModifier at;
  RangeMode mode = RangeMode::kPlain;
};

struct MatrixSelector {
  VectorSelector selector;  ///< Offset, @ and mode of the whole.
  PositionRange selector_position;
  Duration range;  ///< > 0.
};

struct Subquery {
  ExprPtr expr;
  Duration range;  ///< > 0.
  Duration step;   ///< constant_ms == 0 means absent: the engine's default step.
  Duration offset;
  AtModifier at;
};

struct Call {
  const FunctionSignature* function = nullptr;  ///< Never null; a row of the static table.
  std::vector<ExprPtr> args;
};

struct Aggregate {
  AggregateOp op = AggregateOp::kSum;
  ExprPtr expr;
  ExprPtr param;  ///< Set exactly when TakesParameter(op).
  bool without = false;
  std::vector<std::string> grouping;  ///< Label names in the order written.
};

enum class MatchCardinality : std::uint8_t { kOneToOne, kManyToOne, kOneToMany, kManyToMany };

struct VectorMatching {
  MatchCardinality card =
      MatchCardinality::kOneToOne;   ///< kManyToOne is group_left, kManyToMany a set operator.
  bool on = false;                   ///< Else ignoring.
  std::vector<std::string> labels;   ///< Of on() or ignoring().
  std::vector<std::string> include;  ///< Of group_left() or group_right().
  std::optional<double> fill_left;   ///< Stands in for a series missing on the left.
  std::optional<double> fill_right;
};

struct Binary {
  BinaryOp op = BinaryOp::kAdd;
  ExprPtr left;
  ExprPtr right;
  bool return_bool = false;
  std::optional<VectorMatching> matching;  ///< Set exactly when both sides are instant vectors.
};

struct Unary {
  bool negate = false;  ///< Else a unary plus.
  ExprPtr expr;
};

struct Paren {
  ExprPtr expr;
};

struct Expr {
  using Node = std::variant<NumberLiteral, StringLiteral, VectorSelector, MatrixSelector, Subquery, Call,
                            Aggregate, Binary, Unary, Paren>;
  /// Its type is known from its node and those below.
  Expr(PositionRange position, Node node);

  PositionRange position;
  Node node;
  ValueType type = ValueType::kNone;
  /// The value is the same at every step, whatever the steps are. Settled by CheckTypes.
  bool is_step_invariant = false;
};

/// What the expression evaluates to.
[[nodiscard]] inline ValueType TypeOf(const Expr& expr) {
  return expr.type;
}

/// The innermost expression inside any parentheses.
[[nodiscard]] const Expr& WithoutParens(const Expr& expr);

}  // namespace tickscope::promql
