// The FileSystem contract, run against the machine's files and against the in-memory twin: what one does the
// other must do, or tests on the twin prove nothing.
#include "io/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "io/memory_file_system.h"
#include "io/posix_file_system.h"

namespace tickscope::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

enum class Backend : std::uint8_t { kPosix, kMemory };

class FileSystemContract : public ::testing::TestWithParam<Backend> {
 protected:
  FileSystemContract() {
    if (GetParam() == Backend::kMemory) {
      fs_ = std::make_unique<MemoryFileSystem>();
      root_ = "/data";
      EXPECT_TRUE(fs_->CreateDirectories(root_).has_value());
      return;
    }
    fs_ = MakePosixFileSystem();
    root_ = ::testing::TempDir() + "tickscope_fs_XXXXXX";
    EXPECT_NE(::mkdtemp(root_.data()), nullptr);
  }
  ~FileSystemContract() override {
    if (GetParam() == Backend::kPosix) std::filesystem::remove_all(root_);
  }

  std::string Path(std::string_view name) const { return root_ + "/" + std::string(name); }

  void Put(std::string_view name, std::string_view content) {
    auto file = fs_->OpenAppend(Path(name), OpenMode::kTruncate);
    ASSERT_TRUE(file.has_value()) << file.error().message;
    const std::vector<ByteView> pieces = {AsBytes(content)};
    ASSERT_TRUE((*file)->Append(pieces).has_value());
  }
  std::string Content(std::string_view name) {
    auto content = ReadWholeFile(*fs_, Path(name), 1 << 20);
    return content ? *content : "error: " + content.error().message;
  }
  std::vector<std::string> Names(const std::string& directory) {
    std::vector<std::string> names;
    const std::vector<DirectoryEntry> entries = fs_->List(directory).value();
    for (const DirectoryEntry& entry : entries)
      names.push_back(entry.name);
    return names;
  }

  std::unique_ptr<FileSystem> fs_;
  std::string root_;
};

template <typename T>
ErrorCode CodeOf(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? ErrorCode::kInternal : result.error().code;
}

TEST_P(FileSystemContract, AppendsPiecesInOrder) {
  auto file = fs_->OpenAppend(Path("log"), OpenMode::kCreateNew).value();
  EXPECT_EQ(file->size(), 0U);
  const std::vector<ByteView> pieces = {AsBytes("one "), {}, AsBytes("two "), AsBytes("three")};
  ASSERT_TRUE(file->Append(pieces).has_value());
  ASSERT_TRUE(file->Append({}).has_value());
  ASSERT_TRUE(file->Sync().has_value());
  EXPECT_EQ(file->size(), 13U);
  EXPECT_EQ(Content("log"), "one two three");
}

TEST_P(FileSystemContract, AppendsMorePiecesThanTheKernelTakesAtOnce) {
  std::string expected;
  std::vector<std::string> texts;
  for (int i = 0; i < 3000; ++i)
    texts.push_back(std::string(static_cast<std::size_t>(i % 7), 'a') + "|");
  std::vector<ByteView> pieces;
  for (const std::string& text : texts) {
    expected += text;
    pieces.push_back(AsBytes(text));
  }
  auto file = fs_->OpenAppend(Path("log"), OpenMode::kCreateNew).value();
  ASSERT_TRUE(file->Append(pieces).has_value());
  EXPECT_EQ(Content("log"), expected);
}

TEST_P(FileSystemContract, OpenModes) {
  Put("there", "old");
  EXPECT_EQ(CodeOf(fs_->OpenAppend(Path("there"), OpenMode::kCreateNew)), ErrorCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(fs_->OpenAppend(Path("absent"), OpenMode::kOpenExisting)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(fs_->OpenAppend(Path("absent/file"), OpenMode::kTruncate)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(fs_->OpenAppend(Path("there/file"), OpenMode::kTruncate)), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(fs_->OpenAppend(root_, OpenMode::kOpenExisting)), ErrorCode::kUnavailable);

  auto file = fs_->OpenAppend(Path("there"), OpenMode::kOpenExisting).value();
  EXPECT_EQ(file->size(), 3U);
  const std::vector<ByteView> pieces = {AsBytes("+new")};
  ASSERT_TRUE(file->Append(pieces).has_value());
  EXPECT_EQ(Content("there"), "old+new");

  ASSERT_TRUE(fs_->OpenAppend(Path("there"), OpenMode::kTruncate).has_value());
  EXPECT_EQ(Content("there"), "");
}

TEST_P(FileSystemContract, TruncateThenAppend) {
  auto file = fs_->OpenAppend(Path("log"), OpenMode::kCreateNew).value();
  const std::vector<ByteView> first = {AsBytes("good bad")};
  const std::vector<ByteView> second = {AsBytes("better")};
  ASSERT_TRUE(file->Append(first).has_value());
  ASSERT_TRUE(file->Truncate(5).has_value());
  EXPECT_EQ(file->size(), 5U);
  ASSERT_TRUE(file->Append(second).has_value());
  EXPECT_EQ(Content("log"), "good better");
}

TEST_P(FileSystemContract, MapsAWholeFile) {
  Put("mapped", "content");
  Put("empty", "");
  const auto mapped = fs_->Map(Path("mapped"));
  ASSERT_TRUE(mapped.has_value()) << mapped.error().message;
  EXPECT_EQ(AsText((*mapped)->bytes()), "content");
  // What is mapped stays when its name goes.
  ASSERT_TRUE(fs_->Remove(Path("mapped")).has_value());
  EXPECT_EQ(AsText((*mapped)->bytes()), "content");
  EXPECT_TRUE(fs_->Map(Path("empty")).value()->bytes().empty());
  EXPECT_EQ(CodeOf(fs_->Map(Path("absent"))), ErrorCode::kNotFound);
  EXPECT_FALSE(fs_->Map(root_).has_value());
}

TEST_P(FileSystemContract, FillsASparseFileInAnyOrder) {
  constexpr std::uint64_t kSize = std::uint64_t{64} << 20;
  auto file = fs_->CreateSparse(Path("sparse"), kSize).value();
  const ByteView bytes = file->bytes();
  ASSERT_EQ(bytes.size(), kSize);
  ASSERT_TRUE(file->WriteAt(kSize - 3, AsBytes("end")).has_value());
  ASSERT_TRUE(file->WriteAt(5000, AsBytes("middle")).has_value());
  ASSERT_TRUE(file->WriteAt(kSize, {}).has_value());
  EXPECT_EQ(AsText(bytes.subspan(5000, 6)), "middle");
  EXPECT_EQ(AsText(bytes.last(3)), "end");
  EXPECT_EQ(bytes[4999], std::byte{0});
  EXPECT_EQ(CodeOf(file->WriteAt(kSize - 2, AsBytes("far"))), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(file->WriteAt(kSize + 1, {})), ErrorCode::kOutOfRange);
  EXPECT_EQ(CodeOf(file->WriteAt(~std::uint64_t{0}, AsBytes("x"))), ErrorCode::kOutOfRange);
  EXPECT_EQ(file->bytes().data(), bytes.data());
  // Another of the same name is another file, and the first stays while it is held, also when its name goes.
  const auto again = fs_->CreateSparse(Path("sparse"), 10).value();
  EXPECT_EQ(AsText(bytes.last(3)), "end");
  ASSERT_TRUE(fs_->Remove(Path("sparse")).has_value());
  ASSERT_TRUE(again->WriteAt(0, AsBytes("0123456789")).has_value());
  EXPECT_EQ(AsText(again->bytes()), "0123456789");
  EXPECT_TRUE(fs_->CreateSparse(Path("empty"), 0).value()->bytes().empty());
  EXPECT_EQ(CodeOf(fs_->CreateSparse(Path("absent/file"), 1)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(fs_->CreateSparse(Path("huge"), ~std::uint64_t{0})), ErrorCode::kResourceExhausted);
  EXPECT_FALSE(fs_->CreateSparse(root_, 1).has_value());
}

TEST_P(FileSystemContract, ReadsAtAnyOffset) {
  Put("file", "0123456789");
  const auto file = fs_->OpenRead(Path("file")).value();
  EXPECT_EQ(file->Size().value(), 10U);
  struct Case {
    const char* name;
    std::uint64_t offset;
    std::size_t length;
    const char* expected;
  };
  const Case cases[] = {
      {"start", 0, 3, "012"},    {"middle", 4, 3, "456"},           {"past the end", 8, 5, "89"},
      {"at the end", 10, 5, ""}, {"far past the end", 1000, 5, ""}, {"nothing", 3, 0, ""}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::string out(c.length, '?');
    const auto got = file->ReadAt(c.offset, std::as_writable_bytes(std::span(out)));
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(out.substr(0, *got), c.expected);
  }
  EXPECT_EQ(CodeOf(fs_->OpenRead(Path("absent"))), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(fs_->OpenRead(root_)), ErrorCode::kUnavailable);
}

TEST_P(FileSystemContract, OpenFileOutlivesItsName) {
  Put("file", "kept");
  const auto file = fs_->OpenRead(Path("file")).value();
  ASSERT_TRUE(fs_->Remove(Path("file")).has_value());
  std::string out(4, '?');
  EXPECT_EQ(file->ReadAt(0, std::as_writable_bytes(std::span(out))).value(), 4U);
  EXPECT_EQ(out, "kept");
}

TEST_P(FileSystemContract, CreatesDirectoriesWithParents) {
  ASSERT_TRUE(fs_->CreateDirectories(Path("a/b//c/")).has_value());
  ASSERT_TRUE(fs_->CreateDirectories(Path("a/b/c")).has_value());
  Put("a/b/c/file", "x");
  EXPECT_EQ(Content("a/b/c/file"), "x");
  EXPECT_EQ(CodeOf(fs_->CreateDirectories(Path("a/b/c/file"))), ErrorCode::kAlreadyExists);
}

TEST_P(FileSystemContract, ListsSortedByName) {
  Put("b", "22");
  Put("c", "");
  ASSERT_TRUE(fs_->CreateDirectories(Path("a")).has_value());
  const auto entries = fs_->List(root_).value();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_TRUE(entries[0].is_directory);
  EXPECT_EQ(entries[0].size, 0U);
  EXPECT_EQ(entries[1].name, "b");
  EXPECT_FALSE(entries[1].is_directory);
  EXPECT_EQ(entries[1].size, 2U);
  EXPECT_EQ(entries[2].name, "c");
  EXPECT_EQ(CodeOf(fs_->List(Path("absent"))), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(fs_->List(Path("b"))), ErrorCode::kUnavailable);
}

TEST_P(FileSystemContract, RenameReplaces) {
  Put("new", "new");
  Put("old", "old");
  ASSERT_TRUE(fs_->Rename(Path("new"), Path("old")).has_value());
  EXPECT_EQ(Content("old"), "new");
  EXPECT_THAT(Names(root_), ElementsAre("old"));
  EXPECT_EQ(CodeOf(fs_->Rename(Path("absent"), Path("old"))), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(fs_->Rename(Path("old"), Path("absent/old"))), ErrorCode::kNotFound);
  EXPECT_EQ(Content("old"), "new");
}

TEST_P(FileSystemContract, RenameMovesADirectoryWithItsContent) {
  ASSERT_TRUE(fs_->CreateDirectories(Path("from")).has_value());
  ASSERT_TRUE(fs_->CreateDirectories(Path("full")).has_value());
  Put("from/file", "inside");
  Put("full/file", "other");
  Put("plain", "file");
  EXPECT_EQ(CodeOf(fs_->Rename(Path("from"), Path("full"))), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(fs_->Rename(Path("from"), Path("plain"))), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(fs_->Rename(Path("plain"), Path("from"))), ErrorCode::kUnavailable);
  ASSERT_TRUE(fs_->Rename(Path("from"), Path("to")).has_value());
  EXPECT_EQ(Content("to/file"), "inside");
  EXPECT_THAT(Names(root_), ElementsAre("full", "plain", "to"));
}

TEST_P(FileSystemContract, LinksAFile) {
  ASSERT_TRUE(fs_->CreateDirectories(Path("dir")).has_value());
  Put("file", "one");
  Put("taken", "other");
  ASSERT_TRUE(fs_->Link(Path("file"), Path("dir/again")).has_value());
  EXPECT_EQ(Content("dir/again"), "one");
  EXPECT_EQ(CodeOf(fs_->Link(Path("file"), Path("taken"))), ErrorCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(fs_->Link(Path("file"), Path("file"))), ErrorCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(fs_->Link(Path("absent"), Path("new"))), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(fs_->Link(Path("file"), Path("absent/new"))), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(fs_->Link(Path("dir"), Path("dir2"))), ErrorCode::kPermissionDenied);
  EXPECT_EQ(Content("taken"), "other");
  // One file under two names: what is appended by one shows by the other, and it stays until both are gone.
  {
    const auto file = fs_->OpenAppend(Path("dir/again"), OpenMode::kOpenExisting).value();
    const std::vector<ByteView> pieces = {AsBytes("+two")};
    ASSERT_TRUE(file->Append(pieces).has_value());
  }
  EXPECT_EQ(Content("file"), "one+two");
  ASSERT_TRUE(fs_->Remove(Path("file")).has_value());
  EXPECT_EQ(Content("dir/again"), "one+two");
}

TEST_P(FileSystemContract, Removes) {
  ASSERT_TRUE(fs_->CreateDirectories(Path("dir")).has_value());
  Put("dir/file", "x");
  EXPECT_EQ(CodeOf(fs_->Remove(Path("dir"))), ErrorCode::kUnavailable);
  ASSERT_TRUE(fs_->Remove(Path("dir/file")).has_value());
  ASSERT_TRUE(fs_->Remove(Path("dir")).has_value());
  EXPECT_EQ(CodeOf(fs_->Remove(Path("dir"))), ErrorCode::kNotFound);
}

TEST_P(FileSystemContract, LocksADirectoryOnce) {
  auto lock = fs_->LockDirectory(root_);
  ASSERT_TRUE(lock.has_value());
  EXPECT_EQ(CodeOf(fs_->LockDirectory(root_)), ErrorCode::kUnavailable);
  lock->reset();
  EXPECT_TRUE(fs_->LockDirectory(root_).has_value());
  EXPECT_EQ(CodeOf(fs_->LockDirectory(Path("absent"))), ErrorCode::kNotFound);
}

TEST_P(FileSystemContract, KnowsFreeBytes) {
  EXPECT_GT(fs_->FreeBytes(root_).value(), 0U);
  EXPECT_EQ(CodeOf(fs_->FreeBytes(Path("absent"))), ErrorCode::kNotFound);
}

TEST_P(FileSystemContract, SyncsDirectories) {
  EXPECT_TRUE(fs_->SyncDirectory(root_).has_value());
  EXPECT_EQ(CodeOf(fs_->SyncDirectory(Path("absent"))), ErrorCode::kNotFound);
}

TEST_P(FileSystemContract, ReadWholeFileHonoursItsBound) {
  Put("file", "12345");
  EXPECT_EQ(ReadWholeFile(*fs_, Path("file"), 5).value(), "12345");
  const auto refused = ReadWholeFile(*fs_, Path("file"), 4);
  EXPECT_EQ(CodeOf(refused), ErrorCode::kOutOfRange);
  EXPECT_THAT(refused.error().message, HasSubstr("bytes=5 bytes_max=4"));
  EXPECT_EQ(CodeOf(ReadWholeFile(*fs_, Path("absent"), 4)), ErrorCode::kNotFound);
}

TEST_P(FileSystemContract, WriteFileAtomicallyReplacesAndLeavesNoTemporary) {
  ASSERT_TRUE(WriteFileAtomically(*fs_, Path("state"), "first").has_value());
  ASSERT_TRUE(WriteFileAtomically(*fs_, Path("state"), "second").has_value());
  EXPECT_EQ(Content("state"), "second");
  EXPECT_THAT(Names(root_), ElementsAre("state"));
}

TEST_P(FileSystemContract, ErrorsNameThePath) {
  EXPECT_THAT(fs_->OpenRead(Path("absent")).error().message, HasSubstr("path=" + Path("absent")));
}

INSTANTIATE_TEST_SUITE_P(Backends, FileSystemContract, ::testing::Values(Backend::kPosix, Backend::kMemory),
                         [](const auto& backend) {
                           return backend.param == Backend::kPosix ? "Posix" : "Memory";
                         });

TEST(ParentDirectory, Table) {
  struct Case {
    const char* path;
    const char* parent;
  };
  const Case cases[] = {{"a/b/c", "a/b"}, {"/a", "/"}, {"a", "."}, {"/", "/"}, {"/a/b/", "/a"}, {"", "."}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    EXPECT_EQ(ParentDirectory(c.path), c.parent);
  }
}

}  // namespace
}  // namespace tickscope::io
