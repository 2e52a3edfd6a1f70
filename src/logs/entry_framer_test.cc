// Entries of bytes: lines, lines that belong together, lines that are too long; the same however the bytes came.
#include "logs/entry_framer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace tickscope::logs {
namespace {

// Entries of a text that comes in pieces of `step` bytes, "~" behind those that were cut.
std::vector<std::string> EntriesOf(const EntryFramer& framer, std::string_view text, std::size_t step,
                                   MoreBytes at_end = MoreBytes::kNever) {
  std::vector<std::string> entries;
  std::size_t at = 0;
  bool is_skipping = false;
  for (std::size_t end = std::min(step, text.size());; end = std::min(end + step, text.size())) {
    const std::string_view buffer = text.substr(0, end);
    const MoreBytes more = end == text.size() ? at_end : MoreBytes::kComing;
    while (true) {
      if (is_skipping) {
        const auto behind = EntryFramer::BehindLine(buffer, at);
        at = behind.value_or(buffer.size());
        if (!behind) break;
        is_skipping = false;
      }
      const auto frame = framer.Next(buffer, at, more);
      if (!frame) break;
      const std::string_view entry = buffer.substr(frame->begin, frame->end - frame->begin);
      entries.emplace_back(entry.substr(0, frame->keep.value_or(entry.size())));
      if (frame->keep) entries.back() += '~';
      at = frame->next;
      is_skipping = frame->goes_on;
    }
    if (end == text.size()) return entries;
  }
}

TEST(EntryFramer, MakesTheSameOfEveryDelivery) {
  struct Case {
    const char* name;
    std::size_t line_bytes_max;
    std::string start_pattern;
    std::size_t lines_max;
    std::string text;
    std::vector<std::string> entries;
  };
  const std::string long_line(20'000, 'x');
  const Case cases[] = {
      {"lines", 65'536, "", 500, "one\ntwo\r\n\nthree", {"one", "two\r", "", "three"}},
      {"nothing", 65'536, "", 500, "", {}},
      {"too long", 100, "", 500, long_line + "\nnext\n", {long_line.substr(0, 100) + "~", "next"}},
      {"as long as may be",
       100,
       "",
       500,
       long_line.substr(0, 100) + "\nnext\n",
       {long_line.substr(0, 100), "next"}},
      {"one byte too long",
       100,
       "",
       500,
       long_line.substr(0, 101) + "\nnext\n",
       {long_line.substr(0, 100) + "~", "next"}},
      {"a trace",
       65'536,
       "^[0-9]",
       500,
       "1 boom\n  at a\n  at b\n2 fine\n",
       {"1 boom\n  at a\n  at b", "2 fine"}},
      {"the first is no start", 65'536, "^[0-9]", 500, "  at z\n1 a\n", {"  at z", "1 a"}},
      {"too many lines", 65'536, "^[0-9]", 2, "1\na\nb\nc\n", {"1\na", "b\nc"}},
      {"too many bytes", 6, "^[0-9]", 500, "1\naaa\nbbb\n", {"1\naaa", "bbb"}},
      {"a long line within",
       50,
       "^[0-9]",
       500,
       "1\n" + long_line + "\n2\n",
       {"1", long_line.substr(0, 50) + "~", "2"}},
  };
  for (const Case& c : cases) {
    const EntryFramer framer =
        EntryFramer::Make(
            {.line_bytes_max = c.line_bytes_max, .start_pattern = c.start_pattern, .lines_max = c.lines_max})
            .value();
    for (const std::size_t step : {1U, 7U, 4'096U, 100'000U}) {
      SCOPED_TRACE(testing::Message() << c.name << " step " << step);
      EXPECT_EQ(EntriesOf(framer, c.text, step), c.entries);
    }
  }
}

TEST(EntryFramer, WaitsForTheEndOfWhatMayGoOn) {
  const EntryFramer lines = EntryFramer::Make({}).value();
  EXPECT_THAT(EntriesOf(lines, "one\ntw", 100, MoreBytes::kComing), testing::ElementsAre("one"));
  EXPECT_THAT(EntriesOf(lines, "one\ntw", 100, MoreBytes::kIdle), testing::ElementsAre("one", "tw"));
  const EntryFramer traces = EntryFramer::Make({.start_pattern = "^[0-9]"}).value();
  EXPECT_THAT(EntriesOf(traces, "1 a\n  b\n2 c\n  d\n", 100, MoreBytes::kComing),
              testing::ElementsAre("1 a\n  b"));
  EXPECT_THAT(EntriesOf(traces, "1 a\n  b\n2 c\n  d\n", 100, MoreBytes::kIdle),
              testing::ElementsAre("1 a\n  b", "2 c\n  d"));
}

TEST(EntryFramer, RefusesPatternsThatMeanNothing) {
  EXPECT_FALSE(EntryFramer::Make({.start_pattern = "("}));
  EXPECT_FALSE(EntryFramer::Make({.start_pattern = ".*"}));
}

}  // namespace
}  // namespace tickscope::logs
