#include <utility>

#include "base/duration.h"
#include "promql/duration_expr.h"
#include "promql/expression_parser.h"
#include "promql/literal.h"

namespace tickscope::promql {
namespace {

constexpr int kAdditive = 1;
constexpr int kMultiplicative = 2;
constexpr int kPower = 3;

struct DurationOperator {
  DurationOp op;
  int precedence;
};

std::optional<DurationOperator> DurationOperatorOf(const Token& token) {
  if (token.kind != TokenKind::kOperator) return std::nullopt;
  switch (token.op) {
    case BinaryOp::kAdd:
      return DurationOperator{DurationOp::kAdd, kAdditive};
    case BinaryOp::kSub:
      return DurationOperator{DurationOp::kSub, kAdditive};
    case BinaryOp::kMul:
      return DurationOperator{DurationOp::kMul, kMultiplicative};
    case BinaryOp::kDiv:
      return DurationOperator{DurationOp::kDiv, kMultiplicative};
    case BinaryOp::kMod:
      return DurationOperator{DurationOp::kMod, kMultiplicative};
    case BinaryOp::kPow:
      return DurationOperator{DurationOp::kPow, kPower};
    default:
      return std::nullopt;
  }
}

bool IsLiteralZero(const DurationExpr& expr) {
  return expr.op == DurationOp::kLiteral && expr.seconds == 0;
}

}  // namespace

Result<Duration> ExpressionParser::ParseDuration(const DurationPlace& place, DurationRole role) {
  TICKSCOPE_ASSIGN_OR_RETURN(auto expr, ParseDurationBinary(kAdditive, place));
  return Finish(std::move(expr), role);
}

// An offset takes one operand: `x offset 5m * 2` multiplies the vector. One that begins with a parenthesis takes what
// follows too: `x offset (5m) * 2` looks back ten minutes.
Result<Duration> ExpressionParser::ParseOffsetDuration() {
  constexpr DurationPlace kOffsetPlace = {"offset", "number, duration, step(), or range()"};
  const bool whole = current().kind == TokenKind::kLeftParen;
  TICKSCOPE_ASSIGN_OR_RETURN(auto expr, whole ? ParseDurationBinary(kAdditive, kOffsetPlace)
                                              : ParseDurationUnary(kOffsetPlace, kPower + 1));
  return Finish(std::move(expr), DurationRole::kOffset);
}

Result<Duration> ExpressionParser::Finish(std::unique_ptr<DurationExpr> expr, DurationRole role) const {
  Duration duration;
  if (expr->op == DurationOp::kLiteral && !expr->in_parentheses) {
    const std::size_t position = expr->position.start;
    if (!IsDuration(expr->seconds)) return FailBefore(position, "duration out of range");
    duration.constant_ms = DurationMs(expr->seconds);
    if (role != DurationRole::kOffset && *duration.constant_ms <= 0) {
      // What is cut to nothing is judged once the bracket is read to its end, or to the step.
      if (expr->seconds > 0 && !At(TokenKind::kRightBracket) && !At(TokenKind::kColon)) {
        return role == DurationRole::kStep ? Unexpected("subquery selector", "\"]\"")
                                           : Unexpected("subquery or range", "\":\" or \"]\"");
      }
      return FailBefore(position, "duration must be greater than 0");
    }
    return duration;
  }
  const bool constant = !ReadsQueryTimes(*expr);
  duration.expr = std::move(expr);
  // Without a legal value it stays unresolved: the evaluation reports it, as it does for values not known
  // here.
  if (const auto ms = ResolveDuration(duration, role, {}); constant && ms) duration.constant_ms = *ms;
  return duration;
}

Result<std::unique_ptr<DurationExpr>> ExpressionParser::ParseDurationBinary(int precedence_min,
                                                                            const DurationPlace& place) {
  const Nesting nesting(*this);
  TICKSCOPE_RETURN_IF_ERROR(CheckDepth(depth_));
  TICKSCOPE_ASSIGN_OR_RETURN(auto left, ParseDurationUnary(place, kPower));
  std::size_t chain = depth_;
  while (const auto op = DurationOperatorOf(current())) {
    if (op->precedence < precedence_min) break;
    TICKSCOPE_RETURN_IF_ERROR(CheckDepth(++chain));
    const std::size_t op_position = current().position.start;
    Advance();
    const int right_min = op->op == DurationOp::kPow ? op->precedence : op->precedence + 1;
    TICKSCOPE_ASSIGN_OR_RETURN(auto right, ParseDurationBinary(right_min, place));
    if (op->op == DurationOp::kDiv && IsLiteralZero(*right))
      return FailBefore(op_position, "division by zero");
    if (op->op == DurationOp::kMod && IsLiteralZero(*right)) return FailBefore(op_position, "modulo by zero");
    auto binary = std::make_unique<DurationExpr>();
    binary->position = {left->position.start, last_end_};
    binary->op = op->op;
    binary->left = std::move(left);
    binary->right = std::move(right);
    left = std::move(binary);
  }
  return left;
}

Result<std::unique_ptr<DurationExpr>> ExpressionParser::ParseDurationUnary(const DurationPlace& place,
                                                                           int operand_min) {
  if (!AtOperator(BinaryOp::kAdd) && !AtOperator(BinaryOp::kSub)) return ParseDurationPrimary(place);
  const bool negate = current().op == BinaryOp::kSub;
  const std::size_t start = current().position.start;
  Advance();
  TICKSCOPE_ASSIGN_OR_RETURN(auto operand, ParseDurationBinary(operand_min, place));
  operand->position.start = start;
  if (!negate) return operand;
  if (operand->op == DurationOp::kLiteral && !operand->in_parentheses) {
    operand->seconds = -operand->seconds;
    return operand;
  }
  auto unary = std::make_unique<DurationExpr>();
  unary->position = operand->position;
  unary->op = DurationOp::kNegate;
  unary->right = std::move(operand);
  return unary;
}

Result<std::unique_ptr<DurationExpr>> ExpressionParser::ParseDurationPrimary(const DurationPlace& place) {
  auto expr = std::make_unique<DurationExpr>();
  const Token token = current();
  expr->position = token.position;
  switch (token.kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration: {
      TICKSCOPE_ASSIGN_OR_RETURN(const Tree literal, ParseNumberLiteral());
      const auto& number = std::get<NumberLiteral>(literal.expr->node);
      if (!IsDuration(number.value)) return FailBefore(token.position.start, "duration out of range");
      expr->seconds = number.value;
      expr->with_unit = number.as_duration;
      return expr;
    }
    case TokenKind::kStep:
    case TokenKind::kRange:
      expr->op = token.kind == TokenKind::kStep ? DurationOp::kStep : DurationOp::kRange;
      Advance();
      TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kLeftParen, place.context, place.expected));
      break;
    case TokenKind::kMinOf:
    case TokenKind::kMaxOf: {
      expr->op = token.kind == TokenKind::kMinOf ? DurationOp::kMinOf : DurationOp::kMaxOf;
      Advance();
      TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kLeftParen, place.context, place.expected));
      TICKSCOPE_ASSIGN_OR_RETURN(expr->left, ParseDurationBinary(kAdditive, place));
      TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kComma, place.context, place.expected));
      TICKSCOPE_ASSIGN_OR_RETURN(expr->right, ParseDurationBinary(kAdditive, place));
      break;
    }
    case TokenKind::kLeftParen: {
      Advance();
      TICKSCOPE_ASSIGN_OR_RETURN(expr, ParseDurationBinary(kAdditive, place));
      expr->in_parentheses = true;
      expr->position.start = token.position.start;
      break;
    }
    default:
      return Unexpected(place.context, place.expected);
  }
  TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kRightParen, place.context, place.expected));
  expr->position.end = last_end_;
  return expr;
}

}  // namespace tickscope::promql
