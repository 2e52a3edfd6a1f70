// Printer: the canonical form is exact, reads back to itself, and long expressions break as Prometheus breaks them.
#include "promql/printer.h"

#include <gtest/gtest.h>

#include "promql/parser.h"

namespace tickscope::promql {
namespace {

std::string Print(std::string_view text) {
  EngineOptions options;
  options.unquoted_utf8_names = true;
  const auto expr = ParseExpr(text, options);
  return expr ? ToString(**expr) : expr.error().message;
}

TEST(Printer, CanonicalForm) {
  struct Case {
    const char* text;
    const char* want;
  };
  const Case cases[] = {
      {"sum(x)by(a,b)", "sum by (a, b) (x)"},
      {"sum by () (x)", "sum(x)"},
      {"sum without () (x)", "sum without () (x)"},
      {"topk(3,x)", "topk(3, x)"},
      {"x{b='1',a=~`2`}", "x{a=~\"2\",b=\"1\"}"},
      {"{\"a.b\",\"c d\"=\"e\"}", "{\"c d\"=\"e\",__name__=\"a.b\"}"},
      {"a.b{c.d=\"x\"}", "{\"c.d\"=\"x\",__name__=\"a.b\"}"},
      {"x[90m]offset -5m@end()", "x[1h30m] @ end() offset -5m"},
      {"x @ 1.5 smoothed", "x @ 1.500 smoothed"},
      {"rate(x[5m] anchored)", "rate(x[5m] anchored)"},
      {"(x)[1h:]", "(x)[1h:]"},
      {"x[1800:0x10]", "x[30m:16s]"},
      {"x[2*(1m+step())]", "x[2 * (1m + step())]"},
      {"x[max_of(-(5m),range())]", "x[max_of(-(5m), range())]"},
      {"x and ignoring() y", "x and y"},
      {"x==bool on(a)group_left y", "x == bool on (a) group_left () y"},
      {"x+fill_left(1)fill_right(1)y", "x + fill (1) y"},
      {"x+fill_right(-Inf)y", "x + fill_right (-Inf) y"},
      {"x offset (5m) * 2", "x offset (5m) * 2"},
      {"x offset (5m) @ 7 * 2", "x offset (5m) @ 7.000 * 2"},
      {"x[5m] @ 7 offset 5m", "x[5m] @ 7.000 offset 5m"},
      {"x offset -(5m) @ 7", "x @ 7.000 offset -(5m)"},
      {"--1", "1"},
      {"-(-1)", "-(-1)"},
      {"5m + 1e3", "5m + 1000"},
      {"'a\"b'", "\"a\\\"b\""},
      {"info(x,{})", "info(x, {})"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Print(c.text), c.want);
    EXPECT_EQ(Print(c.want), c.want);
  }
}

TEST(Printer, BreaksLongExpressions) {
  const auto pretty = [](std::string_view text) { return ToPrettyString(**ParseExpr(text, {})); };
  EXPECT_EQ(pretty("sum(rate(x[5m])) / 2"), "sum(rate(x[5m])) / 2");
  EXPECT_EQ(
      pretty("sum by (a, b) (rate(http_request_duration_seconds_bucket{job=\"api\", le=~\".*foo.*\"}[5m])) / "
             "sum(rate(http_requests_total{job=\"api\"}[5m]))"),
      "  sum by (a, b) (rate(http_request_duration_seconds_bucket{job=\"api\",le=~\".*foo.*\"}[5m]))\n"
      "/\n"
      "  sum(rate(http_requests_total{job=\"api\"}[5m]))");
  EXPECT_EQ(
      pretty("histogram_quantile(0.99, sum by (le, instance) (rate(http_request_duration_seconds_bucket{job="
             "\"api\", handler=\"something_long\"}[5m])))"),
      "histogram_quantile(\n"
      "  0.99,\n"
      "  sum by (le, instance) (\n"
      "    rate(http_request_duration_seconds_bucket{handler=\"something_long\",job=\"api\"}[5m])\n"
      "  )\n"
      ")");
  EXPECT_EQ(
      pretty(
          "-sum by (a) (rate(http_request_duration_seconds_bucket{job=\"api\", handler=\"something_long\", "
          "other=\"something_else\"}[5m]))"),
      "-sum by (a) (\n"
      "  rate(\n"
      "    "
      "http_request_duration_seconds_bucket{handler=\"something_long\",job=\"api\",other=\"something_else\"}"
      "[5m]\n"
      "  )\n"
      ")");
}

TEST(Printer, CutsShortTexts) {
  const ExprPtr expr = ParseExpr("sum by (a) (rate(b{c=\"\xc3\xa9\"}[5m]))", EngineOptions{}).value();
  const std::string whole = "sum by (a) (rate(b{c=\"\xc3\xa9\"}[5m]))";
  EXPECT_EQ(ToShortString(*expr, whole.size()), whole);
  EXPECT_EQ(ToShortString(*expr, 10), "sum by (a)...");
  // Not within a character.
  EXPECT_EQ(ToShortString(*expr, 23), "sum by (a) (rate(b{c=\"...");
}

}  // namespace
}  // namespace tickscope::promql
