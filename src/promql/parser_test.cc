// Parser: the shape of the trees, by way of a fully parenthesised form; positions; and every error with its place.
// Expected texts were compared with a Prometheus 3.16 server.
#include "promql/parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "promql/printer.h"

namespace tickscope::promql {
namespace {

ExprPtr Parse(std::string_view text, EngineOptions options = {}) {
  auto expr = ParseExpr(text, options);
  EXPECT_TRUE(expr.has_value()) << text << ": " << (expr ? "" : expr.error().message);
  return expr ? std::move(*expr) : nullptr;
}

std::string ErrorOf(std::string_view text, EngineOptions options = {}) {
  const auto expr = ParseExpr(text, options);
  return expr ? "no error" : expr.error().message;
}

// Operators with all parentheses written out.
std::string Shape(const Expr& expr) {
  if (const auto* binary = std::get_if<Binary>(&expr.node)) {
    return fmt::format("({} {} {})", Shape(*binary->left), BinaryOpText(binary->op), Shape(*binary->right));
  }
  if (const auto* unary = std::get_if<Unary>(&expr.node)) {
    return fmt::format("({}{})", unary->negate ? '-' : '+', Shape(*unary->expr));
  }
  return ToString(expr);
}

TEST(Parser, AnOffsetThatBeginsWithAParenthesisTakesWhatFollows) {
  struct Case {
    const char* text;
    bool is_binary;
    std::int64_t offset_ms;
  };
  const Case cases[] = {
      {"x offset (5m) * 2", false, 600'000},  {"x offset (5m) - 1m ^ 1", false, 240'000},
      {"x offset 5m * 2", true, 300'000},     {"x offset -(5m) * 2", true, -300'000},
      {"(x offset (5m)) * 2", true, 300'000},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto expr = ParseExpr(c.text, {});
    ASSERT_TRUE(expr) << expr.error().message;
    const auto* binary = std::get_if<Binary>(&(*expr)->node);
    ASSERT_EQ(binary != nullptr, c.is_binary);
    const Expr& operand = WithoutParens(c.is_binary ? *binary->left : **expr);
    EXPECT_EQ(std::get<VectorSelector>(operand.node).offset.constant_ms, c.offset_ms);
  }
  EXPECT_EQ(ParseExpr("x offset (5m) * on (a) y", {}).error().message,
            "1:17: parse error: unexpected <on> in offset, expected number, duration, step(), or range()");
  EXPECT_EQ(ParseExpr("x offset (5m) / 0", {}).error().message, "1:15: parse error: division by zero");
}

TEST(Parser, Precedence) {
  struct Case {
    const char* text;
    const char* want;
  };
  const Case cases[] = {
      {"a + b * c", "(a + (b * c))"},
      {"a * b atan2 c", "((a * b) atan2 c)"},
      {"2 ^ 3 ^ 2", "(2 ^ (3 ^ 2))"},
      {"-a ^ b", "(-(a ^ b))"},
      {"-1 ^ 2", "(-(1 ^ 2))"},
      {"a ^ -b * c", "((a ^ (-b)) * c)"},
      {"-a * b", "((-a) * b)"},
      {"a or b and c", "(a or (b and c))"},
      {"a and b unless c", "((a and b) unless c)"},
      {"a and b == c", "(a and (b == c))"},
      {"a </ b + c", "(a </ (b + c))"},
      {"a == b </ c", "((a == b) </ c)"},
      {"a offset 5m * 2", "(a offset 5m * 2)"},
      {"--1", "1"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const ExprPtr expr = Parse(c.text);
    ASSERT_NE(expr, nullptr);
    EXPECT_EQ(Shape(*expr), c.want);
  }
}

TEST(Parser, PositionsCoverTheText) {
  const std::string_view text = " sum by (a) (x{b=\"c\"}[5m:1m] offset 1m) + 1";
  const ExprPtr expr = Parse("sum by (a) (rate(x{b=\"c\"}[5m] offset 1m)) + 1");
  EXPECT_EQ(expr->position, (PositionRange{0, 45}));
  const auto& binary = std::get<Binary>(expr->node);
  EXPECT_EQ(binary.left->position, (PositionRange{0, 41}));
  EXPECT_EQ(binary.right->position, (PositionRange{44, 45}));
  const auto& aggregate = std::get<Aggregate>(binary.left->node);
  EXPECT_EQ(aggregate.expr->position, (PositionRange{12, 40}));
  const auto& call = std::get<Call>(aggregate.expr->node);
  EXPECT_EQ(call.args[0]->position, (PositionRange{17, 39}));
  EXPECT_EQ(LineColumn(text, 0), "1:1");
  EXPECT_EQ(LineColumn("a\nbc", 3), "2:2");
  EXPECT_EQ(LineColumn("a\n", 2), "2:1");
}

TEST(Parser, KeywordsAreNamesWhereNothingElseFits) {
  for (const char* text :
       {"sum", "by{by=\"a\"}", "and + or", "offset offset 5m", "start", "fill + fill(0) fill",
        "sum by (sum, on, bool) (avg)", "x + on(bool) y", "rate[5m]", "anchored anchored"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(ErrorOf(text), "no error");
  }
  EXPECT_EQ(ErrorOf("bool"), "1:1: parse error: unexpected <bool>");
  EXPECT_EQ(ErrorOf("atan2"), "1:1: parse error: unexpected <op:atan2>");
}

TEST(Parser, Selectors) {
  const ExprPtr expr = Parse("{\"a.b\", \"c d\"=~\"e.*\"}[5m] @ 1.5 offset -1m");
  const auto& matrix = std::get<MatrixSelector>(expr->node);
  EXPECT_TRUE(matrix.selector.name.empty());
  ASSERT_EQ(matrix.selector.matchers.size(), 2U);
  EXPECT_EQ(matrix.selector.matchers[0], Matcher::Equal(kMetricName, "a.b"));
  EXPECT_EQ(matrix.selector.matchers[1].name(), "c d");
  EXPECT_EQ(matrix.range.constant_ms, 300'000);
  EXPECT_EQ(matrix.selector.offset.constant_ms, -60'000);
  EXPECT_EQ(matrix.selector.at, (AtModifier{AtKind::kTimestamp, 1500}));
}

TEST(Parser, MatchingStaysOnVectorsOnly) {
  EXPECT_FALSE(std::get<Binary>(Parse("x + 1")->node).matching.has_value());
  const ExprPtr sets = Parse("x and y");
  EXPECT_EQ(std::get<Binary>(sets->node).matching->card, MatchCardinality::kManyToMany);
  const ExprPtr grouped = Parse("x * on(a) group_right(b) fill_left(5m) y");
  const auto& matching = *std::get<Binary>(grouped->node).matching;
  EXPECT_TRUE(matching.on);
  EXPECT_EQ(matching.card, MatchCardinality::kOneToMany);
  EXPECT_EQ(matching.include, std::vector<std::string>{"b"});
  EXPECT_EQ(matching.fill_left, 300.0);
  EXPECT_FALSE(matching.fill_right.has_value());
}

TEST(Parser, Errors) {
  struct Case {
    const char* text;
    const char* want;
  };
  const Case cases[] = {
      {"", "unknown position: parse error: no expression found in input"},
      {"# only a comment", "1:1: parse error: no expression found in input"},
      {"1 +", "1:4: parse error: unexpected end of input"},
      {"1 + * 2", "1:5: parse error: unexpected <op:*>"},
      {"x\n  y", "2:3: parse error: unexpected identifier \"y\""},
      {"(", "1:2: parse error: unclosed left parenthesis"},
      {"()", "1:2: parse error: unexpected \")\""},
      {"{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"{a=~\".*\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"x{__name__=\"y\"}", "1:1: parse error: metric name must not be set twice: \"x\" or \"y\""},
      {"x{a=\"b\",,}", "1:9: parse error: unexpected \",\" in label matching, expected identifier or \"}\""},
      {"x{a=b}", "1:5: parse error: unexpected identifier \"b\" in label matching, expected string"},
      {"{a}", "1:3: parse error: unexpected \"}\" in label matching, expected label matching operator"},
      {"sum(x, y)",
       "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2"},
      {"sum()", "1:1: parse error: no arguments for aggregate expression provided"},
      {"topk(\"a\", x)", "1:6: parse error: expected type scalar in aggregation parameter, got string"},
      {"sum by (a)", "1:11: parse error: unexpected end of input in aggregation"},
      {"sum by a (x)", "1:8: parse error: unexpected identifier \"a\" in grouping opts, expected \"(\""},
      {"sum by (1) (x)", "1:9: parse error: unexpected number \"1\" in grouping opts, expected label"},
      {"sum by (\"\\xff\") (x)", "1:9: parse error: invalid label name for grouping: \"\\xff\""},
      {"foo(x)", "1:1: parse error: unknown function with name \"foo\""},
      {"rate(x)",
       "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"},
      {"rate()", "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 0"},
      {"round(x, 1, 2)", "1:1: parse error: expected at most 2 argument(s) in call to \"round\", got 3"},
      {"label_join(x)", "1:1: parse error: expected at least 3 argument(s) in call to \"label_join\", got 1"},
      {"abs(x,)", "1:6: parse error: trailing commas not allowed in function call args"},
      {"abs(, x)", "1:5: parse error: unexpected \",\""},
      {"clamp(1, , 2)", "1:8: parse error: trailing commas not allowed in function call args"},
      {"clamp(1, * 2)", "1:8: parse error: trailing commas not allowed in function call args"},
      {"clamp(1, $", "1:10: parse error: unexpected character: '$'"},
      {"sum(abs(x y))", "1:11: parse error: unexpected identifier \"y\" in aggregation"},
      {"sum((x y))", "1:8: parse error: unexpected identifier \"y\" in aggregation"},
      {"sum(x) y", "1:8: parse error: unexpected identifier \"y\""},
      {"sum(x{y})", "1:8: parse error: unexpected \"}\" in label matching, expected label matching operator"},
      {"(MAX()", "1:7: parse error: unclosed left parenthesis"},
      {"x[0", "1:4: parse error: unclosed left bracket"},
      {"x[1/0", "1:6: parse error: unclosed left bracket"},
      {"x[5m{", "1:5: parse error: unexpected \"{\" in subquery or range, expected \":\" or \"]\""},
      {"x[5m != 1]", "1:6: parse error: unexpected <op:!=> in subquery or range, expected \":\" or \"]\""},
      {"x offset (5m @ 1)",
       "1:14: parse error: unexpected <op:@> in offset, expected number, duration, step(), or range()"},
      {"x{a=~=~\"b\"}", "1:6: parse error: unexpected <op:=~> in label matching, expected string"},
      {"x 1234567890.5", "1:3: parse error: unexpected number \"1234567890\"..."},
      {"x 'abcdefghijk'", "1:3: parse error: unexpected string \"'abcdefghi\"..."},
      {"x BY (a)", "1:3: parse error: unexpected <BY>"},
      {"x fill", "1:3: parse error: unexpected identifier \"fill\""},
      {"x fill(1)", "1:3: parse error: unexpected <fill>"},
      {"a * on (b) group_left , c", "1:23: parse error: unexpected \",\" in grouping opts, expected \"(\""},
      {"1m1h", "1:1: parse error: not a valid duration string: \"1m1h\""},
      {"1hs", "1:1: parse error: unknown unit \"hs\" in duration \"1hs\""},
      {"300y", "1:1: parse error: duration out of range"},
      {"x.1m", "1:2: parse error: unexpected duration \".1m\""},
      {"0.1.2",
       "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"0.1.2\": invalid syntax"},
      {"abs(y(x)", "1:5: parse error: unknown function with name \"y\""},
      {"sum by (a) ())", "1:1: parse error: no arguments for aggregate expression provided"},
      {"sum without (without) (x)",
       "1:14: parse error: unexpected <without> in grouping opts, expected label"},
      {"sum by (a:b) (x)", "1:9: parse error: invalid label name for grouping: \"a:b\""},
      {"x{a=~\"+\"}", "1:3: parse error: error parsing regexp: missing argument to repetition operator: `+`"},
      {"x{a=~\"(\"}", "1:3: parse error: error parsing regexp: missing closing ): `(`"},
      {"x @ -Inf", "1:1: parse error: timestamp out of bounds for @ modifier: -Inf"},
      {"x[(step:1m)]",
       "1:8: parse error: unexpected \":\" in subquery or range selector, expected number, duration, step(), "
       "or range()"},
      {"x[0, y)", "1:3: parse error: duration must be greater than 0"},
      {"x[0.000001, y)", "1:11: parse error: unexpected \",\" in subquery or range, expected \":\" or \"]\""},
      {".2.0",
       "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \".2.0\": invalid syntax"},
      {"info(x, 1)",
       "1:1: parse error: expected type instant vector in call to function \"info\", got scalar"},
      {"info(1, y)", "1:9: parse error: expected label selectors only, got vector selector instead"},
      {"info(x, -y)", "1:9: parse error: expected label selectors only"},
      {"x[5m][5m]", "1:6: parse error: ranges only allowed for vector selectors"},
      {"x offset 5m[5m]", "1:12: parse error: no offset modifiers allowed before range"},
      {"x @ 5[5m]", "1:6: parse error: no @ modifiers allowed before range"},
      {"1[5m:]", "1:1: parse error: subquery is only allowed on instant vector, got scalar instead"},
      {"x[0]", "1:3: parse error: duration must be greater than 0"},
      {"x[1/0]", "1:4: parse error: division by zero"},
      {"x[5m,1m]", "1:5: parse error: unexpected \",\" in subquery or range, expected \":\" or \"]\""},
      {"x[min_of(1)]",
       "1:11: parse error: unexpected \")\" in subquery or range selector, expected number, duration, "
       "step(), or "
       "range()"},
      {"x offset",
       "1:9: parse error: unexpected end of input in offset, expected number, duration, step(), or range()"},
      {"x offset 5m offset 5m", "1:1: parse error: offset may not be set multiple times"},
      {"(x) offset 5m",
       "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector "
       "selector or "
       "a subquery"},
      {"x @ foo", "1:5: parse error: unexpected identifier \"foo\" in @, expected timestamp"},
      {"x @ Inf", "1:1: parse error: timestamp out of bounds for @ modifier: +Inf"},
      {"x @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"},
      {"x anchored smoothed", "1:1: parse error: anchored and smoothed modifiers cannot be used together"},
      {"x[5m:] anchored", "1:1: parse error: anchored modifier is not supported for subqueries"},
      {"-x[5m]",
       "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "
       "\"range "
       "vector\""},
      {"x + \"a\"", "1:5: parse error: binary expression must contain only scalar and instant vector types"},
      {"1 == 2", "1:3: parse error: comparisons between scalars must use BOOL modifier"},
      {"x + bool y", "1:3: parse error: bool modifier can only be used on comparison operators"},
      {"x and 2", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"},
      {"x + on(a) 1", "1:1: parse error: vector matching only allowed between instant vectors"},
      {"x + on(a) group_left(a) y",
       "1:3: parse error: label \"a\" must not occur in ON and GROUP clause at once"},
      {"x and on(a) group_left y", "1:1: parse error: no grouping allowed for \"and\" operation"},
      {"1 + fill(1) y", "1:1: parse error: filling in missing series only allowed between instant vectors"},
      {"x and fill(1) y", "1:1: parse error: filling in missing series not allowed for set operators"},
      {"x + fill(y) z", "1:10: parse error: unexpected identifier \"y\""},
      {"info(x, y)", "1:9: parse error: expected label selectors only, got vector selector instead"},
      {"info(x, sum({a=\"b\"}))", "1:9: parse error: expected label selectors only"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ErrorOf(c.text), c.want);
  }
}

TEST(Parser, OptionsGuardExperiments) {
  EngineOptions plain;
  plain.experimental_functions = false;
  plain.fill_modifiers = false;
  EXPECT_EQ(ErrorOf("mad_over_time(x[5m])", plain),
            "1:1: parse error: function \"mad_over_time\" is not enabled");
  EXPECT_EQ(ErrorOf("limitk(1, x)", plain), "1:1: parse error: limitk() is experimental and not enabled");
  EXPECT_EQ(ErrorOf("x + fill(1) y", plain),
            "1:3: parse error: binop fill modifiers are experimental and not enabled");
  EXPECT_EQ(ErrorOf("a.b", plain), "1:2: parse error: unexpected character: '.'");
}

// `front`, then `text` so often, then `back`.
std::string Repeat(std::string_view front, std::string_view text, std::size_t times,
                   std::string_view back = "") {
  std::string out(front);
  for (std::size_t i = 0; i < times; ++i)
    out.append(text);
  return out.append(back);
}

TEST(Parser, BoundsDepthAndSize) {
  EXPECT_EQ(ErrorOf(Repeat("", "abs(", 499, Repeat("x", ")", 499))), "no error");
  EXPECT_EQ(ErrorOf(Repeat("x", "+x", 499)), "no error");
  for (const std::string& deep :
       {Repeat("", "(", 100'000), Repeat("", "-", 100'000, "1"), Repeat("x", "+x", 100'000),
        Repeat("x", "^x", 100'000), Repeat("x[", "(", 100'000), Repeat("x[1", "+1", 100'000, "]"),
        Repeat("x", "[1m:1m]", 1000)}) {
    EXPECT_NE(ErrorOf(deep).find("expression nested deeper than 500 levels"), std::string::npos);
  }
  EXPECT_EQ(ErrorOf(Repeat("", " ", kQueryBytesMax, "x")), "query too long: bytes=1048577 max=1048576");
}

TEST(Parser, SeriesSelector) {
  EXPECT_EQ(ParseSeriesSelector("up{job=\"a\"}", {})->size(), 2U);
  EXPECT_FALSE(ParseSeriesSelector("up[5m]", {}).has_value());
  EXPECT_EQ(ParseSeriesSelector("up + 1", {}).error().message, "1:4: parse error: unexpected <op:+>");
}

}  // namespace
}  // namespace tickscope::promql
