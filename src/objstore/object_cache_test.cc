// Ranged reads through the cache: what is ensured is what the store has; nothing is fetched twice; what is kept stays
// within its bound whatever is asked; failures leave nothing half there.
#include "objstore/object_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "base/random.h"
#include "io/memory_file_system.h"
#include "io/pause.h"
#include "objstore/faulty_object_store.h"
#include "objstore/memory_object_store.h"

namespace tickscope::objstore {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kUnit = kCacheUnitBytes;

std::string Pattern(std::uint64_t size, unsigned salt = 131) {
  std::string content(size, '\0');
  for (std::uint64_t i = 0; i < size; ++i)
    content[i] = static_cast<char>(i * salt % 251 + 1);
  return content;
}

std::string Name(std::uint64_t number) {
  std::string name = "o";
  return name.append(std::to_string(number));
}

// Counts and, when told so, holds back the reads of another store.
class WatchedStore final : public ObjectStore {
 public:
  Status Put(const std::string& name, std::string_view content) override { return memory.Put(name, content); }
  Status PutFile(const std::string& name, io::FileSystem& files, const std::string& path) override {
    return memory.PutFile(name, files, path);
  }
  Result<std::string> Get(const std::string& name, std::uint64_t offset, std::size_t length) override {
    ++gets;
    bytes += length;
    if (gate != nullptr) gate->arrive_and_wait();
    return memory.Get(name, offset, length);
  }
  Result<std::uint64_t> Size(const std::string& name) override { return memory.Size(name); }
  Result<std::vector<ObjectInfo>> List(const std::string& prefix) override { return memory.List(prefix); }
  Status Delete(const std::string& name) override { return memory.Delete(name); }

  MemoryObjectStore memory;
  std::atomic<int> gets = 0;
  std::atomic<std::uint64_t> bytes = 0;
  std::latch* gate = nullptr;
};

class ObjectCacheTest : public ::testing::Test {
 protected:
  void Make(CacheOptions options) {
    cache_.reset();
    options.directory = "/cache";
    cache_ = ObjectCache::Create(store_, files_, options, metrics_).value();
  }
  std::shared_ptr<CachedObject> Open(const std::string& name, std::uint64_t size) {
    return cache_->Open(name, size).value();
  }
  static std::string Read(CachedObject& object, std::uint64_t offset, std::uint64_t length) {
    const Status ensured = object.Ensure(offset, length);
    if (!ensured) return "error: " + ensured.error().message;
    return std::string(AsText(object.bytes().subspan(offset, length)));
  }
  std::size_t FileCount() { return files_.List("/cache").value().size(); }

  io::MemoryFileSystem files_;
  WatchedStore store_;
  MetricRegistry metrics_;
  std::unique_ptr<ObjectCache> cache_;
};

TEST_F(ObjectCacheTest, FetchesWhatIsAskedFor) {
  Make({});
  const std::uint64_t size = 20 * kUnit + 1000;
  const std::string content = Pattern(size);
  ASSERT_TRUE(store_.Put("o", content).has_value());
  const auto object = Open("o", size);
  EXPECT_EQ(store_.gets, 0);
  struct Case {
    const char* name;
    std::uint64_t offset;
    std::uint64_t length;
    int gets;
    std::uint64_t bytes;
  };
  const Case cases[] = {
      {"nothing", 5, 0, 0, 0},
      {"one byte, one unit", 7, 1, 1, kUnit},
      {"the same unit", 0, kUnit, 0, 0},
      {"over an edge", 2 * kUnit - 1, 2, 1, 2 * kUnit},
      {"what is missing between", 0, 5 * kUnit, 1, 2 * kUnit},
      {"the short unit at the end", size - 1, 1, 1, 1000},
      {"the end of the object", size, 0, 0, 0},
      {"all: fifteen units in a row", 0, size, 1, 15 * kUnit},
      {"all again", 0, size, 0, 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    store_.gets = 0;
    store_.bytes = 0;
    EXPECT_EQ(Read(*object, c.offset, c.length), content.substr(c.offset, c.length));
    EXPECT_EQ(store_.gets, c.gets);
    EXPECT_EQ(store_.bytes, c.bytes);
  }
  EXPECT_EQ(cache_->bytes(), size);
  const std::string text = metrics_.RenderText();
  EXPECT_THAT(text, HasSubstr("tickscope_objcache_reads_total{result=\"hit\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("tickscope_objcache_reads_total{result=\"miss\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("tickscope_objcache_fetched_bytes_total " + std::to_string(size) + "\n"));
}

TEST_F(ObjectCacheTest, RefusesWhatIsPastTheEnd) {
  Make({});
  ASSERT_TRUE(store_.Put("o", "0123456789").has_value());
  const auto object = Open("o", 10);
  EXPECT_EQ(object->Ensure(0, 11).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(object->Ensure(11, 0).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(object->Ensure(5, ~std::uint64_t{0}).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(cache_->Open("../o", 10).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(Open("empty", 0)->Ensure(0, 0).has_value());
  // Shorter than it was listed, and gone.
  EXPECT_EQ(Open("o", 20)->Ensure(0, 20).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(Open("gone", 20)->Ensure(0, 20).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(cache_->bytes(), 0U);
}

TEST_F(ObjectCacheTest, LargeRangesAreFetchedInPartsAtTheSameTime) {
  Make({.fetches_max = 3});
  const std::uint64_t size = 4 * kCacheFetchBytes;
  const std::string content = Pattern(size);
  ASSERT_TRUE(store_.Put("o", content).has_value());
  // None of the four parts comes back before all were asked for: the caller's and three of the pool.
  std::latch gate(4);
  store_.gate = &gate;
  const auto object = Open("o", size);
  EXPECT_EQ(Read(*object, 0, size), content);
  EXPECT_EQ(store_.gets, 4);
}

TEST_F(ObjectCacheTest, ManyReadersFetchAUnitOnce) {
  Make({});
  const std::uint64_t size = 40 * kUnit;
  const std::string content = Pattern(size);
  ASSERT_TRUE(store_.Put("o", content).has_value());
  std::vector<std::thread> readers;
  std::atomic<int> wrong = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    readers.emplace_back([&, seed] {
      SeededRandom random(seed);
      const auto object = Open("o", size);
      for (int i = 0; i < 100; ++i) {
        const std::uint64_t offset = random.Below(size);
        const std::uint64_t length = random.Below(std::min(size - offset, 6 * kUnit) + 1);
        if (Read(*object, offset, length) != content.substr(offset, length)) ++wrong;
      }
    });
  }
  for (std::thread& reader : readers)
    reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(store_.bytes, size);
  EXPECT_EQ(cache_->bytes(), store_.bytes);
}

TEST_F(ObjectCacheTest, DropsWhatNobodyHoldsToStayWithinItsBound) {
  Make({.bytes_max = 4 * kUnit});
  const std::string content = Pattern(2 * kUnit);
  for (const char* name : {"a", "b", "c"})
    ASSERT_TRUE(store_.Put(name, content).has_value());
  auto a = Open("a", 2 * kUnit);
  auto b = Open("b", 2 * kUnit);
  ASSERT_TRUE(a->Ensure(0, 2 * kUnit).has_value());
  ASSERT_TRUE(b->Ensure(0, 2 * kUnit).has_value());
  auto c = Open("c", 2 * kUnit);
  // All is held: refused, and nothing was fetched for it.
  store_.gets = 0;
  const Status refused = c->Ensure(0, 1);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(store_.gets, 0);
  EXPECT_EQ(cache_->bytes(), 4 * kUnit);
  // Held ones still read; one that is let go makes room, and its file goes.
  EXPECT_EQ(Read(*a, 0, 2 * kUnit), content);
  b.reset();
  EXPECT_EQ(FileCount(), 3U);
  EXPECT_EQ(Read(*c, 0, 2 * kUnit), content);
  EXPECT_EQ(FileCount(), 2U);
  EXPECT_EQ(cache_->bytes(), 4 * kUnit);
  EXPECT_THAT(metrics_.RenderText(), HasSubstr("tickscope_objcache_evictions_total 1\n"));
  // Let go but not in the way: still there.
  a.reset();
  store_.gets = 0;
  EXPECT_EQ(Read(*Open("a", 2 * kUnit), 0, 2 * kUnit), content);
  EXPECT_EQ(store_.gets, 0);
  // The one opened the longest ago goes first.
  c.reset();
  EXPECT_EQ(Read(*Open("b", 2 * kUnit), 0, 1), content.substr(0, 1));
  store_.gets = 0;
  EXPECT_EQ(Read(*Open("a", 2 * kUnit), 0, 1), content.substr(0, 1));
  EXPECT_EQ(store_.gets, 0);
}

TEST_F(ObjectCacheTest, WhatIsHeldIdlyIsLetGoOfWhenThereIsNoRoom) {
  Make({.bytes_max = 2 * kUnit});
  const std::string content = Pattern(2 * kUnit);
  for (const char* name : {"a", "b"})
    ASSERT_TRUE(store_.Put(name, content).has_value());
  auto idle = Open("a", 2 * kUnit);
  ASSERT_TRUE(idle->Ensure(0, 2 * kUnit).has_value());
  int calls = 0;
  cache_->OnFull([&] {
    ++calls;
    idle.reset();
  });
  auto b = Open("b", 2 * kUnit);
  EXPECT_EQ(Read(*b, 0, 2 * kUnit), content);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(cache_->bytes(), 2 * kUnit);
}

TEST_F(ObjectCacheTest, KeepsABoundedNumberOfObjects) {
  Make({.objects_max = 3});
  const auto held = Open("held", 10);
  for (std::uint64_t i = 0; i < 20; ++i)
    static_cast<void>(Open(Name(i), 10));
  EXPECT_EQ(FileCount(), 3U);
  EXPECT_EQ(Open("held", 10), held);
}

TEST_F(ObjectCacheTest, AFailedFetchLeavesNothing) {
  Make({.fetches_max = 1});
  const std::uint64_t size = 3 * kCacheFetchBytes;
  const std::string content = Pattern(size);
  ASSERT_TRUE(store_.Put("o", content).has_value());
  const auto object = Open("o", size);
  store_.memory.Inject({.operation = ObjectOperation::kGet, .nth = 2});
  EXPECT_EQ(object->Ensure(0, size).error().code, ErrorCode::kUnavailable);
  // What did come is kept and counted; the rest is fetched by the next.
  EXPECT_EQ(cache_->bytes(), 2 * kCacheFetchBytes);
  store_.gets = 0;
  EXPECT_EQ(Read(*object, 0, size), content);
  EXPECT_EQ(store_.gets, 1);

  const auto other = Open("p", size);
  ASSERT_TRUE(store_.Put("p", content).has_value());
  files_.SetCapacity(size + 10);
  EXPECT_EQ(other->Ensure(0, 20).error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(cache_->bytes(), size);
}

TEST_F(ObjectCacheTest, WhatIsDistrustedIsFetchedAnew) {
  Make({.bytes_max = 2 * kUnit});
  ASSERT_TRUE(store_.Put("o", Pattern(2 * kUnit)).has_value());
  const auto object = Open("o", 2 * kUnit);
  store_.memory.FlipBits("o", 5, 1);
  const std::string damaged = Read(*object, 0, 2 * kUnit);
  store_.memory.FlipBits("o", 5, 1);
  EXPECT_EQ(Read(*object, 0, 2 * kUnit), damaged);
  object->Distrust(5, 1);
  store_.gets = 0;
  EXPECT_EQ(Read(*object, 0, 2 * kUnit), Pattern(2 * kUnit));
  EXPECT_EQ(store_.gets, 1);
  EXPECT_EQ(cache_->bytes(), 2 * kUnit);
}

TEST_F(ObjectCacheTest, BeginsEmptyAndAlone) {
  Make({});
  ASSERT_TRUE(store_.Put("o", "0123456789").has_value());
  EXPECT_EQ(Read(*Open("o", 10), 2, 3), "234");
  EXPECT_FALSE(ObjectCache::Create(store_, files_, {.directory = "/cache"}, metrics_).has_value());
  Make({});
  EXPECT_EQ(FileCount(), 0U);
  EXPECT_EQ(cache_->bytes(), 0U);
  cache_.reset();
  // A directory that holds more than files is not the cache's own; nothing of it is touched.
  ASSERT_TRUE(io::WriteFileAtomically(files_, "/cache/file", "precious").has_value());
  ASSERT_TRUE(files_.CreateDirectories("/cache/precious").has_value());
  EXPECT_EQ(ObjectCache::Create(store_, files_, {.directory = "/cache"}, metrics_).error().code,
            ErrorCode::kFailedPrecondition);
  EXPECT_TRUE(files_.OpenRead("/cache/file").has_value());
}

// On a bad day every range that is given is right, whatever failed before, and the bound holds.
TEST_F(ObjectCacheTest, ABadDay) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    ManualClock clock;
    io::SimulatedPause pause(clock);
    FaultyObjectStore faulty(store_, FaultProfile{.fails_before = 0.2, .fails_after = 0.2, .gives_part = 0.2},
                             seed, pause);
    CacheOptions options{.directory = "/cache", .bytes_max = 12 * kUnit, .fetches_max = 2};
    cache_.reset();
    const auto cache = ObjectCache::Create(faulty, files_, options, metrics_).value();
    std::vector<std::string> contents;
    for (unsigned i = 0; i < 6; ++i) {
      contents.push_back(Pattern(4 * kUnit + i, 100 + i));
      ASSERT_TRUE(store_.Put(Name(i), contents.back()).has_value());
    }
    SeededRandom random(seed);
    int served = 0;
    for (int step = 0; step < 200; ++step) {
      const std::uint64_t which = random.Below(contents.size());
      const std::string& content = contents[which];
      const auto object = cache->Open(Name(which), content.size()).value();
      const std::uint64_t offset = random.Below(content.size());
      const std::uint64_t length = random.Below(content.size() - offset) + 1;
      if (object->Ensure(offset, length)) {
        ++served;
        ASSERT_EQ(AsText(object->bytes().subspan(offset, length)), content.substr(offset, length));
      }
      ASSERT_LE(cache->bytes(), options.bytes_max);
    }
    EXPECT_GT(served, 50);
  }
}

}  // namespace
}  // namespace tickscope::objstore
