// Protects that nothing changes through a read-only view, and that reading goes on.
#include "io/read_only_file_system.h"

#include <gtest/gtest.h>

#include "io/memory_file_system.h"

namespace tickscope::io {
namespace {

TEST(ReadOnlyFileSystem, ReadsAndChangesNothing) {
  MemoryFileSystem behind;
  ASSERT_TRUE(behind.CreateDirectories("/d").has_value());
  ASSERT_TRUE(WriteFileAtomically(behind, "/d/a", "content").has_value());
  const auto fs = MakeReadOnlyFileSystem(behind);
  EXPECT_EQ(ReadWholeFile(*fs, "/d/a", 100).value(), "content");
  EXPECT_EQ(fs->Map("/d/a").value()->bytes().size(), 7U);
  EXPECT_EQ(fs->OpenAppend("/d/b", OpenMode::kTruncate).error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(fs->Link("/d/a", "/d/b").error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(fs->LockDirectory("/d").error().code, ErrorCode::kPermissionDenied);
  EXPECT_TRUE(fs->CreateDirectories("/d").has_value());
  EXPECT_EQ(fs->CreateDirectories("/e").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(fs->Remove("/d/a").has_value());
  EXPECT_TRUE(fs->Rename("/d/a", "/d/b").has_value());
  const auto entries = behind.List("/d").value();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].name, "a");
}

}  // namespace
}  // namespace tickscope::io
