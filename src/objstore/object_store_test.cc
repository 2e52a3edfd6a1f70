// The ObjectStore contract, run against the directory store, the in-memory one, and a store on a bad day behind retries;
// then what each adds: the first keeps its promises through power cuts, the second fails as told. S3 stores hold the same
// contract in tests/blackbox/test_objects.py, against real servers.
#include "objstore/object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/metrics.h"
#include "io/memory_file_system.h"
#include "io/pause.h"
#include "objstore/directory_object_store.h"
#include "objstore/faulty_object_store.h"
#include "objstore/memory_object_store.h"
#include "objstore/retrying_object_store.h"

namespace tickscope::objstore {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t kAll = 1 << 20;

enum class Backend : std::uint8_t { kDirectory, kMemory, kFaultyAndRetried };

class ObjectStoreContract : public ::testing::TestWithParam<Backend> {
 protected:
  ObjectStoreContract() {
    if (GetParam() == Backend::kMemory) {
      store_ = std::make_unique<MemoryObjectStore>();
    } else if (GetParam() == Backend::kFaultyAndRetried) {
      // Listings are true here: that they may be old is for those who list to bear, no retry sees it.
      store_ = std::make_unique<RetryingObjectStore>(
          std::make_unique<FaultyObjectStore>(
              memory_,
              FaultProfile{.fails_before = 0.2, .fails_after = 0.2, .gives_part = 0.2, .lists_old = 0}, 42,
              pause_),
          RetryOptions{.attempts_max = 30, .deadline = std::chrono::hours(24)},
          RetryingObjectStore::World{
              .clock = clock_, .random = random_, .pause = pause_, .metrics = metrics_});
    } else {
      store_ = OpenDirectoryObjectStore(files_, "/objects").value();
    }
  }

  io::MemoryFileSystem files_;
  MemoryObjectStore memory_;
  ManualClock clock_;
  io::SimulatedPause pause_{clock_};
  SeededRandom random_{7};
  MetricRegistry metrics_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_P(ObjectStoreContract, GetsWhatWasPut) {
  ASSERT_TRUE(store_->Put("t0/metrics/block-1", "0123456789").has_value());
  EXPECT_EQ(store_->Size("t0/metrics/block-1").value(), 10U);
  struct Case {
    const char* name;
    std::uint64_t offset;
    std::size_t length;
    const char* content;
  };
  const Case cases[] = {{"whole", 0, kAll, "0123456789"},
                        {"exact", 0, 10, "0123456789"},
                        {"middle", 3, 4, "3456"},
                        {"end", 8, 10, "89"},
                        {"at the end", 10, 5, ""},
                        {"past the end", 99, 5, ""},
                        {"nothing", 2, 0, ""}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(store_->Get("t0/metrics/block-1", c.offset, c.length).value(), c.content);
    EXPECT_EQ(store_->GetWithin("t0/metrics/block-1", c.offset, c.length, 10).value(), c.content);
  }
}

TEST_P(ObjectStoreContract, PutReplacesAndMayBeRepeated) {
  ASSERT_TRUE(store_->Put("a", "first").has_value());
  ASSERT_TRUE(store_->Put("a", "second").has_value());
  ASSERT_TRUE(store_->Put("a", "second").has_value());
  EXPECT_EQ(store_->Get("a", 0, kAll).value(), "second");
  ASSERT_TRUE(store_->Put("empty", "").has_value());
  EXPECT_EQ(store_->Get("empty", 0, kAll).value(), "");
}

TEST_P(ObjectStoreContract, PutsFiles) {
  // Below, at and above the size of the pieces a directory store copies in.
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{1} << 20, (std::size_t{3} << 20) + 17}) {
    SCOPED_TRACE(size);
    std::string content(size, 'x');
    for (std::size_t i = 0; i < size; ++i)
      content[i] = static_cast<char>(i * 131 % 251);
    ASSERT_TRUE(io::WriteFileAtomically(files_, "/file", content).has_value());
    for (int times = 0; times < 3; ++times) {
      const Status put = store_->PutFile("a/file", files_, "/file");
      ASSERT_TRUE(put.has_value()) << put.error().message;
    }
    // The object stays when the file goes, and another takes its place.
    ASSERT_TRUE(files_.Remove("/file").has_value());
    EXPECT_EQ(store_->Size("a/file").value(), size);
    EXPECT_EQ(store_->Get("a/file", 0, size + 1).value(), content);
  }
  EXPECT_EQ(store_->List("").value().size(), 1U);
  EXPECT_EQ(store_->PutFile("a/file", files_, "/absent").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->PutFile("../x", files_, "/file").error().code, ErrorCode::kInvalidArgument);
}

TEST_P(ObjectStoreContract, ListsByPrefix) {
  for (const char* name : {"b/2", "b/1", "a", "b/10", "bb", "b/c/d"})
    ASSERT_TRUE(store_->Put(name, name).has_value());
  const auto names = [&](const char* prefix) {
    std::vector<std::string> found;
    const auto objects = store_->List(prefix).value();
    for (const ObjectInfo& object : objects) {
      EXPECT_EQ(object.size, object.name.size());
      found.push_back(object.name);
    }
    return found;
  };
  EXPECT_THAT(names(""), ElementsAre("a", "b/1", "b/10", "b/2", "b/c/d", "bb"));
  EXPECT_THAT(names("b"), ElementsAre("b/1", "b/10", "b/2", "b/c/d", "bb"));
  EXPECT_THAT(names("b/"), ElementsAre("b/1", "b/10", "b/2", "b/c/d"));
  EXPECT_THAT(names("b/1"), ElementsAre("b/1", "b/10"));
  EXPECT_THAT(names("b/c/"), ElementsAre("b/c/d"));
  EXPECT_THAT(names("x/y/z"), IsEmpty());
}

TEST_P(ObjectStoreContract, Deletes) {
  ASSERT_TRUE(store_->Put("a/b", "x").has_value());
  ASSERT_TRUE(store_->Delete("a/b").has_value());
  ASSERT_TRUE(store_->Delete("a/b").has_value());
  ASSERT_TRUE(store_->Delete("never/was").has_value());
  EXPECT_EQ(store_->Get("a/b", 0, kAll).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->Size("a/b").error().code, ErrorCode::kNotFound);
  EXPECT_THAT(store_->List("").value(), IsEmpty());
}

TEST_P(ObjectStoreContract, RefusesBadNames) {
  for (const std::string& name :
       {std::string(), std::string("/"), std::string("/a"), std::string("a/"), std::string("a//b"),
        std::string("."), std::string(".."), std::string("a/../b"), std::string(".hidden"),
        std::string("a b"), std::string("a\\b"), std::string("a\0b", 3), std::string("\xc3\xa4"),
        std::string("a/") + std::string(241, 'a'), std::string(513, 'a')}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(store_->Put(name, "x").error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(store_->Get(name, 0, 1).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(store_->Size(name).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(store_->Delete(name).error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_TRUE(store_->Put(std::string(200, 'a') + "/tenant=x%2f..%/Z_9-.b", "x").has_value());
}

std::string BackendName(const ::testing::TestParamInfo<Backend>& backend) {
  switch (backend.param) {
    case Backend::kDirectory:
      return "Directory";
    case Backend::kMemory:
      return "Memory";
    case Backend::kFaultyAndRetried:
      return "FaultyAndRetried";
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(Backends, ObjectStoreContract,
                         ::testing::Values(Backend::kDirectory, Backend::kMemory, Backend::kFaultyAndRetried),
                         BackendName);

// O1 at every point where the power may fail, with every kind of loss.
TEST(DirectoryObjectStore, HasNoPartialObjects) {
  for (std::uint64_t cut = 0; cut < 12; ++cut) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      SCOPED_TRACE(::testing::Message() << "cut=" << cut << " seed=" << seed);
      io::MemoryFileSystem files;
      auto store = OpenDirectoryObjectStore(files, "/objects").value();
      ASSERT_TRUE(store->Put("old", "old").has_value());
      files.CutPowerAfter(cut);
      const bool replaced = store->Put("old", "new").has_value();
      const bool added = store->Put("dir/added", "added").has_value();
      const bool deleted = store->Delete("old").has_value();
      files.Crash(
          {.unsynced = seed == 0 ? io::CrashPolicy::Unsynced::kLost : io::CrashPolicy::Unsynced::kTorn,
           .seed = seed});
      store = OpenDirectoryObjectStore(files, "/objects").value();

      // Each object is absent or whole, and what was acknowledged holds.
      const std::string old = store->Get("old", 0, kAll).value_or("absent");
      EXPECT_THAT(old, AnyOf("old", "new", "absent"));
      EXPECT_TRUE(!replaced || old != "old");
      EXPECT_TRUE(!deleted || old == "absent");
      const std::string fresh = store->Get("dir/added", 0, kAll).value_or("absent");
      EXPECT_THAT(fresh, AnyOf("added", "absent"));
      EXPECT_TRUE(!added || fresh == "added");
      const auto objects = store->List("").value();
      for (const ObjectInfo& object : objects)
        EXPECT_THAT(object.name, AnyOf("old", "dir/added"));
    }
  }
}

// The same for a file that becomes an object: by a link on the same disk, by a copy from another file system.
TEST(DirectoryObjectStore, HasNoPartialObjectsOfFiles) {
  for (const bool is_same_disk : {true, false}) {
    for (std::uint64_t cut = 0; cut < 10; ++cut) {
      for (std::uint64_t seed = 0; seed < 8; ++seed) {
        SCOPED_TRACE(::testing::Message() << "same=" << is_same_disk << " cut=" << cut << " seed=" << seed);
        io::MemoryFileSystem files;
        io::MemoryFileSystem other;
        io::FileSystem& source = is_same_disk ? files : other;
        auto store = OpenDirectoryObjectStore(files, "/objects").value();
        {
          // Written but not synced: an object is durable all the same.
          const auto file = source.OpenAppend("/file", io::OpenMode::kCreateNew).value();
          const std::vector<ByteView> pieces = {AsBytes("content")};
          ASSERT_TRUE(file->Append(pieces).has_value());
        }
        files.CutPowerAfter(cut);
        const bool added = store->PutFile("dir/added", source, "/file").has_value();
        files.Crash(
            {.unsynced = seed == 0 ? io::CrashPolicy::Unsynced::kLost : io::CrashPolicy::Unsynced::kTorn,
             .seed = seed});
        store = OpenDirectoryObjectStore(files, "/objects").value();
        const std::string found = store->Get("dir/added", 0, kAll).value_or("absent");
        EXPECT_THAT(found, AnyOf("content", "absent"));
        EXPECT_TRUE(!added || found == "content");
        EXPECT_EQ(store->List("").value().size(), found == "absent" ? 0U : 1U);
      }
    }
  }
}

TEST(DirectoryObjectStore, AFileOfItsDiskTakesNoRoom) {
  io::MemoryFileSystem files;
  const auto store = OpenDirectoryObjectStore(files, "/objects").value();
  ASSERT_TRUE(io::WriteFileAtomically(files, "/file", std::string(60, 'x')).has_value());
  files.SetCapacity(100);
  ASSERT_TRUE(store->PutFile("a", files, "/file").has_value());
  EXPECT_EQ(files.FreeBytes("/").value(), 40U);
  // A disk whose files cannot have two names gets a copy, which may not fit.
  files.Inject({.operation = io::FileOperation::kLink, .error = {ErrorCode::kUnsupported, "no links"}});
  EXPECT_EQ(store->PutFile("b", files, "/file").error().code, ErrorCode::kResourceExhausted);
  files.SetCapacity(200);
  files.Inject({.operation = io::FileOperation::kLink, .error = {ErrorCode::kUnsupported, "no links"}});
  ASSERT_TRUE(store->PutFile("b", files, "/file").has_value());
  EXPECT_EQ(files.FreeBytes("/").value(), 80U);
}

TEST(DirectoryObjectStore, AFullDiskLeavesTheOldObject) {
  io::MemoryFileSystem files;
  const auto store = OpenDirectoryObjectStore(files, "/objects").value();
  ASSERT_TRUE(store->Put("a", "12345").has_value());
  files.SetCapacity(8);
  EXPECT_EQ(store->Put("a", "123456").error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(store->Get("a", 0, kAll).value(), "12345");
  EXPECT_EQ(store->List("").value().size(), 1U);
}

TEST(MemoryObjectStore, FailsAsTold) {
  MemoryObjectStore store;
  store.Inject({.operation = ObjectOperation::kPut, .nth = 2});
  store.Inject(
      {.operation = ObjectOperation::kPut, .nth = 3, .effect = ObjectFault::Effect::kDoneAndDisowned});
  EXPECT_TRUE(store.Put("a", "1").has_value());
  EXPECT_FALSE(store.Put("b", "2").has_value());
  EXPECT_FALSE(store.Put("c", "3").has_value());
  EXPECT_TRUE(store.Put("d", "4").has_value());
  EXPECT_FALSE(store.Get("b", 0, 1).has_value());
  EXPECT_EQ(store.Get("c", 0, 1).value(), "3");
  store.FlipBits("d", 0, 1);
  EXPECT_EQ(store.Get("d", 0, 1).value(), "5");
}

}  // namespace
}  // namespace tickscope::objstore
