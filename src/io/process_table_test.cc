// ProcessTable: this process, one that ended and was not asked after, and pids that are nobody's.
#include "io/process_table.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace tickscope::io {
namespace {

// Field 22 of /proc/PID/stat, found another way: this test's own name has no blank.
std::uint64_t StartOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  for (int field = 1; field <= 22; ++field)
    file >> word;
  return std::stoull(word);
}

TEST(ProcessTable, KnowsOneByPidAndStart) {
  const auto table = MakeProcessTable();
  const auto self = static_cast<std::uint64_t>(::getpid());
  EXPECT_TRUE(table->Runs(self, StartOf(::getpid())));
  EXPECT_TRUE(table->Runs(self, 0));
  EXPECT_FALSE(table->Runs(self, StartOf(::getpid()) + 1));
  EXPECT_TRUE(table->Runs(1, 0));
  EXPECT_FALSE(table->Runs(0, 0));
  EXPECT_FALSE(table->Runs(0xFFFFFFFFFFFFULL, 0));
}

TEST(ProcessTable, OneThatEndedDoesNotRunEvenUnburied) {
  const auto table = MakeProcessTable();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT),
            0);  // A zombie from here on.
  EXPECT_FALSE(table->Runs(static_cast<std::uint64_t>(child), 0));
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(table->Runs(static_cast<std::uint64_t>(child), 0));
}

}  // namespace
}  // namespace tickscope::io
