#include "promql/ast.h"

#include <utility>

#include "promql/function_signature.h"

namespace tickscope::promql {

std::string_view ValueTypeText(ValueType type) {
  switch (type) {
    case ValueType::kNone:
      return "none";
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kString:
      return "string";
    case ValueType::kVector:
      return "instant vector";
    case ValueType::kMatrix:
      return "range vector";
  }
  std::unreachable();
}

std::string_view BinaryOpText(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd:
      return "+";
    case BinaryOp::kSub:
      return "-";
    case BinaryOp::kMul:
      return "*";
    case BinaryOp::kDiv:
      return "/";
    case BinaryOp::kMod:
      return "%";
    case BinaryOp::kPow:
      return "^";
    case BinaryOp::kAtan2:
      return "atan2";
    case BinaryOp::kEqual:
      return "==";
    case BinaryOp::kNotEqual:
      return "!=";
    case BinaryOp::kGreater:
      return ">";
    case BinaryOp::kLess:
      return "<";
    case BinaryOp::kGreaterEqual:
      return ">=";
    case BinaryOp::kLessEqual:
      return "<=";
    case BinaryOp::kAnd:
      return "and";
    case BinaryOp::kOr:
      return "or";
    case BinaryOp::kUnless:
      return "unless";
    case BinaryOp::kTrimUpper:
      return "</";
    case BinaryOp::kTrimLower:
      return ">/";
  }
  std::unreachable();
}

bool IsComparison(BinaryOp op) {
  return op >= BinaryOp::kEqual && op <= BinaryOp::kLessEqual;
}
bool IsSetOperator(BinaryOp op) {
  return op >= BinaryOp::kAnd && op <= BinaryOp::kUnless;
}

std::string_view AggregateOpText(AggregateOp op) {
  switch (op) {
    case AggregateOp::kSum:
      return "sum";
    case AggregateOp::kAvg:
      return "avg";
    case AggregateOp::kCount:
      return "count";
    case AggregateOp::kMin:
      return "min";
    case AggregateOp::kMax:
      return "max";
    case AggregateOp::kGroup:
      return "group";
    case AggregateOp::kStddev:
      return "stddev";
    case AggregateOp::kStdvar:
      return "stdvar";
    case AggregateOp::kTopk:
      return "topk";
    case AggregateOp::kBottomk:
      return "bottomk";
    case AggregateOp::kCountValues:
      return "count_values";
    case AggregateOp::kQuantile:
      return "quantile";
    case AggregateOp::kLimitk:
      return "limitk";
    case AggregateOp::kLimitRatio:
      return "limit_ratio";
  }
  std::unreachable();
}

bool TakesParameter(AggregateOp op) {
  return op >= AggregateOp::kTopk;
}

namespace {

struct TypeVisitor {
  ValueType operator()(const NumberLiteral&) const { return ValueType::kScalar; }
  ValueType operator()(const StringLiteral&) const { return ValueType::kString; }
  ValueType operator()(const VectorSelector&) const { return ValueType::kVector; }
  ValueType operator()(const MatrixSelector&) const { return ValueType::kMatrix; }
  ValueType operator()(const Subquery&) const { return ValueType::kMatrix; }
  ValueType operator()(const Call& call) const { return call.function->returns; }
  ValueType operator()(const Aggregate&) const { return ValueType::kVector; }
  ValueType operator()(const Binary& binary) const {
    const bool scalars =
        TypeOf(*binary.left) == ValueType::kScalar && TypeOf(*binary.right) == ValueType::kScalar;
    return scalars ? ValueType::kScalar : ValueType::kVector;
  }
  ValueType operator()(const Unary& unary) const { return TypeOf(*unary.expr); }
  ValueType operator()(const Paren& paren) const { return TypeOf(*paren.expr); }
};

}  // namespace

Expr::Expr(PositionRange at, Node what)
    : position(at), node(std::move(what)), type(std::visit(TypeVisitor{}, node)) {}

const Expr& WithoutParens(const Expr& expr) {
  const Expr* at = &expr;
  while (const Paren* paren = std::get_if<Paren>(&at->node))
    at = paren->expr.get();
  return *at;
}

}  // namespace tickscope::promql
