// Matchers: whole-value matching, the empty value as a missing label, and the literal-set shortcut.
#include "model/matcher.h"

#include <gtest/gtest.h>

namespace tickscope {
namespace {

TEST(Matcher, MatchesWholeValues) {
  struct Case {
    MatchType type;
    const char* pattern;
    const char* value;
    bool want;
  };
  const Case cases[] = {
      {MatchType::kEqual, "eu", "eu", true},
      {MatchType::kEqual, "eu", "eu1", false},
      {MatchType::kNotEqual, "eu", "", true},
      {MatchType::kRegex, "eu|na", "na", true},
      {MatchType::kRegex, "eu|na", "nab", false},
      {MatchType::kRegex, "e.", "e\n", true},
      {MatchType::kRegex, "", "", true},
      {MatchType::kRegex, "a|", "", true},
      {MatchType::kNotRegex, "eu.*", "europe", false},
      {MatchType::kNotRegex, "eu.*", "", true},
      {MatchType::kRegex, "a$|b", "a", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.pattern) + " on " + c.value);
    EXPECT_EQ(Matcher::Make(c.type, "l", c.pattern).value().Matches(c.value), c.want);
  }
}

TEST(Matcher, RefusesBadExpressions) {
  const auto bad = Matcher::Make(MatchType::kRegex, "l", "a(");
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidArgument);
  // Bad by themselves, although good between parentheses; and the other way round.
  for (const char* const pattern : {"a)(b", "a)|(?:b", ")", "(", "a\\", "[", "*", "a{2,1}"})
    EXPECT_FALSE(Matcher::Make(MatchType::kRegex, "l", pattern)) << pattern;
  const auto quoted = Matcher::Make(MatchType::kRegex, "l", "\\Qa.b");
  ASSERT_TRUE(quoted) << quoted.error().message;
  EXPECT_TRUE(quoted->Matches("a.b"));
  EXPECT_FALSE(quoted->Matches("axb"));
}

TEST(Matcher, FindsLiteralSets) {
  const Matcher matcher = Matcher::Make(MatchType::kRegex, "l", "b|a|b").value();
  EXPECT_EQ(matcher.literals(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(Matcher::Make(MatchType::kRegex, "l", "a.|b").value().literals().empty());
}

}  // namespace
}  // namespace tickscope
