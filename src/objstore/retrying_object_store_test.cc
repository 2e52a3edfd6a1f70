// Retries: what passes is repeated and what does not is not, within bounds of attempts and time that are counted on a clock
// the test holds; and a store on a bad day loses and doubles nothing, whatever the seed.
#include "objstore/retrying_object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "io/memory_file_system.h"
#include "objstore/faulty_object_store.h"
#include "objstore/memory_object_store.h"
#include "objstore/transfer.h"

namespace tickscope::objstore {
namespace {

using ::testing::HasSubstr;

// Remembers how long was waited, and may be told to refuse.
class RecordedPause final : public io::Pause {
 public:
  explicit RecordedPause(ManualClock& clock) : clock_(clock) {}
  bool For(std::chrono::milliseconds duration) override {
    waits.push_back(duration);
    clock_.Advance(duration);
    return !is_stopped;
  }
  std::vector<std::chrono::milliseconds> waits;
  bool is_stopped = false;

 private:
  ManualClock& clock_;
};

struct Bench {
  explicit Bench(const RetryOptions& options) {
    auto owned = std::make_unique<MemoryObjectStore>();
    memory = owned.get();
    store = std::make_unique<RetryingObjectStore>(
        std::move(owned), options,
        RetryingObjectStore::World{.clock = clock, .random = random, .pause = pause, .metrics = metrics});
  }
  ManualClock clock;
  SeededRandom random{1};
  RecordedPause pause{clock};
  MetricRegistry metrics;
  MemoryObjectStore* memory = nullptr;
  std::unique_ptr<RetryingObjectStore> store;
};

TEST(RetryingObjectStore, RepeatsWhatMayPass) {
  struct Case {
    const char* name;
    ErrorCode code;
    std::uint64_t failures;
    bool succeeds;
    std::size_t waits;
  };
  const Case cases[] = {
      {"no failure", ErrorCode::kUnavailable, 0, true, 0},
      {"one", ErrorCode::kUnavailable, 1, true, 1},
      {"all but the last attempt", ErrorCode::kUnavailable, 3, true, 3},
      {"all attempts", ErrorCode::kUnavailable, 4, false, 3},
      {"a deadline below", ErrorCode::kDeadlineExceeded, 1, true, 1},
      {"a full store", ErrorCode::kResourceExhausted, 1, true, 1},
      {"refused", ErrorCode::kPermissionDenied, 1, false, 0},
      {"wrong", ErrorCode::kInvalidArgument, 1, false, 0},
      {"who are you", ErrorCode::kUnauthenticated, 1, false, 0},
      {"no bucket", ErrorCode::kFailedPrecondition, 1, false, 0},
      {"missing", ErrorCode::kNotFound, 1, false, 0},
      {"damaged", ErrorCode::kCorruption, 1, false, 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Bench bench({.attempts_max = 4});
    if (c.failures > 0) {
      bench.memory->Inject(
          {.operation = ObjectOperation::kPut, .times = c.failures, .error = {c.code, "injected"}});
    }
    const Status put = bench.store->Put("a", "x");
    EXPECT_EQ(put.has_value(), c.succeeds);
    EXPECT_EQ(bench.pause.waits.size(), c.waits);
    if (!put) {
      EXPECT_EQ(put.error().code, c.code);
      EXPECT_EQ(put.error().message, c.waits == 0 ? "injected" : "after 4 attempts: injected");
    }
  }
}

TEST(RetryingObjectStore, WaitsAreJitteredAndBounded) {
  Bench bench({.attempts_max = 40,
               .backoff_first = std::chrono::milliseconds(100),
               .backoff_max = std::chrono::milliseconds(1000),
               .deadline = std::chrono::hours(1)});
  bench.memory->Inject({.operation = ObjectOperation::kGet, .times = 1000});
  EXPECT_FALSE(bench.store->Get("a", 0, 1).has_value());
  ASSERT_EQ(bench.pause.waits.size(), 39U);
  const std::vector<int> bounds = {100, 200, 400, 800, 1000, 1000};
  std::chrono::milliseconds sum{0};
  for (std::size_t i = 0; i < bench.pause.waits.size(); ++i) {
    EXPECT_LE(bench.pause.waits[i].count(), bounds[std::min(i, bounds.size() - 1)]);
    sum += bench.pause.waits[i];
  }
  // Half of the bounds in the mean: 0.75 s for the first four and 35 times half a second.
  EXPECT_GT(sum.count(), 13'000);
  EXPECT_LT(sum.count(), 24'000);
}

TEST(RetryingObjectStore, EndsByItsDeadline) {
  Bench bench({.attempts_max = 1000,
               .backoff_first = std::chrono::milliseconds(1000),
               .backoff_max = std::chrono::milliseconds(1000),
               .deadline = std::chrono::milliseconds(5000)});
  bench.memory->Inject({.operation = ObjectOperation::kList, .times = 10'000});
  EXPECT_EQ(bench.store->List("").error().code, ErrorCode::kUnavailable);
  EXPECT_LT(bench.clock.Monotonic(), std::chrono::seconds(5));
  EXPECT_GT(bench.clock.Monotonic(), std::chrono::seconds(3));
}

TEST(RetryingObjectStore, StopsWhenToldTo) {
  Bench bench({.attempts_max = 10});
  bench.memory->Inject({.operation = ObjectOperation::kDelete, .times = 10});
  bench.pause.is_stopped = true;
  EXPECT_EQ(bench.store->Delete("a").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(bench.pause.waits.size(), 1U);
}

TEST(RetryingObjectStore, CountsWhatItDoes) {
  Bench bench({.attempts_max = 3});
  ASSERT_TRUE(bench.store->Put("a", "12345").has_value());
  bench.memory->Inject({.operation = ObjectOperation::kGet, .times = 2});
  ASSERT_TRUE(bench.store->Get("a", 0, 3).has_value());
  EXPECT_FALSE(bench.store->Size("absent").has_value());
  bench.memory->Inject({.operation = ObjectOperation::kList, .times = 3});
  EXPECT_FALSE(bench.store->List("").has_value());
  const std::string text = bench.metrics.RenderText();
  for (const char* line : {"tickscope_objstore_calls_total{op=\"put\",result=\"ok\"} 1\n",
                           "tickscope_objstore_calls_total{op=\"get\",result=\"ok\"} 1\n",
                           "tickscope_objstore_calls_total{op=\"size\",result=\"not_found\"} 1\n",
                           "tickscope_objstore_calls_total{op=\"list\",result=\"error\"} 1\n",
                           "tickscope_objstore_retries_total{op=\"get\"} 2\n",
                           "tickscope_objstore_retries_total{op=\"list\"} 2\n",
                           "tickscope_objstore_bytes_total{direction=\"sent\"} 5\n",
                           "tickscope_objstore_bytes_total{direction=\"received\"} 3\n",
                           "tickscope_objstore_seconds_count{op=\"put\"} 1\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

// A tenth of all calls fails, before or after its effect; bodies come short; listings are old. What is acknowledged is
// there, what was deleted is gone, and nothing is there twice or in part.
TEST(RetryingObjectStore, ABadDayLosesAndDoublesNothing) {
  std::uint64_t faults = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    MemoryObjectStore memory;
    ManualClock clock;
    io::SimulatedPause pause(clock);
    SeededRandom random(seed);
    SeededRandom retry_random(seed + 1000);
    MetricRegistry metrics;
    io::MemoryFileSystem files;
    auto owned = std::make_unique<FaultyObjectStore>(memory, FaultProfile{}, seed, pause);
    FaultyObjectStore& faulty = *owned;
    RetryingObjectStore store(
        std::move(owned), RetryOptions{},
        RetryingObjectStore::World{
            .clock = clock, .random = retry_random, .pause = pause, .metrics = metrics});
    std::map<std::string, std::string> expected;
    for (int step = 0; step < 300; ++step) {
      const std::string name = "o/" + std::to_string(random.Below(20));
      const std::string content(random.Below(2000), static_cast<char>('a' + random.Below(26)));
      switch (random.Below(4)) {
        case 0:
          // Some calls fail for good; the caller comes again later.
          while (!PutVerified(store, name, content)) {
          }
          expected[name] = content;
          break;
        case 1:
          ASSERT_TRUE(io::WriteFileAtomically(files, "/file", content).has_value());
          while (!PutFileVerified(store, name, files, "/file")) {
          }
          expected[name] = content;
          break;
        case 2:
          while (!store.Delete(name)) {
          }
          expected.erase(name);
          break;
        default: {
          const auto got = store.Get(name, 0, 4000);
          if (got) {
            EXPECT_EQ(*got, expected.contains(name) ? expected[name] : "not stored");
          } else if (got.error().code == ErrorCode::kNotFound) {
            EXPECT_FALSE(expected.contains(name));
          }
        }
      }
    }
    faults += faulty.fault_count();
    const auto listed = memory.List("").value();
    ASSERT_EQ(listed.size(), expected.size());
    for (const ObjectInfo& object : listed)
      EXPECT_EQ(memory.Get(object.name, 0, 4000).value(), expected[object.name]);
  }
  EXPECT_GT(faults, 5000U);
}

TEST(FaultyObjectStore, ListsWhatWasTrue) {
  MemoryObjectStore memory;
  ManualClock clock;
  io::SimulatedPause pause(clock);
  FaultProfile profile = FaultProfile::None();
  profile.lists_old = 1;
  profile.history_max = 1;
  FaultyObjectStore store(memory, profile, 1, pause);
  ASSERT_TRUE(store.Put("a/1", "x").has_value());
  ASSERT_TRUE(store.Put("b/1", "x").has_value());
  EXPECT_EQ(store.List("").value(), (std::vector<ObjectInfo>{{"a/1", 1}}));
  EXPECT_TRUE(store.List("b/").value().empty());
  store.SetProfile(FaultProfile::None());
  EXPECT_EQ(store.List("").value().size(), 2U);
  store.SetProfile(FaultProfile::Down());
  EXPECT_EQ(store.Size("a/1").error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace tickscope::objstore
