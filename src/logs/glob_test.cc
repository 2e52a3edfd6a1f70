// Which names a pattern stands for.
#include "logs/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace tickscope::logs {
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
    EXPECT_EQ(GlobMatches(c.pattern, c.name), c.matches) << c.pattern << " " << c.name;
  const std::string many(60, '*');
  EXPECT_FALSE(GlobMatches(many + "b", std::string(4'000, 'a')));
}

}  // namespace
}  // namespace tickscope::logs
