// Marks of files: the text form is pinned, and what is damaged is refused.
#include "logs/file_mark.h"

#include <gtest/gtest.h>

namespace tickscope::logs {
namespace {

TEST(FileMark, TextIsStable) {
  const FileMark mark = {.directory = "/var/log/a b",
                         .name = "x%\n\xc3\xbc.log",
                         .identity = {.device = 1, .inode = 2},
                         .position = 300,
                         .head_bytes = 256,
                         .head_hash = 3,
                         .tail_bytes = 64,
                         .tail_hash = 18'446'744'073'709'551'615U,
                         .is_skipping = true};
  const FileMark in_root = {.directory = "/", .name = "y", .identity = {}};
  std::string text;
  AppendMark(mark, text);
  AppendMark(in_root, text);
  EXPECT_EQ(text,
            "/var/log/a%20b/x%25%0A%C3%BC.log 1 2 300 256 3 64 18446744073709551615 1\n"
            "/y 0 0 0 0 0 0 0 0\n");
  EXPECT_EQ(ParseMarks(text).value(), (std::vector<FileMark>{mark, in_root}));
}

TEST(FileMark, RefusesWhatIsDamaged) {
  EXPECT_TRUE(ParseMarks("").value().empty());
  for (const char* const text : {
           "/a 1 2 3 3 4 3 5 0",       // No end.
           "/a 1 2 3 3 4 3 5\n",       // A number too few.
           "/a 1 2 3 3 4 3 5 0 0\n",   // One too many.
           "/a 1 2 3 3 4 3 5 2\n",     // Neither yes nor no.
           "a 1 2 3 3 4 3 5 0\n",      // No directory.
           "/a/ 1 2 3 3 4 3 5 0\n",    // No name.
           "/a%2 1 2 3 3 4 3 5 0\n",   // Half an escape.
           "/a%zz 1 2 3 3 4 3 5 0\n",  //
           "/a 1 2 3 257 4 3 5 0\n",   // A head that is too long.
           "/a 1 2 3 4 4 3 5 0\n",     // Longer than what was read.
           "/a 1 2 -3 3 4 3 5 0\n",    //
           "/a 1 2 99999999999999999999 3 4 3 5 0\n",
           "\n",
       }) {
    EXPECT_FALSE(ParseMarks(text)) << text;
  }
  std::string many;
  for (std::size_t i = 0; i <= kMarksMax; ++i)
    AppendMark({.directory = "/d", .name = "n", .identity = {}}, many);
  EXPECT_FALSE(ParseMarks(many));
}

}  // namespace
}  // namespace tickscope::logs
