// The prefilter never says no to what an expression matches.
#include "model/trigrams.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "base/random.h"
#include "model/matcher.h"

namespace tickscope {
namespace {

TEST(Trigrams, NeverRefusesWhatMatches) {
  SeededRandom random(11);
  const std::vector<std::string> patterns = {".*gateway.*",
                                             "gateway-[0-9]+",
                                             "(?i).*GateWay.*",
                                             ".*(eu-west|na-east).*",
                                             "(foo|bar)baz.*",
                                             "a.*bcd.*efg",
                                             ".*",
                                             "",
                                             "x?yz",
                                             "(abc)*",
                                             "(abc)+.*",
                                             "[a-f]{3}",
                                             "(?i).*kelvin.*",
                                             ".*stra\xc3\x9f"
                                             "e.*",
                                             "abc|.*",
                                             "(?i)\xc3\xa9t\xc3\xa9.*",
                                             ".*-[abc]-serv.*er",
                                             "(?s).*a\nb.*",
                                             "\\Qa.b\\E.*",
                                             "^abc$"};
  const std::vector<std::string> pieces = {"gateway",
                                           "GATEWAY",
                                           "-",
                                           "17",
                                           "eu-west",
                                           "na-east",
                                           "foo",
                                           "bar",
                                           "baz",
                                           "a",
                                           "bcd",
                                           "efg",
                                           "yz",
                                           "abc",
                                           "kelvin",
                                           "\xe2\x84\xaa"
                                           "elvin",
                                           "stra\xc3\x9f"
                                           "e",
                                           "\xc3\x89t\xc3\xa9",
                                           "serv",
                                           "er",
                                           "a\nb",
                                           "a.b",
                                           "",
                                           "fff",
                                           "-b-"};
  int refused = 0;
  int matched = 0;
  for (const std::string& pattern : patterns) {
    const auto matcher = Matcher::Make(MatchType::kRegex, "x", pattern);
    ASSERT_TRUE(matcher.has_value()) << pattern;
    const std::vector<std::uint64_t> needed = NeededTrigrams(pattern);
    for (int i = 0; i < 3000; ++i) {
      std::string text;
      for (std::uint64_t k = random.Below(5); k > 0; --k)
        text += pieces[random.Below(pieces.size())];
      const bool may = MayMatch(needed, TrigramSignature(text));
      if (matcher->Matches(text)) {
        ++matched;
        ASSERT_TRUE(may) << pattern << " on " << text;
      }
      if (!may) ++refused;
    }
  }
  EXPECT_GT(matched, 3000);
  EXPECT_GT(refused, 15000);
}

TEST(Trigrams, SaysNothingWhereNothingIsNeeded) {
  for (const char* const pattern : {".*", "a.*", "(abc)?", "abc|.*", "[0-9]+", ""})
    EXPECT_TRUE(NeededTrigrams(pattern).empty()) << pattern;
  EXPECT_EQ(NeededTrigrams(".*gateway.*").size(), 1U);
}

}  // namespace
}  // namespace tickscope
