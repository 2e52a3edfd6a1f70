// Syntax trees as JSON: the bytes Prometheus 3.16 answers parse_query with. A selector's usual members are cut out of
// the comparison where another part of the tree is what the case is about.
#include "api/expr_json.h"

#include <gtest/gtest.h>

#include <string>

#include "promql/parser.h"

namespace tickscope::api {
namespace {

std::string Json(std::string_view query) {
  const auto expr = promql::ParseExpr(query, promql::EngineOptions{});
  if (!expr) return expr.error().message;
  std::string out;
  wire::JsonWriter json(out, 1 << 20);
  WriteExpr(**expr, json);
  return out;
}

// `json` with the tree of the selector `name` written as `<name>`.
std::string Shortened(std::string json, std::string_view name) {
  const std::string n(name);
  const std::string tree =
      R"({"anchored":false,"matchers":[{"name":"__name__","type":"=","value":")" + n + R"("}],"name":")" + n +
      R"(","offset":0,"offsetExpr":null,"smoothed":false,"startOrEnd":null,"timestamp":null,)"
      R"("type":"vectorSelector"})";
  for (std::size_t at = json.find(tree); at != std::string::npos; at = json.find(tree)) {
    json.replace(at, tree.size(), "<" + n + ">");
  }
  return json;
}

TEST(ExprJson, LiteralsAndSelectors) {
  EXPECT_EQ(Json("1e30"), R"({"type":"numberLiteral","val":"1000000000000000000000000000000"})");
  EXPECT_EQ(Json("-Inf"), R"({"type":"numberLiteral","val":"-Inf"})");
  EXPECT_EQ(Json(R"("a\"b")"), R"({"type":"stringLiteral","val":"a\"b"})");
  EXPECT_EQ(
      Json(R"(a{x!="1",y!~"2"} offset 5m)"),
      R"({"anchored":false,"matchers":[{"name":"x","type":"!=","value":"1"},{"name":"y","type":"!~","value":"2"},)"
      R"({"name":"__name__","type":"=","value":"a"}],"name":"a","offset":300000,"offsetExpr":null,)"
      R"("smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"})");
  EXPECT_EQ(
      Json("a[5m] @ 5.5"),
      R"({"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"a"}],"name":"a","offset":0,)"
      R"("offsetExpr":null,"range":300000,"rangeExpr":null,"smoothed":false,"startOrEnd":null,"timestamp":5500,)"
      R"("type":"matrixSelector"})");
}

TEST(ExprJson, DurationExpressions) {
  EXPECT_EQ(
      Json("a[-step()+5m]"),
      R"({"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"a"}],"name":"a","offset":0,)"
      R"("offsetExpr":null,"range":0,"rangeExpr":{"lhs":{"lhs":null,"op":"-","rhs":{"lhs":null,"op":"step",)"
      R"("rhs":null,"type":"durationExpr","wrapped":false},"type":"durationExpr","wrapped":false},"op":"+",)"
      R"("rhs":{"duration":true,"type":"numberLiteral","val":"300"},"type":"durationExpr","wrapped":false},)"
      R"("smoothed":false,"startOrEnd":null,"timestamp":null,"type":"matrixSelector"})");
}

TEST(ExprJson, Operators) {
  struct Case {
    const char* query;
    const char* want;
  };
  const Case cases[] = {
      {"-a", R"({"expr":<a>,"op":"-","type":"unaryExpr"})"},
      {"(a)", R"({"expr":<a>,"type":"parenExpr"})"},
      {"a == bool 3",
       R"({"bool":true,"lhs":<a>,"matching":null,"op":"==","rhs":{"type":"numberLiteral","val":"3"},"type":"binaryExpr"})"},
      {"a + on(x) group_left(y) b",
       R"({"bool":false,"lhs":<a>,"matching":{"card":"many-to-one","fillValues":{"lhs":null,"rhs":null},)"
       R"("include":["y"],"labels":["x"],"on":true},"op":"+","rhs":<b>,"type":"binaryExpr"})"},
      {"a and ignoring(z) b",
       R"({"bool":false,"lhs":<a>,"matching":{"card":"many-to-many","fillValues":{"lhs":null,"rhs":null},)"
       R"("include":[],"labels":["z"],"on":false},"op":"and","rhs":<b>,"type":"binaryExpr"})"},
      {"sum without(x,y)(a)",
       R"({"expr":<a>,"grouping":["x","y"],"op":"sum","param":null,"type":"aggregation","without":true})"},
      {"topk(3,a)",
       R"({"expr":<a>,"grouping":[],"op":"topk","param":{"type":"numberLiteral","val":"3"},"type":"aggregation",)"
       R"("without":false})"},
      {"a[5m:] @ end() offset -3m",
       R"({"expr":<a>,"offset":-180000,"offsetExpr":null,"range":300000,"rangeExpr":null,"startOrEnd":"end","step":0,)"
       R"("stepExpr":null,"timestamp":null,"type":"subquery"})"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.query);
    EXPECT_EQ(Shortened(Shortened(Json(c.query), "a"), "b"), c.want);
  }
}

TEST(ExprJson, Calls) {
  EXPECT_EQ(
      Json("time()"),
      R"({"args":[],"func":{"argTypes":[],"name":"time","returnType":"scalar","variadic":0},"type":"call"})");
  EXPECT_EQ(Shortened(Json("round(a)"), "a"),
            R"({"args":[<a>],"func":{"argTypes":["vector","scalar"],"name":"round","returnType":"vector",)"
            R"("variadic":1},"type":"call"})");
  EXPECT_EQ(
      Shortened(Json(R"(label_join(a,"b","c"))"), "a"),
      R"({"args":[<a>,{"type":"stringLiteral","val":"b"},{"type":"stringLiteral","val":"c"}],)"
      R"("func":{"argTypes":["vector","string","string","string"],"name":"label_join","returnType":"vector",)"
      R"("variadic":-1},"type":"call"})");
}

}  // namespace
}  // namespace tickscope::api
