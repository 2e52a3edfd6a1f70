// Places: a byte of an expression is shown where it stands in the file, whatever form the file writes it in.
#include "lint/source_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/yaml_tree.h"
#include "lint/json_tree.h"
#include "lint/variables.h"

namespace tickscope::lint {
namespace {

TEST(SourceText, InYamlScalar) {
  struct Case {
    const char* name;
    const char* file;
    const char* at;  ///< Shown where "X" begins in the value.
  };
  const Case cases[] = {
      {"plain", "expr: sum(X)\n", "1:11"},
      {"plain, folded", "expr: sum(a)\n  +\n  X\n", "3:3"},
      {"literal", "expr: |\n  sum(a)\n    / X\n", "3:7"},
      {"literal, kept end, deeper", "a:\n  - expr: |-\n\n      sum(a)\n      / X\n", "5:9"},
      {"folded", "expr: >\n  sum(a)\n  / X\n", "3:5"},
      {"double quotes", "expr: \"a{b=\\\"c\\\"} / X\"\n", "1:21"},
      {"double quotes with a line end", "expr: \"a\\n/ X\"\n", "1:13"},
      {"double quotes with a code", "expr: \"\\u00e9 X\"\n", "1:15"},
      {"single quotes", "expr: 'a{b=''c''} / X'\n", "1:21"},
      {"flow map", "{expr: sum(X)}\n", "1:12"},
      {"after other characters", "# \xc3\xa9\nexpr: 'a{b=\"\xc3\xa9\"} / X'\n", "2:20"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto root = config::ReadYaml(c.file, {});
    ASSERT_TRUE(root.has_value());
    const config::YamlNode* node = &root->entries.front().value;
    if (node->kind == config::YamlKind::kList) node = &node->items.front().entries.front().value;
    const config::YamlPosition place =
        SourceText(c.file).InYamlScalar(node->position, node->scalar, node->scalar.find('X'));
    EXPECT_EQ(fmt::format("{}:{}", place.line, place.column), c.at);
  }
}

TEST(SourceText, InJsonString) {
  const std::string_view file = "{\"a\":\n \"x\\\"\\u00e9\\ud83d\\ude00 X\"}";
  const auto root = ParseJson(file);
  ASSERT_TRUE(root.has_value());
  const JsonValue* const value = root->Find("a");
  ASSERT_NE(value, nullptr);
  const config::YamlPosition place = SourceText(file).InJsonString(value->offset, value->text.find('X'));
  EXPECT_EQ(place.line, 2);
  EXPECT_EQ(place.column, 25);
}

TEST(JsonTree, RefusesWithItsPlace) {
  struct Case {
    const char* text;
    std::size_t offset;
    const char* message;
  };
  const Case cases[] = {
      {"", 0, "expected a value, got the end of the text"},
      {"{\"a\": 1,}", 8, "expected a string in double quotes"},
      {"[1 2]", 3, "expected ',' or ']'"},
      {"[01]", 2, "expected ',' or ']'"},
      {"[1.]", 3, "expected a value"},
      {"{\"a\" 1}", 5, "expected ':' after a key"},
      {"\"a", 2, "expected '\"' at the end of a string"},
      {"\"\\x\"", 2, "expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u"},
      {"\"\\ud800\"", 7, "expected the second half of a surrogate pair"},
      {"\"a\nb\"", 2, "expected control characters as escapes"},
      {"1 2", 2, "expected the end of the text"},
      {"nul", 0, "expected a value"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto root = ParseJson(c.text);
    ASSERT_FALSE(root.has_value());
    EXPECT_EQ(root.error().offset, c.offset);
    EXPECT_EQ(root.error().text, c.message);
  }
  EXPECT_TRUE(ParseJson(std::string(kJsonDepthMax, '[') + std::string(kJsonDepthMax, ']')).has_value());
  EXPECT_FALSE(ParseJson(std::string(100'000, '[')).has_value());
}

TEST(Variables, ReplaceAndLeadBack) {
  const Substituted s =
      SubstituteVariables("rate(a{r=~\"$region\"}[$__rate_interval]) > ${limit:raw} + [[x]] + b$__range_s",
                          VariableForm::kNumber);
  EXPECT_EQ(s.text, "rate(a{r=~\"tickscope_any\"}[5m]) > 1 + 1 + b300");
  EXPECT_TRUE(s.has_free_variables);
  EXPECT_EQ(s.OriginalOffset(0), 0U);
  EXPECT_EQ(s.OriginalOffset(11), 11U);
  EXPECT_EQ(s.OriginalOffset(s.text.find("[5m")), 20U);
  EXPECT_EQ(s.OriginalOffset(s.text.find("> 1")), 40U);
  const Substituted none = SubstituteVariables("a{b=\"c$\"}[5m:1m]", VariableForm::kWord);
  EXPECT_EQ(none.text, "a{b=\"c$\"}[5m:1m]");
  EXPECT_FALSE(none.has_free_variables);
}

}  // namespace
}  // namespace tickscope::lint
