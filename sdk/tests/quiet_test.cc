// S1, counted: after registration and ts_thread_attach, recording allocates nothing, takes no lock and makes no system call.
//
// Allocations and locks are counted by definitions of malloc and pthread_mutex_lock here, before those of the C library;
// system calls by the kernel, which kills a child that makes any other than to end.
#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <thread>

#include "alone.h"
#include "tickscope/game.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TICKSCOPE_SANITIZED 1
#else
#define TICKSCOPE_SANITIZED 0
#endif

namespace {

std::atomic<bool> counting{false};
std::atomic<int> allocations{0};
std::atomic<int> locks{0};

[[maybe_unused]] void Count(std::atomic<int>& what) {  // sanitizers have the definitions below
  if (counting.load(std::memory_order_relaxed)) what.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

#if !TICKSCOPE_SANITIZED  // those have their own
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void __libc_free(void*);
void* malloc(std::size_t size) {
  Count(allocations);
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  Count(allocations);
  return __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) {
  Count(allocations);
  return __libc_realloc(block, size);
}
void free(void* block) {
  if (block != nullptr) Count(allocations);
  __libc_free(block);
}
int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  Count(locks);
  static int (*const real)(pthread_mutex_t*) =
      reinterpret_cast<int (*)(pthread_mutex_t*)>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  return real(mutex);
}
}
#endif

namespace tickscope::sdk {
namespace {

using testing::RunAlone;
using testing::Value;

struct Instruments {
  Instruments()
      : counter(RegisterCounters({"a_total", "Help."}).At()),
        seconds(RegisterDoubleCounters({"s_seconds_total", "Help."}).At()),
        gauge(RegisterGauges({"g", "Help."}).At()),
        up_down(RegisterUpDowns({"u", "Help."}).At()),
        classic(RegisterHistograms({"h", "Help."}, {0.1, 1, 10}, {}, Exemplars::kNewest).At()),
        exponential(RegisterExponential({"e", "Help."}).At()) {}

  // Everything that records: good values, values outside of every bucket, and those that are refused.
  void RecordAll() const {
    for (const double value : {0.05, 0.5, 5.0, 50.0, 0.0, -1.0, 1e300, 1e-300, HUGE_VAL, std::nan("")}) {
      counter.Add();
      seconds.Add(value);
      gauge.Set(value);
      up_down.Add(3);
      up_down.Take(2);
      classic.Observe(value);
      exponential.Observe(value);
      classic.ObserveTraced(value, {{1}}, {{2}});
      ts_counter_add(ts_counter{}, 1);
      ts_observe(ts_histogram{}, value);
      game.Tick(value);
      game.Joined(TS_PLATFORM_PC, value);
      game.Rtt(static_cast<ts_isp>(7), value);
      game.State(TS_SERVER_READY);
      const ScopedTimer timer(exponential);
    }
    ts_heartbeat();
  }

  Counter counter;
  DoubleCounter seconds;
  Gauge gauge;
  UpDown up_down;
  Histogram classic;
  Histogram exponential;
  Game game;
};

TEST(Quiet, NoAllocationsAndNoLocks) {
  if (TICKSCOPE_SANITIZED) GTEST_SKIP() << "sanitizers allocate";
  RunAlone([] {
    Options options;
    options.shards_max = 2;
    ASSERT_EQ(Start(options), TS_OK);
    const Instruments instruments;
    ASSERT_EQ(instruments.game.result(), TS_OK);
    ASSERT_EQ(ts_thread_attach(), TS_OK);
    counting = true;
    for (int i = 0; i < 100; ++i)
      instruments.RecordAll();
    counting = false;
    EXPECT_EQ(allocations, 0);
    EXPECT_EQ(locks, 0);
    EXPECT_EQ(Value("a_total"), "1000");
    // The same without a shard, after the first call has found that out.
    std::thread([&] {
      instruments.counter.Add();
      counting = true;
      instruments.RecordAll();
      counting = false;
    }).join();
    EXPECT_EQ(allocations, 0);
    EXPECT_EQ(locks, 0);
    // And the counting counts.
    counting = true;
    RegisterGauges({"late", "Help."});
    (void)testing::ExposedText();
    counting = false;
    EXPECT_GT(allocations, 0);
    EXPECT_GT(locks, 0);
  });
}

// From here on any system call but exit_group kills the process.
void AllowNoSystemCalls() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    _exit(77);
}

int StatusOfQuietChild(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    AllowNoSystemCalls();
    body();
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

TEST(Quiet, NoSystemCalls) {
  if (TICKSCOPE_SANITIZED) GTEST_SKIP() << "sanitizers make system calls";
  const testing::TemporaryDirectory directory;
  RunAlone([&] {
    ASSERT_EQ(Start(testing::InDirectory(directory.path())), TS_OK);
    const Instruments instruments;
    ASSERT_EQ(ts_thread_attach(), TS_OK);
    const int status = StatusOfQuietChild([&] {
      for (int i = 0; i < 100; ++i)
        instruments.RecordAll();
    });
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no seccomp here";
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    const int loud = StatusOfQuietChild([] { (void)getppid(); });
    EXPECT_TRUE(WIFSIGNALED(loud)) << "the filter filters nothing: " << loud;
  });
}

}  // namespace
}  // namespace tickscope::sdk
