// Text patterns mean what RE2 means by the same expression: on random expressions and values, of those that are patterns and
// only of valid ones; which are patterns; and what an index is told never leaves out what matches.
#include "model/text_pattern.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "base/random.h"
#include "model/trigrams.h"

namespace tickscope {
namespace {

std::string Pick(SeededRandom& random, const std::vector<std::string>& pieces, std::uint64_t count_max) {
  std::string text;
  for (std::uint64_t count = random.Below(count_max + 1); count > 0; --count)
    text += pieces[random.Below(pieces.size())];
  return text;
}

// Few letters, so that values match now and then; characters of two and of four bytes; what ends lines.
const std::vector<std::string> kValuePieces = {
    "a", "b", "ab", "ba", ".", "-", "(", "|", "\n", "\xc3\xa9", "\xf0\x9f\x8e\xae"};

TEST(TextPattern, MeansWhatRe2Means) {
  const std::vector<std::string> pieces = {
      "a", "b",        "ab", ".*",    ".+", "|", "(", ")",    "(?:",    "\\.", "\\-",    "\\(",
      "-", "\xc3\xa9", "\n", "(a|b)", ".",  "?", "*", "[ab]", "(.*|a)", "\\|", "(|b.+)", ".*.+"};
  SeededRandom random(7);
  int patterns = 0;
  int matched = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string expression = Pick(random, pieces, 7);
    const auto pattern = TextPattern::Parse(expression);
    if (!pattern) continue;
    ++patterns;
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_dot_nl(true);
    const re2::RE2 regex(expression, options);
    ASSERT_TRUE(regex.ok()) << expression;
    const auto [first, last] = pattern->Range();
    const std::vector<std::uint64_t> needed = pattern->NeededTrigrams();
    for (int k = 0; k < 40; ++k) {
      const std::string value = Pick(random, kValuePieces, 6);
      const bool want = re2::RE2::FullMatch(value, regex);
      ASSERT_EQ(pattern->Matches(value), want) << expression << " on " << value;
      if (!want) continue;
      ++matched;
      ASSERT_GE(value, first) << expression;
      ASSERT_TRUE(last.empty() || value <= last) << expression << " on " << value;
      ASSERT_TRUE(MayMatch(needed, TrigramSignature(value))) << expression << " on " << value;
    }
  }
  EXPECT_GT(patterns, 4'000);
  EXPECT_GT(matched, 20'000);
}

TEST(TextPattern, IsTextsAndGaps) {
  for (const char* const expression : {"", "eu", "eu-.*", ".*", ".+", ".*gateway.*", "a|b|", "(eu|na)-.+",
                                       "(?:eu|na)", "10\\.0\\..*", "()", "((a|b)c|d).*"})
    EXPECT_TRUE(TextPattern::Parse(expression)) << expression;
  for (const char* const expression :
       {"a.",  "a?",   "a*",   "[ab]",    "^a",   "a$",    "a{2}",         "\\d",
        "\\a", "\\",   "(",    ")",       "(a",   "a)",    "(a)*",         "(?i)a",
        ".*?", ".+.+", "a.**", "\\Qa\\E", "\\pL", "a\xff", "((((((a))))))"})
    EXPECT_FALSE(TextPattern::Parse(expression)) << expression;
}

TEST(TextPattern, ListsLiterals) {
  const auto literals = [](std::string_view expression) {
    return TextPattern::Parse(expression)->literals();
  };
  EXPECT_EQ(literals("b|a|b"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(literals("(eu|na)-(1|2)"), (std::vector<std::string>{"eu-1", "eu-2", "na-1", "na-2"}));
  EXPECT_EQ(literals("1\\.5"), (std::vector<std::string>{"1.5"}));
  EXPECT_EQ(literals(""), (std::vector<std::string>{""}));
  EXPECT_TRUE(literals("a|b.*").empty());
}

TEST(TextPattern, LeavesLongListsToAnAutomaton) {
  const auto list = [](int count, std::string_view tail) {
    std::string text;
    for (int i = 0; i < count; ++i)
      text.append(i == 0 ? "" : "|").append(std::to_string(i)).append(tail);
    return text;
  };
  const auto product = [&](int left, int right) {
    std::string text = "(";
    return text.append(list(left, "")).append(")(").append(list(right, "")).append(")");
  };
  EXPECT_TRUE(TextPattern::Parse(list(256, "")));
  EXPECT_FALSE(TextPattern::Parse(list(257, "")));
  EXPECT_TRUE(TextPattern::Parse(list(16, ".*")));
  EXPECT_FALSE(TextPattern::Parse(list(17, ".*")));
  // Groups multiply.
  EXPECT_TRUE(TextPattern::Parse(product(16, 16)));
  EXPECT_FALSE(TextPattern::Parse(product(16, 17)));
  EXPECT_FALSE(TextPattern::Parse(product(100, 1).append(1'000, 'x')));
}

TEST(TextPattern, TellsAnIndexWhatToLookAt) {
  using Range = std::pair<std::string, std::string>;
  EXPECT_EQ(TextPattern::Parse("eu-.*")->Range(), (Range{"eu-", "eu."}));
  EXPECT_EQ(TextPattern::Parse("na|eu.*|sa.+")->Range(), (Range{"eu", "sb"}));
  EXPECT_EQ(TextPattern::Parse("eu.*|.*na")->Range(), Range());
  EXPECT_EQ(TextPattern::Parse(".*gateway.*")->NeededTrigrams(),
            std::vector<std::uint64_t>{TrigramSignature("gateway")});
  EXPECT_TRUE(TextPattern::Parse(".*gateway.*|ab.*")->NeededTrigrams().empty());
}

}  // namespace
}  // namespace tickscope
