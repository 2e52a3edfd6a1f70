// Following files: each line once through renames, truncations, copies, restarts and what writers do wrong. Each way of rotation is also
// driven by a seeded sweep in which lines are written, files rotated and the agent restarted in any order.
#include "logs/file_tailer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/metrics.h"
#include "base/random.h"
#include "io/memory_foreign_directory.h"
#include "logs/pushed_test.h"

namespace tickscope::logs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr TimeMs kStartMs = 1'700'000'000'000;

class FileTailerTest : public testing::Test {
 protected:
  void Start(TailOptions options = {}) {
    options.directory = "/logs";
    if (options.patterns.empty()) options.patterns = {"*.log"};
    intake_ = std::make_unique<LogIntake>(*scanner_, nullptr, LogIntakeOptions{.tenant = TenantId("eu")},
                                          clock_, metrics_);
    const LogSource source = intake_->AddSource(LogInput::kFile, Labels());
    const DirectoryOpener opener =
        [this](const std::string& path) -> Result<std::unique_ptr<io::ForeignDirectory>> {
      EXPECT_EQ(path, "/logs");
      if (is_missing_) return Fail(ErrorCode::kNotFound, "no such directory");
      return logs_.Open();
    };
    tailer_ = FileTailer::Make(std::move(options), source, opener, *intake_).value();
  }
  // Stops, and starts with the marks it left.
  void Restart(TailOptions options = {}) {
    std::vector<FileMark> marks;
    tailer_->AppendMarks(marks);
    std::string text;
    for (const FileMark& mark : marks)
      AppendMark(mark, text);
    tailer_.reset();
    Start(std::move(options));
    tailer_->Restore(ParseMarks(text).value());
  }
  // What comes within `ms`.
  std::vector<std::string> Lines(std::int64_t ms = 2'000) {
    std::vector<std::string> lines;
    for (const TimeMs end_ms = clock_.NowMs() + ms; clock_.NowMs() < end_ms;
         clock_.Advance(std::chrono::milliseconds(250))) {
      while (tailer_->Poll(clock_.NowMs()) > 0) {
      }
      std::string message;
      intake_->others().Encode(message);
      intake_->others().Clear();
      for (const PushedEntry& entry : PushedEntries(message))
        lines.push_back(entry.line);
    }
    return lines;
  }
  std::uint64_t Count(FileEvent event) { return metrics_.files(event).value(); }

  ManualClock clock_{kStartMs};
  io::MemoryForeignDirectory logs_;
  bool is_missing_ = false;
  MetricRegistry registry_;
  LogMetrics metrics_{registry_};
  std::unique_ptr<const guard::PiiScanner> scanner_ = guard::PiiScanner::Make({}).value();
  std::unique_ptr<LogIntake> intake_;
  std::unique_ptr<FileTailer> tailer_;
};

TEST_F(FileTailerTest, ReadsLinesAsTheyAreWritten) {
  logs_.Append("game.log", "one\ntwo\nth");
  logs_.Append("other.txt", "no\n");
  Start();
  EXPECT_THAT(Lines(), ElementsAre("one", "two"));
  EXPECT_EQ(tailer_->lag_bytes(), 2U);
  logs_.Append("game.log", "ree\n");
  logs_.Append("new.log", "begins\n");
  EXPECT_THAT(Lines(), UnorderedElementsAre("three", "begins"));
  EXPECT_THAT(Lines(), IsEmpty());
  EXPECT_EQ(tailer_->open_files(), 2U);
}

TEST_F(FileTailerTest, ALineWithoutEndIsOneAfterAWhile) {
  logs_.Append("game.log", "crash");
  Start();
  EXPECT_THAT(Lines(4'000), IsEmpty());
  EXPECT_THAT(Lines(4'000), ElementsAre("crash"));
  logs_.Append("game.log", " goes on\n");
  EXPECT_THAT(Lines(), ElementsAre(" goes on"));
}

TEST_F(FileTailerTest, RenamedFilesAreReadToTheirEnd) {
  logs_.Append("game.log", "one line of some length\n");
  Start();
  EXPECT_THAT(Lines(), ElementsAre("one line of some length"));
  logs_.Append("game.log", "before the rename\n");
  logs_.Rename("game.log", "game.log.1");
  logs_.Append("game.log", "in the new one\n");
  logs_.Append("game.log.1", "from a writer that has not noticed\n");
  EXPECT_THAT(Lines(), UnorderedElementsAre("before the rename", "from a writer that has not noticed",
                                            "in the new one"));
  logs_.Append("game.log.1", "later\nand no end");
  EXPECT_THAT(Lines(30'000), UnorderedElementsAre("later", "and no end"));
  EXPECT_THAT(Lines(70'000), IsEmpty());
  EXPECT_EQ(tailer_->open_files(), 1U);
  EXPECT_EQ(Count(FileEvent::kRotated), 1U);
}

TEST_F(FileTailerTest, RenamedWithinThePatternStaysWhatItIs) {
  logs_.Append("a.log", "first file of all\n");
  Start();
  EXPECT_THAT(Lines(), ElementsAre("first file of all"));
  logs_.Rename("a.log", "b.log");
  logs_.Append("a.log", "second\n");
  EXPECT_THAT(Lines(), ElementsAre("second"));
  logs_.Append("b.log", "more\n");
  EXPECT_THAT(Lines(), ElementsAre("more"));
  EXPECT_EQ(Count(FileEvent::kRotated), 0U);
}

TEST_F(FileTailerTest, RemovedFilesAreReadToTheirEnd) {
  logs_.Append("game.log", "one\n");
  Start();
  EXPECT_THAT(Lines(), ElementsAre("one"));
  logs_.Append("game.log", "last words\n");
  logs_.Remove("game.log");
  EXPECT_THAT(Lines(), ElementsAre("last words"));
  EXPECT_THAT(Lines(70'000), IsEmpty());
  EXPECT_EQ(tailer_->open_files(), 0U);
}

TEST_F(FileTailerTest, TruncatedFilesBeginAnew) {
  logs_.Append("game.log", "a line before\n");
  Start();
  EXPECT_THAT(Lines(), ElementsAre("a line before"));
  logs_.Truncate("game.log");
  logs_.Append("game.log", "short\n");
  EXPECT_THAT(Lines(), ElementsAre("short"));
  logs_.Truncate("game.log");
  logs_.Append("game.log", "longer than what was there before it\n");
  EXPECT_THAT(Lines(), ElementsAre("longer than what was there before it"));
  EXPECT_EQ(Count(FileEvent::kTruncated), 2U);
}

TEST_F(FileTailerTest, WhatACopyHasThatWasNotReadIsReadThere) {
  for (const char* const copy : {"game.log.1", "game-1.log"}) {
    SCOPED_TRACE(copy);
    logs_.Append("game.log", "a line that was read\n");
    Start();
    EXPECT_THAT(Lines(), ElementsAre("a line that was read"));
    logs_.Append("game.log", "written just before the copy\n");
    logs_.Copy("game.log", copy);
    logs_.Truncate("game.log");
    logs_.Append("game.log", "after it\n");
    EXPECT_THAT(Lines(), UnorderedElementsAre("written just before the copy", "after it"));
    EXPECT_THAT(Lines(90'000), IsEmpty());
    logs_.Remove("game.log");
    logs_.Remove(copy);
  }
  EXPECT_EQ(Count(FileEvent::kCopied), 2U);
}

TEST_F(FileTailerTest, ACopyThatIsSeenBeforeTheTruncationWaitsForIt) {
  logs_.Append("game.log", "a line that was read\n");
  Start();
  EXPECT_THAT(Lines(), ElementsAre("a line that was read"));
  logs_.Copy("game.log", "game-1.log");
  EXPECT_THAT(Lines(), IsEmpty());
  logs_.Truncate("game.log");
  logs_.Append("game.log", "new\n");
  EXPECT_THAT(Lines(20'000), ElementsAre("new"));
  // And one that is only a copy is not read twice either.
  logs_.Append("game.log", "some more lines in it\n");
  EXPECT_THAT(Lines(), ElementsAre("some more lines in it"));
  logs_.Copy("game.log", "backup.log");
  EXPECT_THAT(Lines(20'000), IsEmpty());
}

TEST_F(FileTailerTest, ARestartGoesOnWhereItWas) {
  logs_.Append("game.log", "one line of it\nhalf");
  Start();
  EXPECT_THAT(Lines(), ElementsAre("one line of it"));
  Restart();
  EXPECT_THAT(Lines(), IsEmpty());
  logs_.Append("game.log", " a line\n");
  EXPECT_THAT(Lines(), ElementsAre("half a line"));
}

TEST_F(FileTailerTest, RotationWhileItIsAwayLosesNothing) {
  struct Case {
    const char* name;
    std::function<void(io::MemoryForeignDirectory&)> rotate;
  };
  const Case cases[] = {
      {"renamed out of the pattern", [](auto& logs) { logs.Rename("game.log", "game.log.1"); }},
      {"renamed within it", [](auto& logs) { logs.Rename("game.log", "game-1.log"); }},
      {"copied out of the pattern",
       [](auto& logs) {
         logs.Copy("game.log", "game.log.1");
         logs.Truncate("game.log");
       }},
      {"copied within it",
       [](auto& logs) {
         logs.Copy("game.log", "game-1.log");
         logs.Truncate("game.log");
       }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    logs_ = {};
    logs_.Append("game.log", "a line that was read\n");
    Start();
    EXPECT_THAT(Lines(), ElementsAre("a line that was read"));
    logs_.Append("game.log", "one that was not\n");
    c.rotate(logs_);
    logs_.Append("game.log", "a new one, of a new file\n");
    Restart();
    EXPECT_THAT(Lines(20'000), UnorderedElementsAre("one that was not", "a new one, of a new file"));
    EXPECT_THAT(Lines(90'000), IsEmpty());
  }
}

TEST_F(FileTailerTest, AnInodeThatIsUsedAgainIsAnotherFile) {
  logs_.Append("game.log", "a line that was read\n");
  Start();
  EXPECT_THAT(Lines(), ElementsAre("a line that was read"));
  const std::uint64_t inode = logs_.InodeOf("game.log");
  logs_.Remove("game.log");
  logs_.ReuseInode(inode);
  logs_.Append("game.log", "begins otherwise, and is longer than the other was\n");
  Restart();
  EXPECT_THAT(Lines(), ElementsAre("begins otherwise, and is longer than the other was"));
}

TEST_F(FileTailerTest, FromTheEndIsForTheFirstStartOnly) {
  logs_.Append("game.log", "history\nand half a li");
  Start({.from_end = true});
  EXPECT_THAT(Lines(), IsEmpty());
  logs_.Append("game.log", "ne\nnews\n");
  logs_.Append("new.log", "all of a new file\n");
  EXPECT_THAT(Lines(), UnorderedElementsAre("news", "all of a new file"));
  logs_.Append("third.log", "made while away\n");
  Restart({.from_end = true});
  EXPECT_THAT(Lines(), ElementsAre("made while away"));
}

TEST_F(FileTailerTest, TooLongLinesAndHolesDoNotStopIt) {
  const std::string long_line(1U << 20, 'x');
  logs_.Append("game.log", long_line + "\nnext\n");
  logs_.Append("hole.log", std::string(700'000, '\0') + "after the hole\n");
  Start({.framer = {.line_bytes_max = 1'000}});
  EXPECT_THAT(Lines(), UnorderedElementsAre(long_line.substr(0, 1'000), "next", "after the hole"));
  logs_.Append("game.log", long_line);
  EXPECT_THAT(Lines(), ElementsAre(long_line.substr(0, 1'000)));
  Restart({.framer = {.line_bytes_max = 1'000}});
  logs_.Append("game.log", "its end\nthen this\n");
  EXPECT_THAT(Lines(), ElementsAre("then this"));
}

TEST_F(FileTailerTest, LinksAndTooManyFilesAreNotRead) {
  logs_.AddLink("link.log");
  logs_.Append("game.log", "one\n");
  logs_.Append("more.log", "two\n");
  Start({.excludes = {"m*"}, .files_max = 1});
  EXPECT_THAT(Lines(), ElementsAre("one"));
  EXPECT_EQ(Count(FileEvent::kTooMany), 2U);  // The link, at two looks.
  Restart({.files_max = 10});
  EXPECT_THAT(Lines(10'000), ElementsAre("two"));
  EXPECT_EQ(Count(FileEvent::kRefused), 1U);
}

TEST_F(FileTailerTest, ADirectoryMayComeLater) {
  is_missing_ = true;
  Start();
  EXPECT_THAT(Lines(), IsEmpty());
  logs_.Append("game.log", "one\n");
  is_missing_ = false;
  EXPECT_THAT(Lines(), ElementsAre("one"));
  is_missing_ = true;
  logs_.Append("game.log", "two\n");
  EXPECT_THAT(Lines(), ElementsAre("two"));
}

// Lines with numbers; whatever happens, each comes once.
TEST_F(FileTailerTest, EachLineComesOnceWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    logs_ = {};
    Start();
    std::vector<int> times;
    std::string unfinished;
    const auto take = [&](std::int64_t ms) {
      for (const std::string& line : Lines(ms)) {
        const std::size_t number = std::stoul(line.substr(line.rfind(' ') + 1));
        ASSERT_LT(number, times.size()) << line;
        ++times[number];
      }
    };
    unsigned rotation = 0;
    const bool by_copy = random.Below(2) == 0;
    const bool within = random.Below(2) == 0;
    logs_.Append("game.log", "");
    take(250);
    for (int step = 0; step < 120; ++step) {
      switch (random.Below(8)) {
        case 0: {
          if (!unfinished.empty()) logs_.Append("game.log", std::exchange(unfinished, ""));
          const std::string old =
              fmt::format(fmt::runtime(within ? "game-{}.log" : "game.log.{}"), ++rotation);
          if (by_copy) {
            // A copy is known by what was read of its file.
            if (logs_.TextOf("game.log").size() < 1'000) take(500);
            logs_.Copy("game.log", old);
            logs_.Truncate("game.log");
          } else {
            logs_.Rename("game.log", old);
            logs_.Append("game.log", "");
          }
          // A file that comes and goes between two looks at the directory is not seen.
          take(1'500);
          break;
        }
        case 1:
          Restart();
          break;
        case 2:
          take(static_cast<std::int64_t>(250 * random.Below(20)));
          break;
        default: {
          std::string line = fmt::format("step {} of many says number {}\n", step, times.size());
          times.push_back(0);
          logs_.Append("game.log", std::exchange(unfinished, ""));
          const std::size_t cut = random.Below(3) == 0 ? line.size() / 2 : line.size();
          logs_.Append("game.log", line.substr(0, cut));
          unfinished = line.substr(cut);
          // Sooner than a line without an end is taken as one.
          if (!unfinished.empty()) {
            take(500);
            logs_.Append("game.log", std::exchange(unfinished, ""));
          }
        }
      }
    }
    take(100'000);
    for (std::size_t i = 0; i < times.size(); ++i)
      EXPECT_EQ(times[i], 1) << "number " << i;
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace tickscope::logs
