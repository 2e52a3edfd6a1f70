// What MemoryFileSystem adds to the contract: faults strike where they were aimed, and a power cut leaves
// exactly what the FileSystem interface promised to be durable.
#include "io/memory_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace tickscope::io {
namespace {

using ::testing::AnyOf;
using ::testing::StartsWith;

constexpr CrashPolicy kLost = {.unsynced = CrashPolicy::Unsynced::kLost, .seed = 0};

Status Append(AppendFile& file, std::string_view text) {
  const std::vector<ByteView> pieces = {AsBytes(text)};
  return file.Append(pieces);
}

std::string Content(FileSystem& fs, const std::string& path) {
  auto content = ReadWholeFile(fs, path, 1 << 20);
  return content ? *content : "error: " + content.error().message;
}

TEST(MemoryFileSystem, CrashForgetsWhatWasNotSynced) {
  MemoryFileSystem fs;
  auto synced = fs.OpenAppend("synced", OpenMode::kCreateNew).value();
  ASSERT_TRUE(Append(*synced, "durable").has_value());
  ASSERT_TRUE(synced->Sync().has_value());
  ASSERT_TRUE(fs.SyncDirectory("/").has_value());
  ASSERT_TRUE(Append(*synced, " and lost").has_value());
  auto nameless = fs.OpenAppend("nameless", OpenMode::kCreateNew).value();
  ASSERT_TRUE(Append(*nameless, "data without a durable name").has_value());
  ASSERT_TRUE(nameless->Sync().has_value());

  fs.Crash(kLost);

  EXPECT_EQ(Content(fs, "synced"), "durable");
  EXPECT_EQ(fs.OpenRead("nameless").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Append(*synced, "x").error().code, ErrorCode::kUnavailable);
}

TEST(MemoryFileSystem, ALinkIsDurableWhenItsDirectoryIsAndTakesNoRoom) {
  for (const bool is_synced : {false, true}) {
    SCOPED_TRACE(is_synced);
    MemoryFileSystem fs;
    ASSERT_TRUE(fs.CreateDirectories("/links").has_value());
    fs.SetCapacity(10);
    auto file = fs.OpenAppend("/file", OpenMode::kCreateNew).value();
    ASSERT_TRUE(Append(*file, "123456").has_value());
    ASSERT_TRUE(file->Sync().has_value());
    ASSERT_TRUE(fs.SyncDirectory("/").has_value());
    ASSERT_TRUE(fs.Link("/file", "/links/again").has_value());
    EXPECT_EQ(fs.FreeBytes("/").value(), 4U);
    if (is_synced) {
      ASSERT_TRUE(fs.SyncDirectory("/links").has_value());
    }
    fs.Crash(kLost);
    EXPECT_EQ(Content(fs, "/file"), "123456");
    EXPECT_EQ(fs.OpenRead("/links/again").has_value(), is_synced);
  }
}

TEST(MemoryFileSystem, ASparseFileTakesTheRoomOfWhatIsWritten) {
  MemoryFileSystem fs;
  fs.SetCapacity(10);
  const auto file = fs.CreateSparse("/f", 1000).value();
  EXPECT_EQ(fs.FreeBytes("/").value(), 10U);
  ASSERT_TRUE(file->WriteAt(500, AsBytes("123456")).has_value());
  EXPECT_EQ(fs.FreeBytes("/").value(), 4U);
  EXPECT_EQ(file->WriteAt(0, AsBytes("12345")).error().code, ErrorCode::kResourceExhausted);
  ASSERT_TRUE(fs.Remove("/f").has_value());
  EXPECT_EQ(fs.FreeBytes("/").value(), 10U);
  fs.Crash(kLost);
  EXPECT_EQ(file->WriteAt(0, AsBytes("1")).error().code, ErrorCode::kUnavailable);
}

TEST(MemoryFileSystem, CrashUndoesAnUnsyncedTruncation) {
  MemoryFileSystem fs;
  auto file = fs.OpenAppend("f", OpenMode::kCreateNew).value();
  ASSERT_TRUE(Append(*file, "abcdef").has_value());
  ASSERT_TRUE(file->Sync().has_value());
  ASSERT_TRUE(fs.SyncDirectory("/").has_value());
  ASSERT_TRUE(file->Truncate(2).has_value());
  ASSERT_TRUE(Append(*file, "XY").has_value());
  fs.Crash(kLost);
  EXPECT_EQ(Content(fs, "f"), "abcdef");

  file = fs.OpenAppend("f", OpenMode::kOpenExisting).value();
  ASSERT_TRUE(file->Truncate(2).has_value());
  ASSERT_TRUE(Append(*file, "XY").has_value());
  ASSERT_TRUE(file->Sync().has_value());
  fs.Crash(kLost);
  EXPECT_EQ(Content(fs, "f"), "abXY");
}

TEST(MemoryFileSystem, CrashUndoesAnUnsyncedRenameAndRemoval) {
  MemoryFileSystem fs;
  ASSERT_TRUE(WriteFileAtomically(fs, "old", "old").has_value());
  ASSERT_TRUE(WriteFileAtomically(fs, "gone", "gone").has_value());
  ASSERT_TRUE(fs.Rename("old", "new").has_value());
  ASSERT_TRUE(fs.Remove("gone").has_value());
  fs.Crash(kLost);
  EXPECT_EQ(Content(fs, "old"), "old");
  EXPECT_EQ(Content(fs, "gone"), "gone");
  EXPECT_EQ(fs.OpenRead("new").error().code, ErrorCode::kNotFound);
}

TEST(MemoryFileSystem, TornTailIsAPrefixPossiblyZeroed) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    MemoryFileSystem fs;
    auto file = fs.OpenAppend("f", OpenMode::kCreateNew).value();
    ASSERT_TRUE(Append(*file, "safe").has_value());
    ASSERT_TRUE(file->Sync().has_value());
    ASSERT_TRUE(fs.SyncDirectory("/").has_value());
    ASSERT_TRUE(Append(*file, "tail").has_value());
    fs.Crash({.unsynced = CrashPolicy::Unsynced::kTorn, .seed = seed});
    std::string content = Content(fs, "f");
    ASSERT_THAT(content, StartsWith("safe"));
    const std::string tail = content.substr(4);
    const std::string written = tail.substr(0, std::min(tail.find('\0'), tail.size()));
    EXPECT_EQ(written, std::string("tail").substr(0, written.size()));
    EXPECT_EQ(tail, written + std::string(tail.size() - written.size(), '\0'));
    seen.insert(tail);
  }
  EXPECT_GE(seen.size(), 8U) << "the seeds should reach many different tails";
}

TEST(MemoryFileSystem, InjectedFaultsStrikeWhereAimed) {
  MemoryFileSystem fs;
  fs.Inject({.operation = FileOperation::kSync,
             .nth = 2,
             .times = 1,
             .path_contains = "log",
             .error = {ErrorCode::kUnavailable, "dying disk"}});
  auto log = fs.OpenAppend("log", OpenMode::kCreateNew).value();
  auto other = fs.OpenAppend("other", OpenMode::kCreateNew).value();
  EXPECT_TRUE(log->Sync().has_value());
  EXPECT_TRUE(other->Sync().has_value());
  const Status failed = log->Sync();
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().message, "dying disk");
  EXPECT_FALSE(log->Sync().has_value()) << "a file is unusable after a failed sync";
  EXPECT_TRUE(other->Sync().has_value());
  EXPECT_EQ(fs.operation_count(FileOperation::kSync), 4U);
}

TEST(MemoryFileSystem, ShortWriteKeepsAPrefix) {
  MemoryFileSystem fs;
  auto file = fs.OpenAppend("f", OpenMode::kCreateNew).value();
  fs.Inject({.operation = FileOperation::kAppend, .bytes_kept = 3});
  EXPECT_FALSE(Append(*file, "abcdef").has_value());
  EXPECT_EQ(file->size(), 3U);
  ASSERT_TRUE(file->Truncate(0).has_value());
  EXPECT_TRUE(Append(*file, "again").has_value());
  EXPECT_EQ(Content(fs, "f"), "again");
}

TEST(MemoryFileSystem, FullDiskTakesWhatFits) {
  MemoryFileSystem fs;
  fs.SetCapacity(8);
  auto file = fs.OpenAppend("f", OpenMode::kCreateNew).value();
  EXPECT_TRUE(Append(*file, "12345").has_value());
  EXPECT_EQ(fs.FreeBytes("/").value(), 3U);
  const Status full = Append(*file, "67890");
  ASSERT_FALSE(full.has_value());
  EXPECT_EQ(full.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(file->size(), 8U);
  fs.SetCapacity(100);
  EXPECT_TRUE(Append(*file, "9").has_value());
}

TEST(MemoryFileSystem, FlippedBitsSurviveACrash) {
  MemoryFileSystem fs;
  ASSERT_TRUE(WriteFileAtomically(fs, "f", "abc").has_value());
  fs.FlipBits("f", 1, 0x20);
  EXPECT_EQ(Content(fs, "f"), "aBc");
  fs.Crash(kLost);
  EXPECT_EQ(Content(fs, "f"), "aBc");
}

TEST(MemoryFileSystem, CrashReleasesLocks) {
  MemoryFileSystem fs;
  auto stale = fs.LockDirectory("/").value();
  fs.Crash(kLost);
  const auto fresh = fs.LockDirectory("/");
  ASSERT_TRUE(fresh.has_value());
  stale.reset();
  EXPECT_FALSE(fs.LockDirectory("/").has_value()) << "a lock of an earlier boot must not release a later one";
}

// The promise of WriteFileAtomically, at every point where the power may fail and with every kind of loss.
TEST(WriteFileAtomically, SurvivesAPowerCutAtEveryStep) {
  std::uint64_t steps = 0;
  {
    MemoryFileSystem fs;
    ASSERT_TRUE(WriteFileAtomically(fs, "state", "new").has_value());
    steps = fs.change_count();
  }
  ASSERT_GE(steps, 5U);
  for (std::uint64_t cut = 0; cut <= steps; ++cut) {
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
      SCOPED_TRACE(::testing::Message() << "cut=" << cut << " seed=" << seed);
      MemoryFileSystem fs;
      ASSERT_TRUE(WriteFileAtomically(fs, "state", "old").has_value());
      fs.CutPowerAfter(cut);
      const bool acknowledged = WriteFileAtomically(fs, "state", "new").has_value();
      EXPECT_EQ(acknowledged, cut == steps);
      const auto unsynced = seed == 0 ? CrashPolicy::Unsynced::kLost : CrashPolicy::Unsynced::kTorn;
      fs.Crash({.unsynced = unsynced, .seed = seed});
      if (acknowledged) {
        EXPECT_EQ(Content(fs, "state"), "new");
      } else {
        EXPECT_THAT(Content(fs, "state"), AnyOf("old", "new"));
      }
    }
  }
}

}  // namespace
}  // namespace tickscope::io
