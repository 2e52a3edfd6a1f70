// ForeignDirectory: only plain files right inside are opened, and only the file that was meant is removed.
#include "io/foreign_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/bytes.h"

namespace tickscope::io {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class ForeignDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "tickscope-foreign";
    fs::remove_all(path_);
    fs::create_directories(path_ + "/in");
    Write("in/a.x", "alpha");
  }
  void TearDown() override { fs::remove_all(path_); }
  void Write(const std::string& name, std::string_view text) const {
    std::ofstream(path_ + "/" + name) << text;
  }
  [[nodiscard]] std::unique_ptr<ForeignDirectory> Open() const {
    return OpenForeignDirectory(path_ + "/in").value();
  }

  std::string path_;
};

TEST_F(ForeignDirectoryTest, ListsReadsAndRemoves) {
  Write("in/c.x", "");
  Write("in/b.y", "");
  Write("in/.x", "");
  const auto directory = Open();
  EXPECT_THAT(directory->Names(".x").value(), ElementsAre("a.x", "c.x"));
  EXPECT_THAT(directory->Names(".x").value(), ElementsAre("a.x", "c.x"));  // Again from the start.
  const ForeignFile file = directory->OpenRead("a.x").value();
  EXPECT_EQ(file.identity, directory->Identify("a.x").value());
  EXPECT_EQ(file.file->Size().value(), 5U);
  Bytes bytes(9);
  EXPECT_EQ(file.file->ReadAt(1, bytes).value(), 4U);
  EXPECT_EQ(AsText(ByteView(bytes).first(4)), "lpha");
  EXPECT_TRUE(directory->Remove("a.x", file.identity).has_value());
  EXPECT_EQ(directory->Identify("a.x").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(directory->OpenRead("a.x").error().code, ErrorCode::kNotFound);
}

TEST_F(ForeignDirectoryTest, RefusesEverythingThatIsNoPlainFile) {
  Write("secret", "elsewhere");
  fs::create_symlink(path_ + "/secret", path_ + "/in/link.x");
  fs::create_symlink("a.x", path_ + "/in/inside.x");
  fs::create_directories(path_ + "/in/directory.x");
  ASSERT_EQ(::mkfifo((path_ + "/in/pipe.x").c_str(), 0600), 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  (path_ + "/in/socket.x").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const auto directory = Open();
  for (const char* const name :
       {"link.x", "inside.x", "directory.x", "pipe.x", "socket.x", "../secret", ".."}) {
    const auto file = directory->OpenRead(name);
    ASSERT_FALSE(file.has_value()) << name;
    EXPECT_EQ(file.error().code, ErrorCode::kInvalidArgument) << name;
  }
  ::close(socket);
}

TEST_F(ForeignDirectoryTest, RemovesOnlyTheFileThatWasMeant) {
  const auto directory = Open();
  const ForeignFile file = directory->OpenRead("a.x").value();
  Write("in/new", "another");
  fs::rename(path_ + "/in/new", path_ + "/in/a.x");
  EXPECT_EQ(directory->Remove("a.x", file.identity).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(fs::exists(path_ + "/in/a.x"));
}

TEST_F(ForeignDirectoryTest, MustBeADirectoryItself) {
  fs::create_symlink(path_ + "/in", path_ + "/link");
  EXPECT_EQ(OpenForeignDirectory(path_ + "/link").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(OpenForeignDirectory(path_ + "/in/a.x").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(OpenForeignDirectory(path_ + "/none").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tickscope::io
