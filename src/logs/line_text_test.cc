// What becomes of bytes that are no text: mended where there is text around them, refused where there is none.
#include "logs/line_text.h"

#include <gtest/gtest.h>

namespace tickscope::logs {
namespace {

using namespace std::string_literals;

TEST(LineText, IsWhatOfALineIsText) {
  struct Case {
    const char* name;
    std::string raw;
    TextVerdict verdict;
    std::string text;
  };
  const Case cases[] = {
      {"plain", "player joined", TextVerdict::kText, "player joined"},
      {"its end", "joined \t\r", TextVerdict::kText, "joined"},
      {"its beginning stays", "  at Foo.bar", TextVerdict::kText, "  at Foo.bar"},
      {"UTF-8",
       "gr\xc3\xbc\xc3\x9f"
       "e \xf0\x9f\x8e\xae",
       TextVerdict::kText,
       "gr\xc3\xbc\xc3\x9f"
       "e \xf0\x9f\x8e\xae"},
      {"empty", "", TextVerdict::kBlank, ""},
      {"white", " \t\r", TextVerdict::kBlank, ""},
      {"a hole before it", "\0\0\0\0\0\0after the hole"s, TextVerdict::kText, "after the hole"},
      {"nothing but a hole", "\0\0\0"s, TextVerdict::kBlank, ""},
      {"NUL within", "a long line with\0one"s, TextVerdict::kMended, "a long line with\xef\xbf\xbdone"},
      {"half a character", "the name was caf\xc3", TextVerdict::kMended, "the name was caf\xef\xbf\xbd"},
      {"overlong", "a longer line \xc0\xaf", TextVerdict::kMended, "a longer line \xef\xbf\xbd\xef\xbf\xbd"},
      {"a surrogate", "a much longer line \xed\xa0\x80", TextVerdict::kMended,
       "a much longer line \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {"hardly any text", "ELF\x80\x81\x82\xff\xfe", TextVerdict::kBinary, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::string scratch = "left from before";
    const LineText line = MendLine(c.raw, scratch);
    EXPECT_EQ(line.verdict, c.verdict);
    EXPECT_EQ(line.text, c.text);
  }
}

TEST(LineText, IsCutBetweenCharacters) {
  EXPECT_EQ(CutText("short", 10), "short");
  EXPECT_EQ(CutText("exactly", 7), "exactly");
  EXPECT_EQ(CutText("ab\xc3\xbc", 3), "ab");
  EXPECT_EQ(CutText("ab\xf0\x9f\x8e\xae", 5), "ab");
  EXPECT_EQ(CutText("ab\xf0\x9f\x8e\xae", 6), "ab\xf0\x9f\x8e\xae");
}

}  // namespace
}  // namespace tickscope::logs
