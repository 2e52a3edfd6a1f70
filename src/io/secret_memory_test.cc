// SecretMemory: the kernel leaves it out of core dumps; files that others may read are refused.
#include "io/secret_memory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>

namespace tickscope::io {
namespace {

// The VmFlags of the mapping that holds the address, as /proc/self/smaps tells them.
std::string VmFlagsOf(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  bool is_it = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    std::istringstream words(line);
    if (words >> std::hex >> begin >> dash >> end && dash == '-') is_it = wanted >= begin && wanted < end;
    if (is_it && line.starts_with("VmFlags:")) return line + " ";
  }
  return {};
}

class SecretFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "tickscope_secret_" + std::to_string(::getpid());
    std::ofstream(path_) << "the secret";
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  }
  void TearDown() override { ::unlink(path_.c_str()); }
  std::string path_;
};

TEST(SecretMemory, IsInNoCoreDump) {
  SecretMemory memory(100);
  EXPECT_NE(VmFlagsOf(memory.bytes().data()).find(" dd "), std::string::npos);
  EXPECT_EQ(memory.bytes().size(), 100U);
  for (const std::byte b : memory.bytes())
    EXPECT_EQ(b, std::byte{0});
  // Plain memory is, so the flag says something.
  const auto plain = std::make_unique<char[]>(1U << 22);
  EXPECT_EQ(VmFlagsOf(plain.get()).find(" dd "), std::string::npos);
}

TEST(SecretMemory, MovesWithoutACopy) {
  SecretMemory a(10);
  const std::byte* const at = a.bytes().data();
  SecretMemory b(std::move(a));
  EXPECT_EQ(b.bytes().data(), at);
  a = SecretMemory(5);
  a = std::move(b);
  EXPECT_EQ(a.bytes().data(), at);
}

TEST_F(SecretFile, IsRead) {
  const auto memory = ReadSecretFile(path_, 100);
  ASSERT_TRUE(memory.has_value()) << memory.error().message;
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(memory->bytes().data()), memory->bytes().size()),
            "the secret");
  EXPECT_NE(VmFlagsOf(memory->bytes().data()).find(" dd "), std::string::npos);
}

TEST_F(SecretFile, OfOthersIsRefused) {
  for (const ::mode_t mode : {0640U, 0604U, 0620U, 0601U}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    const auto memory = ReadSecretFile(path_, 100);
    ASSERT_FALSE(memory.has_value()) << mode;
    EXPECT_EQ(memory.error().code, ErrorCode::kPermissionDenied);
  }
  EXPECT_EQ(ReadSecretFile(testing::TempDir(), 100).error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(ReadSecretFile(path_ + ".none", 100).error().code, ErrorCode::kNotFound);
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  EXPECT_EQ(ReadSecretFile(path_, 9).error().code, ErrorCode::kOutOfRange);
}

}  // namespace
}  // namespace tickscope::io
