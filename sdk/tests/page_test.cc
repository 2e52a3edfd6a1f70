// The page's life: its file, who may read it, another start, hot reload, directories that are not there or full.
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "alone.h"

namespace tickscope::sdk {
namespace {

using testing::FileBytes;
using testing::InDirectory;
using testing::RunAlone;
using testing::TemporaryDirectory;
using testing::Value;

template <typename T>
T At(const std::string& page, std::size_t offset) {
  T value;
  std::memcpy(&value, page.data() + offset, sizeof value);
  return value;
}

TEST(Page, TheFileIsAsDocumented) {
  const TemporaryDirectory directory;
  RunAlone([&] {
    ASSERT_EQ(Start(InDirectory(directory.path())), TS_OK);
    const auto family = RegisterCounters({"a_total", "Help."}, {{"x", {"p", "q"}}});
    family.At(1U).Add(0x1122334455667788);
    struct stat status{};
    ASSERT_EQ(stat(ts_page_path(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0640U);
    const std::string page = FileBytes(ts_page_path());
    EXPECT_EQ(page.substr(0, 8), "TSPAGE\r\n");
    EXPECT_EQ(At<std::uint32_t>(page, 8), 1U);
    EXPECT_EQ(At<std::uint64_t>(page, 16), page.size());
    EXPECT_EQ(At<std::uint64_t>(page, 64), static_cast<std::uint64_t>(getpid()));
    EXPECT_EQ(page.substr(96, 5), std::string("game\0", 5));
    EXPECT_EQ(At<std::uint32_t>(page, 128), 1U);
    EXPECT_EQ(At<std::uint32_t>(page, 144), 10U);  // cell 0, seven refusals, two of a_total
    EXPECT_NE(At<std::uint64_t>(page, 160), 0U);
    const auto shards_offset = At<std::uint64_t>(page, 40);
    const auto shard_bytes = At<std::uint64_t>(page, 48);
    EXPECT_EQ(At<std::uint64_t>(page, shards_offset + shard_bytes + 9 * 8), 0x1122334455667788U);
    Stop();
    EXPECT_NE(access(ts_page_path(), F_OK), 0);
  });
}

TEST(Page, AStoppedPageMayStay) {
  const TemporaryDirectory directory;
  RunAlone([&] {
    ASSERT_EQ(Start(InDirectory(directory.path())), TS_OK);
    const Counter counter = RegisterCounters({"a_total", "Help."}).At();
    Stop(true);
    EXPECT_EQ(At<std::uint32_t>(FileBytes(ts_page_path()), 128), 2U);
    counter.Add();  // goes nowhere, harms nothing
  });
}

TEST(Page, AnotherStartGoesOnWithHandlesAndGauges) {
  const TemporaryDirectory directory;
  RunAlone([&] {
    ASSERT_EQ(Start(InDirectory(directory.path())), TS_OK);
    const Counter counter = RegisterCounters({"a_total", "Help."}).At();
    const Gauge gauge = RegisterGauges({"g", "Help."}).At();
    const UpDown players = RegisterUpDowns({"players", "Help."}).At();
    counter.Add(5);
    gauge.Set(3);
    players.Add(4);
    std::atomic<int> step{0};
    std::thread other([&] {
      counter.Add(10);
      step = 1;
      while (step != 2)
        std::this_thread::yield();
      counter.Add(20);
      players.Take();
    });
    while (step != 1)
      std::this_thread::yield();
    Stop();
    EXPECT_EQ(RegisterCounters({"b_total", "Help."}).result(), TS_NOT_STARTED);
    ASSERT_EQ(Start(InDirectory(directory.path())), TS_OK) << LastError();
    step = 2;
    other.join();
    counter.Add();
    EXPECT_EQ(Value("a_total"), "21") << "counters begin anew";
    EXPECT_EQ(Value("g"), "3");
    EXPECT_EQ(Value("players"), "3");
    EXPECT_EQ(RegisterCounters({"a_total", "Help."}).result(), TS_OK);
    EXPECT_EQ(At<std::uint32_t>(FileBytes(ts_page_path()), 128), 1U);
  });
}

TEST(Page, HotReloadedCodeGoesOnWithThePage) {
  const TemporaryDirectory directory;
  RunAlone([&] {
    ASSERT_EQ(Start(InDirectory(directory.path())), TS_OK);
    for (int round = 1; round <= 3; ++round) {
      void* const module = dlopen(RELOADED_MODULE, RTLD_NOW | RTLD_LOCAL);
      ASSERT_NE(module, nullptr) << dlerror();
      const auto play = reinterpret_cast<int (*)(const char*, unsigned)>(dlsym(module, "Play"));
      EXPECT_EQ(play(directory.path().c_str(), 10), TS_OK);
      std::thread([&] { EXPECT_EQ(play(directory.path().c_str(), 1), TS_OK); }).join();
      EXPECT_EQ(dlclose(module), 0);
      // Our copy sees the other's family and counts, and adds to the same series.
      RegisterCounters({"reloaded_total", "Help."}, {{"x", {"p", "q"}}}).At(1U).Add(100);
      EXPECT_EQ(Value("reloaded_total{x=\"q\"}"), std::to_string(round * 111));
    }
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path()))
      files += entry.exists() ? 1 : 0;
    EXPECT_EQ(files, 1);
  });
}

TEST(Page, WhatAnotherProcessLeftUnderThisNameIsReplaced) {
  const TemporaryDirectory directory;
  for (const char* left : {"", "not a page", "TSPAGE\r\n"})
    RunAlone([&] {
      const std::string path = directory.path() + "/game." + std::to_string(getpid()) + ".tspage";
      std::ofstream(path) << left << std::string(3 << 20, 'x');
      ASSERT_EQ(Start(InDirectory(directory.path())), TS_OK) << LastError();
      EXPECT_EQ(path, ts_page_path());
      EXPECT_EQ(At<std::uint32_t>(FileBytes(path), 128), 1U);
    });
}

TEST(Page, AStartThatFailsLeavesNothing) {
  const TemporaryDirectory directory;
  RunAlone([&] {
    EXPECT_EQ(Start(InDirectory(directory.path() + "/missing")), TS_SYSTEM);
    EXPECT_NE(std::strstr(LastError(), "No such file"), nullptr) << LastError();
    EXPECT_EQ(Start(InDirectory(std::string(300, 'd'))), TS_INVALID);
    for (const char* name : {"", ".", "../x", "a/b", "a b", "0123456789012345678901234567890123"}) {
      Options options;
      options.name = name;
      EXPECT_EQ(Start(options), TS_INVALID) << name;
    }
    Options options;
    options.cells_max = 63;
    EXPECT_EQ(Start(options), TS_INVALID);
    EXPECT_STREQ(LastError(), "cells_max: got 63, want 64 to 1048576");
    EXPECT_EQ(RegisterCounters({"a_total", "Help."}).result(), TS_NOT_STARTED);
    ASSERT_EQ(Start({}), TS_OK) << "and the next one may be good";
  });
}

TEST(Page, AThirdPartysLinkIsNotFollowed) {
  const TemporaryDirectory directory;
  RunAlone([&] {
    const std::string victim = directory.path() + "/victim";
    std::ofstream(victim) << "keep";
    const std::string path = directory.path() + "/game." + std::to_string(getpid()) + ".tspage";
    ASSERT_EQ(symlink(victim.c_str(), path.c_str()), 0);
    ASSERT_EQ(symlink(victim.c_str(), (path + ".new").c_str()), 0);
    ASSERT_EQ(Start(InDirectory(directory.path())), TS_OK) << LastError();
    EXPECT_EQ(FileBytes(victim), "keep");
  });
}

}  // namespace
}  // namespace tickscope::sdk
