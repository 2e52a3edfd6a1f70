#include <cmath>
#include <utility>

#include "promql/expression_parser.h"
#include "promql/literal.h"

namespace tickscope::promql {
namespace {

constexpr std::string_view kMatchingContext = "label matching";

// The selector inside a node that may carry @ and offset, as pointers into it; null for other nodes.
struct Modifiers {
  Duration* offset = nullptr;
  AtModifier* at = nullptr;
};

VectorSelector* SelectorOf(Expr& expr) {
  if (auto* matrix = std::get_if<MatrixSelector>(&expr.node)) return &matrix->selector;
  return std::get_if<VectorSelector>(&expr.node);
}

Modifiers ModifiersOf(Expr& expr) {
  if (VectorSelector* selector = SelectorOf(expr)) return {&selector->offset, &selector->at};
  if (auto* subquery = std::get_if<Subquery>(&expr.node)) return {&subquery->offset, &subquery->at};
  return {};
}

bool HasOffset(const Duration& offset) {
  return offset.expr != nullptr || offset.constant_ms != 0;
}

}  // namespace

bool ExpressionParser::AtMetricName() const {
  switch (current_.kind) {
    case TokenKind::kIdentifier:
    case TokenKind::kMetricIdentifier:
    case TokenKind::kAggregate:
    case TokenKind::kBy:
    case TokenKind::kWithout:
    case TokenKind::kOffset:
    case TokenKind::kAnchored:
    case TokenKind::kSmoothed:
    case TokenKind::kStart:
    case TokenKind::kEndKeyword:
    case TokenKind::kStep:
    case TokenKind::kRange:
    case TokenKind::kMinOf:
    case TokenKind::kMaxOf:
      return true;
    case TokenKind::kOperator:
      return IsSetOperator(current_.op);
    default:
      return false;
  }
}

Result<VectorSelector> ExpressionParser::ParseVectorSelector() {
  VectorSelector selector;
  selector.offset.constant_ms = 0;
  if (!At(TokenKind::kLeftBrace)) {
    selector.name = current().text;
    Advance();
  }
  if (At(TokenKind::kLeftBrace)) TICKSCOPE_RETURN_IF_ERROR(ParseMatchers(selector.matchers));
  if (!selector.name.empty()) selector.matchers.push_back(Matcher::Equal(kMetricName, selector.name));
  return selector;
}

Result<std::vector<Matcher>> ExpressionParser::ParseSelectorAll() {
  if (!AtMetricName() && !At(TokenKind::kLeftBrace)) return Unexpected();
  TICKSCOPE_ASSIGN_OR_RETURN(VectorSelector selector, ParseVectorSelector());
  if (!At(TokenKind::kEnd)) return Unexpected();
  return std::move(selector.matchers);
}

Status ExpressionParser::ParseMatchers(std::vector<Matcher>& matchers) {
  Advance();
  while (!At(TokenKind::kRightBrace)) {
    const Token name = current();
    if (name.kind != TokenKind::kIdentifier && name.kind != TokenKind::kString) {
      return Unexpected(kMatchingContext, "identifier or \"}\"");
    }
    Advance();
    std::string label = name.kind == TokenKind::kString ? Unquote(name.text) : std::string(name.text);
    if (name.kind == TokenKind::kString && (At(TokenKind::kComma) || At(TokenKind::kRightBrace))) {
      matchers.push_back(Matcher::Equal(kMetricName, label));
    } else {
      MatchType type = MatchType::kEqual;
      if (At(TokenKind::kRegexMatch)) {
        type = MatchType::kRegex;
      } else if (At(TokenKind::kNotRegexMatch)) {
        type = MatchType::kNotRegex;
      } else if (AtOperator(BinaryOp::kNotEqual)) {
        type = MatchType::kNotEqual;
      } else if (!At(TokenKind::kAssign)) {
        if (name.kind == TokenKind::kString) return Unexpected(kMatchingContext, "\",\" or \"}\"");
        return Unexpected(kMatchingContext, "label matching operator");
      }
      Advance();
      if (!At(TokenKind::kString)) return Unexpected(kMatchingContext, "string");
      auto matcher = Matcher::Make(type, label, Unquote(current().text));
      if (!matcher) return FailAt(name.position.start, matcher.error().message);
      matchers.push_back(std::move(*matcher));
      Advance();
    }
    if (At(TokenKind::kRightBrace)) break;
    TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kComma, kMatchingContext, "\",\" or \"}\""));
  }
  Advance();
  return {};
}

Result<ExpressionParser::Tree> ExpressionParser::ParsePostfix(Tree tree) {
  while (true) {
    switch (current().kind) {
      case TokenKind::kOffset:
        TICKSCOPE_RETURN_IF_ERROR(ParseOffset(*tree.expr));
        break;
      case TokenKind::kAt:
        TICKSCOPE_RETURN_IF_ERROR(ParseAt(*tree.expr));
        break;
      case TokenKind::kAnchored:
      case TokenKind::kSmoothed:
        TICKSCOPE_RETURN_IF_ERROR(ParseRangeMode(*tree.expr));
        break;
      case TokenKind::kLeftBracket: {
        TICKSCOPE_ASSIGN_OR_RETURN(tree, ParseRange(std::move(tree)));
        break;
      }
      default:
        return tree;
    }
    tree.expr->position.end = last_end_;
  }
}

Status ExpressionParser::ParseOffset(Expr& expr) {
  Advance();
  TICKSCOPE_ASSIGN_OR_RETURN(Duration offset, ParseOffsetDuration());
  const Modifiers modifiers = ModifiersOf(expr);
  if (modifiers.offset == nullptr) {
    return FailAt(
        expr.position.start,
        "offset modifier must be preceded by an instant vector selector or range vector selector or a "
        "subquery");
  }
  if (HasOffset(*modifiers.offset))
    return FailAt(expr.position.start, "offset may not be set multiple times");
  *modifiers.offset = std::move(offset);
  return {};
}

Status ExpressionParser::ParseAt(Expr& expr) {
  constexpr std::string_view kContext = "@";
  constexpr std::string_view kExpected = "timestamp";
  Advance();
  AtModifier at;
  if (At(TokenKind::kStart) || At(TokenKind::kEndKeyword)) {
    at.kind = At(TokenKind::kStart) ? AtKind::kStart : AtKind::kEnd;
    Advance();
    TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kLeftParen, kContext, kExpected));
    TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kRightParen, kContext, kExpected));
  } else {
    const bool negate = AtOperator(BinaryOp::kSub);
    if (negate || AtOperator(BinaryOp::kAdd)) Advance();
    if (!At(TokenKind::kNumber) && !At(TokenKind::kDuration)) return Unexpected(kContext, kExpected);
    TICKSCOPE_ASSIGN_OR_RETURN(const Tree literal, ParseNumberLiteral());
    const double value = std::get<NumberLiteral>(literal.expr->node).value;
    const double time_ms = std::round((negate ? -value : value) * 1000);
    if (!(std::fabs(time_ms) < 9.2e18)) {
      return FailAt(expr.position.start,
                    "timestamp out of bounds for @ modifier: " + FormatNumber(negate ? -value : value));
    }
    at.kind = AtKind::kTimestamp;
    at.time_ms = static_cast<TimeMs>(time_ms);
  }
  const Modifiers modifiers = ModifiersOf(expr);
  if (modifiers.at == nullptr) {
    return FailAt(
        expr.position.start,
        "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery");
  }
  if (modifiers.at->kind != AtKind::kNone) {
    return FailAt(expr.position.start, "@ <timestamp> may not be set multiple times");
  }
  *modifiers.at = at;
  return {};
}

Status ExpressionParser::ParseRangeMode(Expr& expr) {
  const bool anchored = At(TokenKind::kAnchored);
  const std::string name = anchored ? "anchored" : "smoothed";
  Advance();
  if (std::holds_alternative<Subquery>(expr.node)) {
    return FailAt(expr.position.start, name + " modifier is not supported for subqueries");
  }
  VectorSelector* selector = SelectorOf(expr);
  if (selector == nullptr) return FailAt(expr.position.start, name + " modifier not implemented");
  const RangeMode mode = anchored ? RangeMode::kAnchored : RangeMode::kSmoothed;
  if (selector->mode != RangeMode::kPlain && selector->mode != mode) {
    return FailAt(expr.position.start, "anchored and smoothed modifiers cannot be used together");
  }
  selector->mode = mode;
  return {};
}

Result<ExpressionParser::Tree> ExpressionParser::ParseRange(Tree tree) {
  constexpr DurationPlace kRangePlace = {"subquery or range selector",
                                         "number, duration, step(), or range()"};
  constexpr DurationPlace kStepPlace = {"subquery selector", "number, duration, step(), range(), or \"]\""};
  const std::size_t bracket = current().position.start;
  const std::size_t start = tree.expr->position.start;
  Advance();
  TICKSCOPE_ASSIGN_OR_RETURN(Duration range, ParseDuration(kRangePlace, DurationRole::kRange));
  if (At(TokenKind::kColon)) {
    Advance();
    Subquery subquery;
    subquery.range = std::move(range);
    subquery.step.constant_ms = 0;
    subquery.offset.constant_ms = 0;
    if (!At(TokenKind::kRightBracket)) {
      TICKSCOPE_ASSIGN_OR_RETURN(subquery.step, ParseDuration(kStepPlace, DurationRole::kStep));
    }
    TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kRightBracket, kStepPlace.context, "\"]\""));
    subquery.expr = std::move(tree.expr);
    return Make(start, std::move(subquery), tree.height);
  }
  TICKSCOPE_RETURN_IF_ERROR(Expect(TokenKind::kRightBracket, "subquery or range", "\":\" or \"]\""));
  auto* selector = std::get_if<VectorSelector>(&tree.expr->node);
  if (selector == nullptr) return FailAt(bracket, "ranges only allowed for vector selectors");
  if (HasOffset(selector->offset)) return FailAt(bracket, "no offset modifiers allowed before range");
  if (selector->at.kind != AtKind::kNone) return FailAt(bracket, "no @ modifiers allowed before range");
  MatrixSelector matrix{std::move(*selector), tree.expr->position, std::move(range)};
  return Make(start, std::move(matrix), 0);
}

}  // namespace tickscope::promql
