// DurableWindows: what a start finds after a kill, a power cut, a torn journal and a damaged snapshot.
#include "aggregate/durable_windows.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/memory_file_system.h"

namespace tickscope::aggregate {
namespace {

constexpr TimeMs kStartMs = 1'700'000'000'000;
constexpr const char* kDirectory = "/state";

class DurableWindowsTest : public testing::Test {
 protected:
  DurableWindowsTest() { Start(); }
  void Start() {
    durable_.reset();
    auto opened = DurableWindows::Open(&fs_, kDirectory, {});
    ASSERT_TRUE(opened) << opened.error().message;
    durable_ = *std::move(opened);
    durable_->windows().Begin(kStartMs);
  }
  // A counter that began with us says this.
  void Say(TimeMs after_ms, double value) {
    GroupSpec group{.rule = 1, .metric = "m", .kind = GroupKind::kCounter};
    group.functions = {schema::AggregateFunction::kSum};
    const InputId input = durable_->windows().InputOf({1, 1}, group).value();
    EXPECT_FALSE(durable_->windows().Add(
        input, {.time_ms = kStartMs + after_ms, .start_ms = kStartMs, .value = value}));
    durable_->Write();
  }
  [[nodiscard]] std::vector<double> Close(TimeMs after_ms) {
    std::vector<double> values;
    for (const Emission& emission : durable_->Close(kStartMs + after_ms))
      values.push_back(emission.value);
    return values;
  }
  [[nodiscard]] std::vector<std::string> Files() {
    const auto entries = fs_.List(kDirectory).value();
    std::vector<std::string> names;
    for (const io::DirectoryEntry& entry : entries)
      names.push_back(entry.name);
    return names;
  }

  io::MemoryFileSystem fs_;
  std::unique_ptr<DurableWindows> durable_;
};

TEST_F(DurableWindowsTest, WhatWasWrittenIsThereAfterAKill) {
  Say(1'000, 5);
  Start();
  Say(2'000, 7);
  Start();
  EXPECT_EQ(Close(10'000), std::vector<double>{7});
}

TEST_F(DurableWindowsTest, AWindowThatWasNotHandedOnComesAgain) {
  Say(1'000, 5);
  EXPECT_EQ(Close(10'000), std::vector<double>{5});
  durable_->NoteAttempt("here");
  Start();
  ASSERT_EQ(durable_->unfinished().emissions.size(), 1U);
  EXPECT_EQ(durable_->unfinished().emissions[0].value, 5);
  EXPECT_EQ(durable_->unfinished().attempts, std::vector<std::string>{"here"});
  durable_->NoteAttempt("there");
  Start();
  EXPECT_EQ(durable_->unfinished().attempts, (std::vector<std::string>{"here", "there"}));
  durable_->NoteHandedOn();
  Start();
  EXPECT_TRUE(durable_->unfinished().emissions.empty());
  EXPECT_TRUE(Close(10'000).empty());
}

TEST_F(DurableWindowsTest, AWindowThatWasReturnedSurvivesAPowerCut) {
  Say(1'000, 5);
  EXPECT_EQ(Close(10'000), std::vector<double>{5});
  durable_.reset();
  fs_.Crash({.unsynced = io::CrashPolicy::Unsynced::kLost, .seed = 1});
  Start();
  ASSERT_EQ(durable_->unfinished().emissions.size(), 1U);
  EXPECT_EQ(durable_->unfinished().emissions[0].value, 5);
}

TEST_F(DurableWindowsTest, ATornEndIsCutOff) {
  Say(1'000, 5);
  durable_->Sync();
  for (std::uint64_t kept = 0; kept < 40; ++kept) {
    fs_.Inject({.operation = io::FileOperation::kAppend, .bytes_kept = kept});
    Say(2'000 + static_cast<TimeMs>(kept), 6);
    fs_.ClearFaults();
    Start();
  }
  EXPECT_EQ(durable_->errors(), 0U);
  Say(9'000, 8);
  Start();
  EXPECT_EQ(Close(10'000), std::vector<double>{8});
}

TEST_F(DurableWindowsTest, TheJournalIsReplacedBeforeItIsLong) {
  std::uint64_t most = 0;
  for (int i = 1; i <= 100'000; ++i) {
    Say(i * 10, i);
    if (i % 100 == 0) {
      static_cast<void>(Close(i * 10));
      durable_->NoteHandedOn();
      durable_->Sync();
      most = std::max(most, durable_->disk_bytes());
    }
  }
  EXPECT_LT(most, 2U << 20);
  EXPECT_EQ(Files(), (std::vector<std::string>{"journal-00000000000000000002", "snapshot"}));
  Start();
  EXPECT_EQ(Close(1'000'000), std::vector<double>{});
  Say(1'001'000, 100'007);
  EXPECT_EQ(Close(1'010'000), std::vector<double>{100'007});
}

TEST_F(DurableWindowsTest, ADiskThatFailedTakesASnapshotWhenItIsBack) {
  fs_.Inject({.operation = io::FileOperation::kAppend, .times = io::FileFault::kForever});
  Say(1'000, 5);
  EXPECT_TRUE(durable_->is_broken());
  durable_->Sync();
  EXPECT_TRUE(durable_->is_broken());
  fs_.ClearFaults();
  durable_->Sync();
  EXPECT_FALSE(durable_->is_broken());
  EXPECT_GE(durable_->errors(), 2U);
  Start();
  EXPECT_EQ(Close(10'000), std::vector<double>{5});
}

TEST_F(DurableWindowsTest, ADamagedSnapshotIsSetAside) {
  Say(1'000, 5);
  fs_.Inject({.operation = io::FileOperation::kSync});
  durable_->Sync();
  fs_.ClearFaults();
  durable_->Sync();
  const std::string path = std::string(kDirectory) + "/snapshot";
  std::string snapshot = io::ReadWholeFile(fs_, path, 1U << 20U).value();
  snapshot[20] ^= 1;
  ASSERT_TRUE(io::WriteFileAtomically(fs_, path, snapshot));
  Start();
  EXPECT_EQ(durable_->errors(), 1U);
  EXPECT_TRUE(Close(10'000).empty());
  Say(11'000, 6);
  Start();
  EXPECT_EQ(durable_->errors(), 0U);
  EXPECT_EQ(Close(20'000), std::vector<double>{6});
}

}  // namespace
}  // namespace tickscope::aggregate
