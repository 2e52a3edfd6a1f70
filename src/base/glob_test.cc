// Which names a pattern stands for.
#include "base/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace tickscope {
namespace {

TEST(Glob, MatchesAsAShellDoes) {
  struct Case {
    const char* pattern;
    const char* name;
    bool matches;
  };
  const Case cases[] = {
      {"*.log", "game.log", true},
      {"*.log", "game.log.1", false},
      {"game.log*", "game.log", true},
      {"game.log*", "game.log.1", true},
      {"*", ".hidden", false},
      {".*", ".hidden", true},
      {"?.log", "a.log", true},
      {"?.log", "ab.log", false},
      {"[a-c].log", "b.log", true},
      {"[a-c].log", "d.log", false},
      {"[!a-c].log", "d.log", true},
      {"[]x].log", "].log", true},
      {"[ab", "[ab", true},
      {"a*b*c", "aXbYc", true},
      {"a*b*c", "aXbY", false},
      {"", "", true},
      {"", "a", false},
      {"**", "a", true},
  };
  for (const Case& c : cases)
    EXPECT_EQ(GlobMatches(c.pattern, c.name, HiddenNames::kOnlyNamed), c.matches)
        << c.pattern << " " << c.name;
  const std::string many(60, '*');
  EXPECT_FALSE(GlobMatches(many + "b", std::string(4'000, 'a'), HiddenNames::kOnlyNamed));
  EXPECT_TRUE(GlobMatches("*", ".hidden", HiddenNames::kLikeOthers));
}

TEST(Glob, StarsAndQuestionMarks) {
  const struct {
    const char* name;
    const char* pattern;
    bool fits;
  } cases[] = {{"a.yaml", "*.yaml", true},
               {"a.yaml", "a.yaml", true},
               {"a.yml", "*.yaml", false},
               {"ab.json", "a?.json", true},
               {"a.json", "a?.json", false},
               {"", "*", true},
               {"abcabc", "*abc", true},
               {"aXbXc", "a*b*c", true},
               {"aXbX", "a*b*c", false},
               {"x", "x*", true},
               {"x", "", false},
               {"aaaaaaaaaaaaaaaaaaaaaaab", "*a*a*a*a*b", true}};
  for (const auto& c : cases)
    EXPECT_EQ(GlobMatches(c.pattern, c.name, HiddenNames::kLikeOthers), c.fits) << c.name << " " << c.pattern;
}

}  // namespace
}  // namespace tickscope
