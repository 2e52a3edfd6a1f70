// Secrets of one's own: made once, kept, and refused when others could have read them.
#include "io/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace tickscope::io {
namespace {

class KeptSecret : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = ::testing::TempDir() + "secret_file_" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    path_ = directory_ + "/key";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
  std::string path_;
};

TEST_F(KeptSecret, IsMadeOnceForItsOwnerAlone) {
  const auto made = KeepSecretFile(path_, 32);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(made->size(), 32U);
  EXPECT_NE(*made, std::string(32, '\0'));
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(KeepSecretFile(path_, 32), made);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1)
      << "nothing is left beside it";
}

TEST_F(KeptSecret, OfOthersIsRefused) {
  ASSERT_TRUE(KeepSecretFile(path_, 32).has_value());
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  EXPECT_EQ(KeepSecretFile(path_, 32).error().code, ErrorCode::kPermissionDenied);
}

TEST_F(KeptSecret, OfAnotherSizeIsRefused) {
  std::ofstream(path_) << "short";
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  EXPECT_EQ(KeepSecretFile(path_, 32).error().code, ErrorCode::kCorruption);
}

TEST_F(KeptSecret, NeedsItsDirectory) {
  EXPECT_FALSE(KeepSecretFile(directory_ + "/none/key", 32).has_value());
}

}  // namespace
}  // namespace tickscope::io
