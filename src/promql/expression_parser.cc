#include "promql/expression_parser.h"

#include <algorithm>
#include <utility>

#include "base/duration.h"
#include "promql/function_signature.h"
#include "promql/literal.h"

namespace tickscope::promql {
namespace {

// Binding strength, weakest first. A sign binds tighter than `*` and weaker than `^`.
int Precedence(BinaryOp op) {
  switch (op) {
    case BinaryOp::kOr:
      return 1;
    case BinaryOp::kAnd:
    case BinaryOp::kUnless:
      return 2;
    case BinaryOp::kEqual:
    case BinaryOp::kNotEqual:
    case BinaryOp::kGreater:
    case BinaryOp::kLess:
    case BinaryOp::kGreaterEqual:
    case BinaryOp::kLessEqual:
    case BinaryOp::kTrimUpper:
    case BinaryOp::kTrimLower:
      return 3;
    case BinaryOp::kAdd:
    case BinaryOp::kSub:
      return 4;
    case BinaryOp::kMul:
    case BinaryOp::kDiv:
    case BinaryOp::kMod:
    case BinaryOp::kAtan2:
      return 5;
    case BinaryOp::kPow:
      return 6;
  }
  std::unreachable();
}

constexpr int kPrecedenceMin = 1;
constexpr int kPrecedencePow = 6;

bool IsKeywordFunction(TokenKind kind) {
  switch (kind) {
    case TokenKind::kStart:
    case TokenKind::kEndKeyword:
    case TokenKind::kStep:
    case TokenKind::kRange:
    case TokenKind::kMinOf:
    case TokenKind::kMaxOf:
      return true;
    default:
      return false;
  }
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

}  // namespace

ExpressionParser::ExpressionParser(std::string_view text, const EngineOptions& options)
    : text_(text),
      options_(options),
      lexer_(text, options.unquoted_utf8_names ? NameSyntax::kUnquotedUtf8 : NameSyntax::kClassic),
      current_(lexer_.Next()),
      next_(lexer_.Next()) {}

void ExpressionParser::Advance() {
  last_end_ = current_.position.end;
  current_ = next_;
  next_ = lexer_.Next();
}

Status ExpressionParser::Expect(TokenKind kind, std::string_view context, std::string_view expected) {
  if (!At(kind)) return Unexpected(context, expected);
  Advance();
  return {};
}

std::unexpected<Error> ExpressionParser::FailAt(std::size_t position, std::string_view message) const {
  return ParseErrorAt(text_, position, message);
}

std::unexpected<Error> ExpressionParser::FailBefore(std::size_t position, std::string_view message) const {
  return At(TokenKind::kError) ? Unexpected() : FailAt(position, message);
}

std::unexpected<Error> ExpressionParser::Unexpected(std::string_view context,
                                                    std::string_view expected) const {
  if (At(TokenKind::kError)) return FailAt(current_.position.start, lexer_.error());
  std::string message = "unexpected ";
  if (AtAnyFill()) {
    message.append("<").append(current_.text).append(">");
  } else {
    message += DescribeToken(current_);
  }
  if (context.empty() && aggregations_ > 0) context = "aggregation";
  if (!context.empty()) message.append(" in ").append(context);
  if (!expected.empty()) message.append(", expected ").append(expected);
  return FailAt(current_.position.start, message);
}

Status ExpressionParser::CheckDepth(std::size_t depth) const {
  if (depth <= kExprDepthMax) return {};
  return FailAt(current_.position.start,
                "expression nested deeper than " + std::to_string(kExprDepthMax) + " levels");
}

Result<ExpressionParser::Tree> ExpressionParser::Make(std::size_t start, Expr::Node&& node,
                                                      std::size_t children_height) const {
  TICKSCOPE_RETURN_IF_ERROR(CheckDepth(children_height + 1));
  return Tree{std::make_unique<Expr>(PositionRange{start, last_end_}, std::move(node)), children_height + 1};
}

Result<ExprPtr> ExpressionParser::ParseAll() {
  if (At(TokenKind::kEnd)) return FailAt(0, "no expression found in input");
  TICKSCOPE_ASSIGN_OR_RETURN(Tree tree, ParseBinary(kPrecedenceMin));
  if (!At(TokenKind::kEnd)) return Unexpected();
  return std::move(tree.expr);
}

Result<ExpressionParser::Tree> ExpressionParser::ParseBinary(int precedence_min) {
  const Nesting nesting(*this);
  TICKSCOPE_RETURN_IF_ERROR(CheckDepth(depth_));
  TICKSCOPE_ASSIGN_OR_RETURN(Tree left, ParseUnary());
  while (At(TokenKind::kOperator)) {
    const Token op = current();
    const int precedence = Precedence(op.op);
    if (precedence < precedence_min) break;
    Advance();
    Binary binary;
    binary.op = op.op;
    if (At(TokenKind::kBool)) {
      binary.return_bool = true;
      Advance();
    }
    TICKSCOPE_ASSIGN_OR_RETURN(binary.matching, ParseMatching(op));
    const bool right_associative = op.op == BinaryOp::kPow;
    TICKSCOPE_ASSIGN_OR_RETURN(Tree right, ParseBinary(right_associative ? precedence : precedence + 1));
    const std::size_t start = left.expr->position.start;
    const std::size_t height = std::max(left.height, right.height);
    binary.left = std::move(left.expr);
    binary.right = std::move(right.expr);
    TICKSCOPE_ASSIGN_OR_RETURN(left, Make(start, std::move(binary), height));
  }
  return left;
}

Result<ExpressionParser::Tree> ExpressionParser::ParseUnary() {
  if (!AtOperator(BinaryOp::kAdd) && !AtOperator(BinaryOp::kSub)) {
    TICKSCOPE_ASSIGN_OR_RETURN(Tree primary, ParsePrimary());
    return ParsePostfix(std::move(primary));
  }
  const bool negate = current().op == BinaryOp::kSub;
  const std::size_t start = current().position.start;
  Advance();
  TICKSCOPE_ASSIGN_OR_RETURN(Tree operand, ParseBinary(kPrecedencePow));
  if (auto* number = std::get_if<NumberLiteral>(&operand.expr->node)) {
    if (negate) number->value = -number->value;
    operand.expr->position.start = start;
    return operand;
  }
  return Make(start, Unary{negate, std::move(operand.expr)}, operand.height);
}

Result<ExpressionParser::Tree> ExpressionParser::ParsePrimary() {
  const bool call_follows = next_.kind == TokenKind::kLeftParen;
  switch (current().kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
      return ParseNumberLiteral();
    case TokenKind::kString: {
      const std::size_t start = current().position.start;
      std::string value = Unquote(current().text);
      Advance();
      return Make(start, StringLiteral{std::move(value)}, 0);
    }
    case TokenKind::kLeftParen:
      return ParseParen();
    case TokenKind::kAggregate:
      if (call_follows || next_.kind == TokenKind::kBy || next_.kind == TokenKind::kWithout)
        return ParseAggregate();
      break;
    case TokenKind::kIdentifier:
      // fill(...) has its place behind an operator only.
      if (call_follows && !AtAnyFill()) return ParseCall();
      break;
    default:
      if (call_follows && IsKeywordFunction(current().kind)) return ParseCall();
      break;
  }
  if (!AtMetricName() && !At(TokenKind::kLeftBrace)) return Unexpected();
  const std::size_t start = current().position.start;
  TICKSCOPE_ASSIGN_OR_RETURN(VectorSelector selector, ParseVectorSelector());
  return Make(start, std::move(selector), 0);
}

Result<ExpressionParser::Tree> ExpressionParser::ParseParen() {
  const std::size_t start = current().position.start;
  Advance();
  TICKSCOPE_ASSIGN_OR_RETURN(Tree inner, ParseBinary(kPrecedenceMin));
  TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kRightParen, "", ""));
  return Make(start, Paren{std::move(inner.expr)}, inner.height);
}

Result<ExpressionParser::Tree> ExpressionParser::ParseNumberLiteral() {
  const Token token = current();
  NumberLiteral literal;
  if (token.kind == TokenKind::kDuration) {
    const auto ms = ParseDurationMs(token.text);
    if (!ms) return FailAt(token.position.start, ms.error().message);
    literal.value = static_cast<double>(*ms) / 1000;
    literal.as_duration = true;
  } else {
    const auto value = ParseNumber(token.text);
    if (!value) return FailAt(token.position.start, value.error().message);
    literal.value = *value;
  }
  Advance();
  return Make(token.position.start, literal, 0);
}

Result<ExpressionParser::Tree> ExpressionParser::ParseCall() {
  const Token name = current();
  Advance();
  Call call;
  std::size_t height = 0;
  TICKSCOPE_RETURN_IF_ERROR(ParseArguments("", call.args, height));
  call.function = FindFunction(name.text);
  if (call.function == nullptr) {
    return FailAt(name.position.start, "unknown function with name " + Quote(name.text));
  }
  if (call.function->maturity == Maturity::kExperimental && !options_.experimental_functions) {
    return FailAt(name.position.start, "function " + Quote(name.text) + " is not enabled");
  }
  return Make(name.position.start, std::move(call), height);
}

Status ExpressionParser::ParseArguments(std::string_view context, std::vector<ExprPtr>& args,
                                        std::size_t& height) {
  TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kLeftParen, context, ""));
  if (At(TokenKind::kRightParen)) {
    Advance();
    return {};
  }
  if (At(TokenKind::kComma)) return Unexpected(context);
  while (true) {
    TICKSCOPE_ASSIGN_OR_RETURN(Tree arg, ParseBinary(kPrecedenceMin));
    height = std::max(height, arg.height);
    args.push_back(std::move(arg.expr));
    if (!At(TokenKind::kComma)) break;
    const std::size_t comma = current().position.start;
    Advance();
    if (!At(TokenKind::kError) && !AtOperand())
      return FailAt(comma, "trailing commas not allowed in function call args");
  }
  return Expect(TokenKind::kRightParen, "", "");
}

bool ExpressionParser::AtOperand() const {
  switch (current().kind) {
    case TokenKind::kNumber:
    case TokenKind::kDuration:
    case TokenKind::kString:
    case TokenKind::kLeftParen:
    case TokenKind::kLeftBrace:
      return true;
    default:
      return AtOperator(BinaryOp::kAdd) || AtOperator(BinaryOp::kSub) || AtMetricName() ||
             IsKeywordFunction(current().kind);
  }
}

Result<ExpressionParser::Tree> ExpressionParser::ParseAggregate() {
  const Token name = current();
  Advance();
  Aggregate aggregate;
  aggregate.op = name.aggregate;
  const bool grouping_first = At(TokenKind::kBy) || At(TokenKind::kWithout);
  if (grouping_first) TICKSCOPE_RETURN_IF_ERROR(ParseGrouping(aggregate));
  std::vector<ExprPtr> args;
  std::size_t height = 0;
  ++aggregations_;
  TICKSCOPE_RETURN_IF_ERROR(ParseArguments("aggregation", args, height));
  --aggregations_;
  if (!grouping_first && (At(TokenKind::kBy) || At(TokenKind::kWithout))) {
    TICKSCOPE_RETURN_IF_ERROR(ParseGrouping(aggregate));
  }

  const std::size_t start = name.position.start;
  // With the grouping known, nothing behind the arguments is looked at.
  const auto fail = [&](std::string_view message) {
    return grouping_first ? FailAt(start, message) : FailBefore(start, message);
  };
  const bool experimental = aggregate.op == AggregateOp::kLimitk || aggregate.op == AggregateOp::kLimitRatio;
  if (experimental && !options_.experimental_functions) {
    return FailBefore(start,
                      std::string(AggregateOpText(aggregate.op)) + "() is experimental and not enabled");
  }
  const std::size_t wanted = TakesParameter(aggregate.op) ? 2 : 1;
  if (args.empty()) return fail("no arguments for aggregate expression provided");
  if (args.size() != wanted) {
    return fail("wrong number of arguments for aggregate expression provided, expected " +
                std::to_string(wanted) + ", got " + std::to_string(args.size()));
  }
  aggregate.expr = std::move(args.back());
  if (wanted == 2) aggregate.param = std::move(args.front());
  return Make(start, std::move(aggregate), height);
}

Status ExpressionParser::ParseGrouping(Aggregate& aggregate) {
  aggregate.without = At(TokenKind::kWithout);
  Advance();
  TICKSCOPE_ASSIGN_OR_RETURN(aggregate.grouping, ParseLabelList());
  return {};
}

Result<std::vector<std::string>> ExpressionParser::ParseLabelList() {
  constexpr std::string_view kContext = "grouping opts";
  TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kLeftParen, kContext, "\"(\""));
  std::vector<std::string> labels;
  while (!At(TokenKind::kRightParen)) {
    if (At(TokenKind::kString)) {
      std::string label = Unquote(current().text);
      if (label.empty() || !IsValidUtf8(label)) {
        return FailAt(current().position.start, "invalid label name for grouping: " + Quote(label));
      }
      labels.push_back(std::move(label));
    } else if (At(TokenKind::kMetricIdentifier)) {
      return FailAt(current().position.start, "invalid label name for grouping: " + Quote(current().text));
    } else if (At(TokenKind::kIdentifier) || IsWordOperator(current()) ||
               (current().kind >= TokenKind::kAggregate && !At(TokenKind::kWithout))) {
      labels.emplace_back(current().text);
    } else {
      return Unexpected(kContext, "label");
    }
    Advance();
    if (At(TokenKind::kRightParen)) break;
    TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kComma, kContext, "\",\" or \")\""));
  }
  Advance();
  return labels;
}

Result<VectorMatching> ExpressionParser::ParseMatching(const Token& op) {
  VectorMatching matching;
  if (IsSetOperator(op.op)) matching.card = MatchCardinality::kManyToMany;
  if (At(TokenKind::kOn) || At(TokenKind::kIgnoring)) {
    matching.on = At(TokenKind::kOn);
    Advance();
    TICKSCOPE_ASSIGN_OR_RETURN(matching.labels, ParseLabelList());
    if (At(TokenKind::kGroupLeft) || At(TokenKind::kGroupRight)) {
      matching.card = At(TokenKind::kGroupLeft) ? MatchCardinality::kManyToOne : MatchCardinality::kOneToMany;
      Advance();
      // As in the grammar: without a parenthesis, or an operand in one, only fill or the operand can follow.
      if (At(TokenKind::kLeftParen)) {
        TICKSCOPE_ASSIGN_OR_RETURN(matching.include, ParseLabelList());
      } else if (!AtOperand() && !AtAnyFill()) {
        return Unexpected("grouping opts", "\"(\"");
      }
    }
  }
  TICKSCOPE_RETURN_IF_ERROR(ParseFill(op, matching));
  return matching;
}

bool ExpressionParser::AtAnyFill() const {
  return AtFill("fill") || AtFill("fill_left") || AtFill("fill_right");
}

bool ExpressionParser::AtFill(std::string_view name) const {
  return At(TokenKind::kIdentifier) && next_.kind == TokenKind::kLeftParen &&
         EqualsIgnoringCase(current_.text, name);
}

Status ExpressionParser::ParseFill(const Token& op, VectorMatching& matching) {
  const auto value = [&]() -> Result<double> {
    if (!options_.fill_modifiers) {
      return FailAt(op.position.start, "binop fill modifiers are experimental and not enabled");
    }
    Advance();
    Advance();
    const bool negate = AtOperator(BinaryOp::kSub);
    if (negate || AtOperator(BinaryOp::kAdd)) Advance();
    if (!At(TokenKind::kNumber) && !At(TokenKind::kDuration)) return Unexpected();
    TICKSCOPE_ASSIGN_OR_RETURN(const Tree literal, ParseNumberLiteral());
    TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kRightParen, "", ""));
    const double number = std::get<NumberLiteral>(literal.expr->node).value;
    return negate ? -number : number;
  };
  if (AtFill("fill")) {
    TICKSCOPE_ASSIGN_OR_RETURN(matching.fill_left, value());
    matching.fill_right = matching.fill_left;
    return {};
  }
  while (true) {
    if (!matching.fill_left && AtFill("fill_left")) {
      TICKSCOPE_ASSIGN_OR_RETURN(matching.fill_left, value());
    } else if (!matching.fill_right && AtFill("fill_right")) {
      TICKSCOPE_ASSIGN_OR_RETURN(matching.fill_right, value());
    } else {
      return {};
    }
  }
}

}  // namespace tickscope::promql
