// JSON of clients: one form out, mistakes with their place, and what is different between two.
#include "console/json_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "console/json_diff.h"

namespace tickscope::console {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

JsonValue Read(std::string_view text) {
  auto value = ReadJson(text);
  EXPECT_TRUE(value.has_value()) << text;
  return *std::move(value);
}

TEST(JsonDocument, OneForm) {
  const std::string text = R"( { "b" : [1, 2.50, -1e3, true, null, "\u00e9\n"], "a": {} } )";
  EXPECT_EQ(CompactJson(Read(text)), "{\"b\":[1,2.5,-1000,true,null,\"\xc3\xa9\\n\"],\"a\":{}}");
  EXPECT_EQ(CanonicalJson(Read(text)), "{\"a\":{},\"b\":[1,2.5,-1000,true,null,\"\xc3\xa9\\n\"]}");
  EXPECT_EQ(CompactJson(Read("1e999")), "null") << "no number is infinite";
}

TEST(JsonDocument, ForPeople) {
  EXPECT_EQ(PrettyJson(Read(R"({"a":[],"b":[1,{"c":"x,{\\\"}"}],"d":{}})")),
            "{\n  \"a\": [],\n  \"b\": [\n    1,\n    {\n      \"c\": \"x,{\\\\\\\"}\"\n    }\n  ],\n  "
            "\"d\": {}\n}\n");
  EXPECT_EQ(PrettyJson(Read("3")), "3\n");
}

TEST(JsonDocument, MistakesHaveAPlace) {
  EXPECT_THAT(ReadJson("{\n \"a\": tru}").error().message, HasSubstr("line 2, column 7: not JSON"));
  EXPECT_THAT(ReadJson("").error().message, HasSubstr("line 1, column 1"));
}

TEST(JsonFields, TellTheFirstMistake) {
  const std::string text = R"({"a": "x", "n": 1, "other": 2})";
  const JsonValue root = Read(text);
  JsonFields fields(text, root);
  EXPECT_EQ(fields.Text("a", "", 10), "x");
  EXPECT_EQ(fields.Number("n", 0), 1);
  EXPECT_EQ(fields.Number("missing", 7), 7);
  EXPECT_THAT(fields.Finish().error().message,
              HasSubstr("line 1, column 29: unknown key \"other\", expected a, n, missing"));
  JsonFields again(text, root);
  again.Require("b");
  EXPECT_EQ(again.Text("n", "", 10), "");
  EXPECT_THAT(again.Finish().error().message, HasSubstr("b: required"));
}

TEST(DiffJson, ByPath) {
  const auto diff = [](std::string_view was, std::string_view is) {
    return DiffJson(Read(was), Read(is), 4);
  };
  EXPECT_THAT(diff(R"({"a":1,"b":[1,{"c":2}]})", R"({"b":[1.0,{"c":2}],"a":1})"), IsEmpty());
  EXPECT_THAT(diff(R"({"a":1,"b":{"c":"x"},"d":0})", R"({"a":2,"b":{"c":"y"},"e":0})"),
              ElementsAre("a: 1 -> 2", "b.c: \"x\" -> \"y\"", "d: removed", "e: added"));
  EXPECT_THAT(diff("[1,2]", "[1,3,4]"), ElementsAre("[1]: 2 -> 3", "[2]: added"));
  EXPECT_THAT(diff("1", "[]"), ElementsAre(".: 1 -> []"));
  EXPECT_EQ(diff("[1,2,3,4,5]", "[6,7,8,9,0]").size(), 4U) << "bounded";
}

}  // namespace
}  // namespace tickscope::console
