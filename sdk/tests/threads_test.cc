// Threads: nothing is lost, counts outlive their thread, shards are used again, and without a shard it still counts.
#include <atomic>
#include <thread>

#include "alone.h"

namespace tickscope::sdk {
namespace {

using testing::Refused;
using testing::RunAlone;
using testing::Value;

TEST(Threads, CountsOfAllAreAddedUp) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    const Counter counter = RegisterCounters({"a_total", "Help."}).At();
    const Histogram histogram = RegisterHistograms({"h", "Help."}, {1, 2, 3}).At();
    const UpDown up_down = RegisterUpDowns({"u", "Help."}).At();
    constexpr int kThreads = 8;
    constexpr int kEach = 20'000;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          counter.Add();
          histogram.Observe(i % 4);
          up_down.Add(t % 2 == 0 ? 2 : -1);
        }
      });
    // A reader meanwhile: counts only rise.
    long before = 0;
    for (int i = 0; i < 50; ++i) {
      const long now = std::stol(Value("a_total"));
      EXPECT_GE(now, before);
      before = now;
    }
    for (std::thread& thread : threads)
      thread.join();
    EXPECT_EQ(Value("a_total"), "160000");
    EXPECT_EQ(Value("h_count"), "160000");
    EXPECT_EQ(Value("h_sum"), "240000");
    EXPECT_EQ(Value("h_bucket{le=\"2.0\"}"), "120000");
    EXPECT_EQ(Value("u"), "80000");
    EXPECT_EQ(Refused("no_shard"), "0");
  });
}

TEST(Threads, ADeadThreadsShardGoesToTheNext) {
  RunAlone([] {
    Options options;
    options.shards_max = 3;  // the common one, this thread's, and one more
    ASSERT_EQ(Start(options), TS_OK);
    const Counter counter = RegisterCounters({"a_total", "Help."}).At();
    counter.Add();
    for (int i = 0; i < 1000; ++i)
      std::thread([&] { counter.Add(); }).join();
    EXPECT_EQ(Value("a_total"), "1001");
    EXPECT_EQ(Refused("no_shard"), "0");
  });
}

TEST(Threads, ThoseWithoutAShardShare) {
  RunAlone([] {
    Options options;
    options.shards_max = 2;
    ASSERT_EQ(Start(options), TS_OK);
    const Counter counter = RegisterCounters({"a_total", "Help."}).At();
    const DoubleCounter seconds = RegisterDoubleCounters({"s_seconds_total", "Help."}).At();
    const Histogram histogram = RegisterExponential({"h", "Help."}).At();
    counter.Add();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 5000; ++i) {
          counter.Add();
          seconds.Add(0.5);
          histogram.Observe(2);
        }
        EXPECT_EQ(ts_thread_attach(), TS_FULL);
      });
    for (std::thread& thread : threads)
      thread.join();
    EXPECT_EQ(Value("a_total"), "20001");
    EXPECT_EQ(Value("s_seconds_total"), "10000");
    EXPECT_EQ(Value("h_count"), "20000");
    EXPECT_EQ(Value("h_sum"), "40000");
    EXPECT_EQ(Refused("no_shard"), "4");
  });
}

TEST(Threads, RegistrationsAtOneTimeAgree) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([] {
        for (int i = 0; i < 50; ++i) {
          const std::string name = "c" + std::to_string(i) + "_total";
          RegisterCounters({name.c_str(), "Help."}).At().Add();
        }
      });
    for (std::thread& thread : threads)
      thread.join();
    for (int i = 0; i < 50; ++i)
      EXPECT_EQ(Value("c" + std::to_string(i) + "_total"), "4");
  });
}

// "0101" for 1, twice.
std::string Repeated(char digit, int times) {
  std::string text;
  for (int i = 0; i < times; ++i)
    text += std::string("0") + digit;
  return text;
}

TEST(Threads, ExemplarsAreNeverMixed) {
  RunAlone([] {
    ASSERT_EQ(Start({}), TS_OK);
    const Counter counter = RegisterCounters({"a_total", "Help."}).At();
    const Histogram histogram = RegisterHistograms({"h", "Help."}, {1e9}, {}, Exemplars::kNewest).At();
    std::atomic<bool> done{false};
    std::vector<std::thread> threads;
    for (std::uint8_t t = 1; t <= 2; ++t)
      threads.emplace_back([&, t] {
        std::array<std::uint8_t, 16> trace_id;
        std::array<std::uint8_t, 8> span_id;
        trace_id.fill(t);
        span_id.fill(t);
        while (!done) {
          histogram.ObserveTraced(t, trace_id, span_id);
          for (int i = 0; i < 2000; ++i)
            counter.Add();
        }
      });
    int seen = 0;
    // On a busy machine the threads begin later than this one.
    for (int i = 0; i < 2000 || (seen == 0 && i < 10'000'000); ++i) {
      const std::string text = Expose(TS_OPENMETRICS);
      const std::size_t at = text.find("# {trace_id=\"");
      if (at == std::string::npos) continue;
      ++seen;
      const std::string exemplar = text.substr(at, 90);
      const char digit = exemplar[14];
      const std::string wanted = "# {trace_id=\"" + Repeated(digit, 16) + "\",span_id=\"" +
                                 Repeated(digit, 8) + "\"} " + digit + " ";
      EXPECT_EQ(exemplar.substr(0, wanted.size()), wanted);
    }
    done = true;
    for (std::thread& thread : threads)
      thread.join();
    EXPECT_GT(seen, 0);
  });
}

}  // namespace
}  // namespace tickscope::sdk
