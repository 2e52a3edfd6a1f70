// Forks: a child's values never reach its parent's page, and it has a page of its own or none.
#include <csignal>
#include <thread>

#include "alone.h"

namespace tickscope::sdk {
namespace {

using testing::ExpectEndsWell;
using testing::FileBytes;
using testing::InDirectory;
using testing::RunAlone;
using testing::TemporaryDirectory;
using testing::Value;

// Runs `body` in a forked child of a started parent.
pid_t Fork(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child != 0) return child;
  body();
  std::fflush(nullptr);
  _exit(::testing::Test::HasFailure() ? 1 : 0);
}

std::vector<std::string> PagesIn(const std::string& directory) {
  std::vector<std::string> pages;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    pages.push_back(entry.path().string());
  return pages;
}

TEST(Fork, AChildHasAPageOfItsOwn) {
  const TemporaryDirectory directory;
  RunAlone([&] {
    ASSERT_EQ(Start(InDirectory(directory.path())), TS_OK) << LastError();
    const Counter counter = RegisterCounters({"a_total", "Help."}).At();
    const Gauge gauge = RegisterGauges({"g", "Help."}).At();
    const UpDown players = RegisterUpDowns({"players", "Help."}).At();
    counter.Add(5);
    gauge.Set(3);
    players.Add(2);
    const std::string parents = ts_page_path();
    const std::string before = FileBytes(parents);
    ExpectEndsWell(Fork([&] {
      EXPECT_NE(ts_page_path(), parents);
      EXPECT_NE(std::string(ts_page_path()).find("." + std::to_string(getpid()) + "."), std::string::npos);
      EXPECT_EQ(Value("a_total"), "0");
      EXPECT_EQ(Value("g"), "3") << "what was set holds in the child, too";
      EXPECT_EQ(Value("players"), "0");
      counter.Add(7);
      gauge.Set(4);
      std::thread([&] { counter.Add(100); }).join();
      EXPECT_EQ(RegisterCounters({"b_total", "Help."}).result(), TS_OK);
      EXPECT_EQ(Value("a_total"), "107");
      EXPECT_EQ(PagesIn(directory.path()).size(), 2U);
      Stop();
      EXPECT_EQ(PagesIn(directory.path()).size(), 1U);
    }));
    EXPECT_EQ(FileBytes(parents), before);
    EXPECT_EQ(Value("a_total"), "5");
    EXPECT_EQ(Value("b_total"), "none");
    counter.Add();
    EXPECT_EQ(Value("a_total"), "6");
  });
}

TEST(Fork, OrNone) {
  const TemporaryDirectory directory;
  RunAlone([&] {
    Options options = InDirectory(directory.path());
    options.fork = TS_FORK_NO_PAGE;
    ASSERT_EQ(Start(options), TS_OK);
    const Counter counter = RegisterCounters({"a_total", "Help."}).At();
    counter.Add(5);
    const std::string before = FileBytes(ts_page_path());
    ExpectEndsWell(Fork([&] {
      counter.Add(7);
      EXPECT_STREQ(ts_page_path(), "");
      EXPECT_EQ(PagesIn(directory.path()).size(), 1U);
    }));
    EXPECT_EQ(FileBytes(ts_page_path()), before);
  });
}

TEST(Fork, WithoutAFileAsWell) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    const Counter counter = RegisterCounters({"a_total", "Help."}).At();
    counter.Add(5);
    ExpectEndsWell(Fork([&] {
      counter.Add(7);
      EXPECT_EQ(Value("a_total"), "7");
      ExpectEndsWell(Fork([&] {
        counter.Add();
        EXPECT_EQ(Value("a_total"), "1");
      }));
      EXPECT_EQ(Value("a_total"), "7");
    }));
    EXPECT_EQ(Value("a_total"), "5");
  });
}

TEST(Fork, WhileOtherThreadsRecordAndRegister) {
  const TemporaryDirectory directory;
  RunAlone([&] {
    ASSERT_EQ(Start(InDirectory(directory.path())), TS_OK);
    const Counter counter = RegisterCounters({"a_total", "Help."}).At();
    std::atomic<bool> done{false};
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; !done; ++i) {
          counter.Add();
          if (i % 64 == 0 && i < 64 * 100)
            RegisterCounters(
                {("c" + std::to_string(t) + "_" + std::to_string(i) + "_total").c_str(), "Help."})
                .At()
                .Add();
        }
      });
    for (int i = 0; i < 30; ++i)
      ExpectEndsWell(Fork([&] {
        counter.Add(3);
        EXPECT_EQ(Value("a_total"), "3");
        EXPECT_EQ(RegisterCounters({"child_total", "Help."}).result(), TS_OK);
        Stop();
      }));
    done = true;
    for (std::thread& thread : threads)
      thread.join();
  });
}

TEST(Fork, AChildThatCannotHaveAFileStillLeavesItsParentsAlone) {
  const TemporaryDirectory directory;
  RunAlone([&] {
    const std::string inner = directory.path() + "/inner";
    std::filesystem::create_directory(inner);
    ASSERT_EQ(Start(InDirectory(inner)), TS_OK);
    const Counter counter = RegisterCounters({"a_total", "Help."}).At();
    counter.Add(5);
    std::filesystem::remove_all(inner);
    ExpectEndsWell(Fork([&] {
      counter.Add(7);
      EXPECT_STREQ(ts_page_path(), "");
    }));
    EXPECT_EQ(Value("a_total"), "5");
  });
}

}  // namespace
}  // namespace tickscope::sdk
