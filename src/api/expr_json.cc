#include "api/expr_json.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "promql/function_signature.h"
#include "wire/json_fields.h"

namespace tickscope::api {
namespace {

using namespace promql;  // NOLINT(google-build-using-namespace): a node type a line below.
using wire::JsonWriter;

void WriteNode(std::string_view key, const Expr& expr, JsonWriter& json) {
  json.Key(key);
  WriteExpr(expr, json);
}

void WriteTexts(std::string_view key, const std::vector<std::string>& texts, JsonWriter& json) {
  json.Key(key);
  json.BeginArray();
  for (const std::string& text : texts)
    json.String(text);
  json.EndArray();
}

void WriteFloat(std::string_view key, double value, JsonWriter& json) {
  json.Key(key);
  json.FixedFloatString(value);
}

void WriteFloatOrNull(std::string_view key, const std::optional<double>& value, JsonWriter& json) {
  if (value) {
    WriteFloat(key, *value, json);
  } else {
    json.Key(key);
    json.Null();
  }
}

std::string_view OperatorText(const DurationExpr& expr) {
  switch (expr.op) {
    case DurationOp::kAdd:
      return "+";
    case DurationOp::kSub:
    case DurationOp::kNegate:
      return "-";
    case DurationOp::kMul:
      return "*";
    case DurationOp::kDiv:
      return "/";
    case DurationOp::kMod:
      return "%";
    case DurationOp::kPow:
      return "^";
    case DurationOp::kStep:
      return "step";
    case DurationOp::kRange:
      return "range";
    case DurationOp::kMinOf:
      return "min_of";
    case DurationOp::kMaxOf:
      return "max_of";
    case DurationOp::kLiteral:
      break;
  }
  std::unreachable();
}

void WriteDurationExpr(std::string_view key, const DurationExpr* expr, JsonWriter& json) {
  json.Key(key);
  if (expr == nullptr) {
    json.Null();
    return;
  }
  json.BeginObject();
  if (expr->op == DurationOp::kLiteral) {
    WriteFlag("duration", expr->with_unit, json);
    WriteText("type", "numberLiteral", json);
    WriteFloat("val", expr->seconds, json);
  } else {
    WriteDurationExpr("lhs", expr->left.get(), json);
    WriteText("op", OperatorText(*expr), json);
    WriteDurationExpr("rhs", expr->right.get(), json);
    WriteText("type", "durationExpr", json);
    WriteFlag("wrapped", expr->in_parentheses, json);
  }
  json.EndObject();
}

void WriteDuration(std::string_view key, const Duration& duration, JsonWriter& json) {
  WriteInt(key, duration.expr ? 0 : duration.constant_ms.value_or(0), json);
  WriteDurationExpr(std::string(key) + "Expr", duration.expr.get(), json);
}

void WriteStartOrEnd(const AtModifier& at, JsonWriter& json) {
  json.Key("startOrEnd");
  switch (at.kind) {
    case AtKind::kStart:
      json.String("start");
      return;
    case AtKind::kEnd:
      json.String("end");
      return;
    case AtKind::kNone:
    case AtKind::kTimestamp:
      json.Null();
      return;
  }
}

void WriteTimestamp(const AtModifier& at, JsonWriter& json) {
  json.Key("timestamp");
  if (at.kind == AtKind::kTimestamp) {
    json.Int(at.time_ms);
  } else {
    json.Null();
  }
}

// A vector selector, or with `range` a matrix selector.
void WriteSelector(const VectorSelector& selector, const Duration* range, JsonWriter& json) {
  WriteFlag("anchored", selector.mode == RangeMode::kAnchored, json);
  json.Key("matchers");
  json.BeginArray();
  for (const Matcher& matcher : selector.matchers) {
    json.BeginObject();
    WriteText("name", matcher.name(), json);
    WriteText("type", MatchTypeText(matcher.type()), json);
    WriteText("value", matcher.value(), json);
    json.EndObject();
  }
  json.EndArray();
  WriteText("name", selector.name, json);
  WriteDuration("offset", selector.offset, json);
  if (range != nullptr) WriteDuration("range", *range, json);
  WriteFlag("smoothed", selector.mode == RangeMode::kSmoothed, json);
  WriteStartOrEnd(selector.at, json);
  WriteTimestamp(selector.at, json);
  WriteText("type", range != nullptr ? "matrixSelector" : "vectorSelector", json);
}

std::string_view CardinalityText(MatchCardinality card) {
  switch (card) {
    case MatchCardinality::kOneToOne:
      return "one-to-one";
    case MatchCardinality::kManyToOne:
      return "many-to-one";
    case MatchCardinality::kOneToMany:
      return "one-to-many";
    case MatchCardinality::kManyToMany:
      return "many-to-many";
  }
  std::unreachable();
}

void WriteMatching(const std::optional<VectorMatching>& matching, JsonWriter& json) {
  json.Key("matching");
  if (!matching) {
    json.Null();
    return;
  }
  json.BeginObject();
  WriteText("card", CardinalityText(matching->card), json);
  json.Key("fillValues");
  json.BeginObject();
  WriteFloatOrNull("lhs", matching->fill_left, json);
  WriteFloatOrNull("rhs", matching->fill_right, json);
  json.EndObject();
  WriteTexts("include", matching->include, json);
  WriteTexts("labels", matching->labels, json);
  WriteFlag("on", matching->on, json);
  json.EndObject();
}

// The words of type signatures, shorter than those of error messages.
std::string_view TypeWord(ValueType type) {
  switch (type) {
    case ValueType::kNone:
      return "none";
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kString:
      return "string";
    case ValueType::kVector:
      return "vector";
    case ValueType::kMatrix:
      return "matrix";
  }
  std::unreachable();
}

// "variadic" counts the optional arguments: -1 when there is no end to them.
void WriteFunction(const FunctionSignature& function, JsonWriter& json) {
  std::size_t listed = 0;
  while (listed < kArgTypesMax && function.arg_types[listed] != ValueType::kNone)
    ++listed;
  json.Key("func");
  json.BeginObject();
  json.Key("argTypes");
  json.BeginArray();
  for (std::size_t i = 0; i < listed; ++i)
    json.String(TypeWord(function.arg_types[i]));
  json.EndArray();
  WriteText("name", function.name, json);
  WriteText("returnType", TypeWord(function.returns), json);
  const std::int64_t optional_count = function.args_max == kArgsUnbounded
                                          ? -1
                                          : static_cast<std::int64_t>(function.args_max - function.args_min);
  WriteInt("variadic", optional_count, json);
  json.EndObject();
}

struct NodeWriter {
  JsonWriter& json;

  void operator()(const NumberLiteral& literal) const {
    WriteText("type", "numberLiteral", json);
    WriteFloat("val", literal.value, json);
  }
  void operator()(const StringLiteral& literal) const {
    WriteText("type", "stringLiteral", json);
    WriteText("val", literal.value, json);
  }
  void operator()(const VectorSelector& selector) const { WriteSelector(selector, nullptr, json); }
  void operator()(const MatrixSelector& matrix) const { WriteSelector(matrix.selector, &matrix.range, json); }
  void operator()(const Subquery& subquery) const {
    WriteNode("expr", *subquery.expr, json);
    WriteDuration("offset", subquery.offset, json);
    WriteDuration("range", subquery.range, json);
    WriteStartOrEnd(subquery.at, json);
    WriteDuration("step", subquery.step, json);
    WriteTimestamp(subquery.at, json);
    WriteText("type", "subquery", json);
  }
  void operator()(const Call& call) const {
    json.Key("args");
    json.BeginArray();
    for (const ExprPtr& arg : call.args)
      WriteExpr(*arg, json);
    json.EndArray();
    WriteFunction(*call.function, json);
    WriteText("type", "call", json);
  }
  void operator()(const Aggregate& aggregate) const {
    WriteNode("expr", *aggregate.expr, json);
    WriteTexts("grouping", aggregate.grouping, json);
    WriteText("op", AggregateOpText(aggregate.op), json);
    json.Key("param");
    if (aggregate.param) {
      WriteExpr(*aggregate.param, json);
    } else {
      json.Null();
    }
    WriteText("type", "aggregation", json);
    WriteFlag("without", aggregate.without, json);
  }
  void operator()(const Binary& binary) const {
    WriteFlag("bool", binary.return_bool, json);
    WriteNode("lhs", *binary.left, json);
    WriteMatching(binary.matching, json);
    WriteText("op", BinaryOpText(binary.op), json);
    WriteNode("rhs", *binary.right, json);
    WriteText("type", "binaryExpr", json);
  }
  void operator()(const Unary& unary) const {
    WriteNode("expr", *unary.expr, json);
    WriteText("op", unary.negate ? "-" : "+", json);
    WriteText("type", "unaryExpr", json);
  }
  void operator()(const Paren& paren) const {
    WriteNode("expr", *paren.expr, json);
    WriteText("type", "parenExpr", json);
  }
};

}  // namespace

void WriteExpr(const Expr& expr, JsonWriter& json) {
  json.BeginObject();
  std::visit(NodeWriter{json}, expr.node);
  json.EndObject();
}

}  // namespace tickscope::api
