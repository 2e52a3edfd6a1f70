// KeyedLog against a plain map, through every place where the power can go: what was acknowledged is there, what was refused is
// not, whatever the disk did.
#include "console/keyed_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/memory_file_system.h"

namespace tickscope::console {
namespace {

using ::testing::HasSubstr;

constexpr const char* kPath = "console/log";

std::unique_ptr<KeyedLog> Opened(io::FileSystem& fs, KeyedLogLimits limits = {}) {
  auto log = KeyedLog::Open(fs, kPath, limits);
  EXPECT_TRUE(log.has_value()) << (log ? "" : log.error().message);
  return log ? *std::move(log) : nullptr;
}

std::map<std::string, std::string> All(const KeyedLog& log) {
  std::map<std::string, std::string> all;
  for (const auto& [key, entry] : log.List(""))
    all[key] = entry->value;
  return all;
}

Status Remove(KeyedLog& log, const std::string& key) {
  return log.Update(key, 3, [](const KeyedEntry*) -> Result<KeyedLog::Change> { return std::nullopt; });
}

TEST(KeyedLog, KeepsWhatItWasTold) {
  io::MemoryFileSystem fs;
  const std::string binary("\0\n put 0\nx", 10);
  {
    const auto log = Opened(fs);
    ASSERT_TRUE(log->Put("t/a", 1, "one"));
    ASSERT_TRUE(log->Put("t/b", 2, binary));
    ASSERT_TRUE(log->Put("t/a", 3, ""));
    ASSERT_TRUE(log->Put("u/c", 4, "three"));
    ASSERT_TRUE(Remove(*log, "u/c"));
    ASSERT_TRUE(Remove(*log, "never"));
  }
  const auto log = Opened(fs);
  EXPECT_EQ(All(*log), (std::map<std::string, std::string>{{"t/a", ""}, {"t/b", binary}}));
  EXPECT_EQ(log->Find("t/a")->time_ms, 3);
  EXPECT_EQ(log->Find("u/c"), nullptr);
  EXPECT_EQ(log->List("t/").size(), 2U);
  EXPECT_EQ(log->List("u/").size(), 0U);
}

TEST(KeyedLog, DecidesOnWhatThereIs) {
  io::MemoryFileSystem fs;
  const auto log = Opened(fs);
  ASSERT_TRUE(log->Put("k", 1, "one"));
  const Status refused = log->Update("k", 2, [](const KeyedEntry* present) -> Result<KeyedLog::Change> {
    return Fail(ErrorCode::kAlreadyExists, "there is " + present->value);
  });
  EXPECT_EQ(refused.error().message, "there is one");
  EXPECT_EQ(log->Find("k")->value, "one");
}

TEST(KeyedLog, PowerMayGoAnywhere) {
  // Each step is acknowledged or not; what is read after the crash is one or the other, and all before it.
  const auto run = [](io::MemoryFileSystem& fs, std::map<std::string, std::string>& acknowledged,
                      std::map<std::string, std::string>& attempted) {
    auto log = KeyedLog::Open(fs, kPath, {});
    if (!log) return;
    for (int i = 0; i < 6; ++i) {
      const std::string key(1, static_cast<char>('0' + i % 3));
      attempted = acknowledged;
      if (i == 4) {
        attempted.erase(key);
        if (!Remove(**log, key)) return;
      } else {
        attempted[key] = std::string(100, static_cast<char>('a' + i));
        if (!(*log)->Put(key, i, attempted[key])) return;
      }
      acknowledged = attempted;
    }
  };
  io::MemoryFileSystem whole;
  std::map<std::string, std::string> acknowledged;
  std::map<std::string, std::string> attempted;
  run(whole, acknowledged, attempted);
  ASSERT_EQ(acknowledged.size(), 2U);
  const std::uint64_t changes = whole.change_count();
  ASSERT_GT(changes, 10U);
  for (std::uint64_t cut = 0; cut < changes; ++cut) {
    for (const std::uint64_t seed : {0U, 1U, 2U}) {
      io::MemoryFileSystem fs;
      acknowledged.clear();
      attempted.clear();
      fs.CutPowerAfter(cut);
      run(fs, acknowledged, attempted);
      fs.Crash({.unsynced = seed == 0 ? io::CrashPolicy::Unsynced::kLost : io::CrashPolicy::Unsynced::kTorn,
                .seed = seed});
      const auto log = Opened(fs);
      ASSERT_NE(log, nullptr) << "cut=" << cut;
      const auto found = All(*log);
      EXPECT_TRUE(found == acknowledged || found == attempted) << "cut=" << cut << " seed=" << seed;
      EXPECT_TRUE(log->Put("after", 9, "x")) << "cut=" << cut;
    }
  }
}

TEST(KeyedLog, FullDiskCostsNothing) {
  io::MemoryFileSystem fs;
  const auto log = Opened(fs);
  ASSERT_TRUE(log->Put("a", 1, "one"));
  fs.SetCapacity(200);
  const Status full = log->Put("b", 2, std::string(1'000, 'x'));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(full.error().message, HasSubstr("nothing is stored"));
  EXPECT_EQ(log->Find("b"), nullptr);
  fs.SetCapacity(1U << 20);
  EXPECT_TRUE(log->Put("c", 3, "three")) << "room again";
  EXPECT_EQ(All(*Opened(fs)), (std::map<std::string, std::string>{{"a", "one"}, {"c", "three"}}));
}

TEST(KeyedLog, RefusesMoreThanItMayHold) {
  io::MemoryFileSystem fs;
  const auto log = Opened(fs, {.bytes_max = 100});
  ASSERT_TRUE(log->Put("a", 1, std::string(60, 'x')));
  EXPECT_EQ(log->Put("b", 1, std::string(60, 'x')).error().code, ErrorCode::kOutOfRange);
  ASSERT_TRUE(Remove(*log, "a"));
  EXPECT_TRUE(log->Put("b", 1, std::string(60, 'x')));
}

TEST(KeyedLog, DamageCostsOneRecord) {
  io::MemoryFileSystem fs;
  std::uint64_t first_end = 0;
  {
    const auto log = Opened(fs);
    ASSERT_TRUE(log->Put("a", 1, std::string(50, 'a')));
    first_end = io::ReadWholeFile(fs, kPath, 1U << 20)->size();
    ASSERT_TRUE(log->Put("b", 2, std::string(50, 'b')));
    ASSERT_TRUE(log->Put("c", 3, std::string(50, 'c')));
  }
  fs.FlipBits(kPath, first_end + 50, 0x10);
  const auto log = Opened(fs);
  EXPECT_EQ(log->List("").size(), 2U);
  EXPECT_EQ(log->Find("b"), nullptr);
  EXPECT_EQ(log->Find("c")->value, std::string(50, 'c'));
  EXPECT_TRUE(io::ReadWholeFile(fs, std::string(kPath) + ".damaged", 1U << 20).has_value());
  EXPECT_EQ(Opened(fs)->List("").size(), 2U) << "mended";
}

TEST(KeyedLog, AnotherFileIsNotTouched) {
  io::MemoryFileSystem fs;
  ASSERT_TRUE(fs.CreateDirectories("console"));
  ASSERT_TRUE(io::WriteFileAtomically(fs, kPath, "what is this"));
  EXPECT_EQ(KeyedLog::Open(fs, kPath, {}).error().code, ErrorCode::kCorruption);
  EXPECT_EQ(io::ReadWholeFile(fs, kPath, 100), "what is this");
}

TEST(KeyedLog, HistoryIsLetGo) {
  io::MemoryFileSystem fs;
  {
    const auto log = Opened(fs);
    for (int i = 0; i < 100; ++i)
      ASSERT_TRUE(log->Put("a", i, std::string(50'000, static_cast<char>('a' + i % 26))));
  }
  EXPECT_LT(io::ReadWholeFile(fs, kPath, 1U << 30)->size(), 1'300'000U) << "5 MB were written";
  EXPECT_EQ(Opened(fs)->Find("a")->value, std::string(50'000, static_cast<char>('a' + 99 % 26)));
}

}  // namespace
}  // namespace tickscope::console
