#include "spool/spool_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/memory_file_system.h"

namespace tickscope::spool {
namespace {

constexpr std::string_view kDirectory = "/spool/sli";

std::string PathOf(std::uint64_t ordinal) {
  return std::string(kDirectory) + "/" + SegmentName(ordinal);
}

std::string PayloadOf(std::uint64_t id, std::size_t bytes) {
  std::string text = "record " + std::to_string(id) + " ";
  while (text.size() < bytes)
    text.push_back(static_cast<char>('a' + (id + text.size()) % 26));
  return text;
}

class SpoolQueueTest : public testing::Test {
 protected:
  std::unique_ptr<SpoolQueue> Open(bool newest_first = false) {
    auto queue = SpoolQueue::Open(
        fs_, random_,
        {.directory = std::string(kDirectory), .segment_bytes = 1024, .newest_first = newest_first});
    EXPECT_TRUE(queue) << queue.error().message;
    return *std::move(queue);
  }
  static void Append(SpoolQueue& queue, std::uint64_t id, std::size_t bytes = 100) {
    const Status appended = queue.Append(AsBytes(PayloadOf(id, bytes)), 10, static_cast<TimeMs>(id));
    ASSERT_TRUE(appended) << appended.error().message;
  }
  // Everything that comes, done at once.
  static std::vector<std::uint64_t> Drain(SpoolQueue& queue) {
    std::vector<std::uint64_t> ids;
    while (true) {
      const auto record = queue.Next();
      EXPECT_TRUE(record) << record.error().message;
      if (!record || !*record) return ids;
      const auto id = static_cast<std::uint64_t>((*record)->made_ms);
      EXPECT_TRUE((*record)->payload.starts_with("record " + std::to_string(id) + " "));
      ids.push_back(id);
      queue.Done(**record);
    }
  }

  io::MemoryFileSystem fs_;
  SeededRandom random_{1};
};

TEST_F(SpoolQueueTest, ACursorOfSegmentsThatAreGoneSaysNothingOfNewOnes) {
  {
    const auto queue = Open();
    for (std::uint64_t id = 1; id <= 3; ++id)
      Append(*queue, id);
    EXPECT_EQ(Drain(*queue).size(), 3U);
    ASSERT_TRUE(queue->Commit());
    // The disk is full: the segment ends, and goes; where the cursor stands is not written any more. Then a kill.
    fs_.Inject({.operation = io::FileOperation::kAppend, .times = io::FileFault::kForever});
    EXPECT_FALSE(queue->Append(AsBytes("x"), 1, 4));
  }
  fs_.ClearFaults();
  {
    const auto queue = Open();
    for (std::uint64_t id = 5; id <= 7; ++id)
      Append(*queue, id);
  }
  const auto queue = Open();
  EXPECT_EQ(Drain(*queue), (std::vector<std::uint64_t>{5, 6, 7}));
}

TEST_F(SpoolQueueTest, KnowsTheLastNumberOfAnEpoch) {
  std::uint64_t epoch = 0;
  {
    const auto queue = Open();
    epoch = queue->epoch();
    EXPECT_EQ(queue->next_number(), 1U);
    for (std::uint64_t id = 1; id <= 20; ++id)
      Append(*queue, id);
    EXPECT_EQ(queue->next_number(), 21U);
  }
  {
    const auto queue = Open();
    Append(*queue, 21);
  }
  const auto queue = Open();
  EXPECT_EQ(queue->LastNumber(epoch).value(), 20U);
  EXPECT_EQ(queue->LastNumber(epoch + 1).value(), 0U);
}

TEST_F(SpoolQueueTest, RecordsComeInOrderAndSegmentsGo) {
  const auto queue = Open();
  for (std::uint64_t id = 1; id <= 50; ++id)
    Append(*queue, id, 90 + id);
  EXPECT_GT(fs_.List(std::string(kDirectory))->size(), 5U);
  std::vector<std::uint64_t> expected(50);
  for (std::size_t i = 0; i < 50; ++i)
    expected[i] = i + 1;
  EXPECT_EQ(Drain(*queue), expected);
  EXPECT_TRUE(queue->Commit());
  // The active segment, and the cursor.
  EXPECT_EQ(fs_.List(std::string(kDirectory))->size(), 2U);
  EXPECT_EQ(queue->waiting_bytes(), 0U);
  EXPECT_EQ(queue->damages(), 0U);
}

TEST_F(SpoolQueueTest, NewestFirstTakesTheNewestSegmentEachTime) {
  const auto queue = Open(true);
  for (std::uint64_t id = 1; id <= 12; ++id)  // Five a segment.
    Append(*queue, id, 150);
  const auto first = queue->Next();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->made_ms, 11);
  queue->Done(**first);
  Append(*queue, 13, 150);
  EXPECT_EQ(Drain(*queue), (std::vector<std::uint64_t>{12, 13, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5}));
}

TEST_F(SpoolQueueTest, AnotherStartGoesOnBehindWhatWasDone) {
  std::pair<std::uint64_t, std::uint64_t> second;
  {
    const auto queue = Open();
    for (std::uint64_t id = 1; id <= 9; ++id)
      Append(*queue, id);
    const auto record = queue->Next();
    queue->Done(**record);
    const auto in_flight = queue->Next();
    second = {(*in_flight)->epoch, (*in_flight)->number};
    ASSERT_TRUE(queue->Commit());
  }
  const auto queue = Open();
  const auto again = queue->Next();
  ASSERT_TRUE(again && *again);
  // The same record has the same identity; a new one never has it.
  EXPECT_EQ(std::pair((*again)->epoch, (*again)->number), second);
  queue->Done(**again);
  Append(*queue, 10);
  EXPECT_NE(queue->epoch(), second.first);
  EXPECT_EQ(Drain(*queue), (std::vector<std::uint64_t>{3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST_F(SpoolQueueTest, ADamagedRecordIsSkippedAndCounted) {
  {
    const auto queue = Open();
    for (std::uint64_t id = 1; id <= 5; ++id)
      Append(*queue, id, 100);
    ASSERT_TRUE(queue->Commit());
  }
  const std::uint64_t record = RecordBytes(100);
  fs_.FlipBits(PathOf(1), kSegmentHeaderBytes + record + 60, 1);      // In the second's payload,
  fs_.FlipBits(PathOf(1), kSegmentHeaderBytes + 3 * record + 4, 64);  // and in the fourth's size.
  const auto queue = Open();
  EXPECT_EQ(Drain(*queue), (std::vector<std::uint64_t>{1, 3, 5}));
  EXPECT_EQ(queue->damages(), 2U);
  EXPECT_TRUE(queue->Commit());
}

TEST_F(SpoolQueueTest, ADamagedHeaderLosesNoRecord) {
  {
    const auto queue = Open();
    Append(*queue, 1);
    ASSERT_TRUE(queue->Commit());
  }
  fs_.FlipBits(PathOf(1), 3, 1);
  const auto queue = Open();
  EXPECT_EQ(Drain(*queue), (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(queue->damages(), 1U);
}

TEST_F(SpoolQueueTest, ADamagedCursorGivesRecordsAgain) {
  {
    const auto queue = Open();
    for (std::uint64_t id = 1; id <= 3; ++id)
      Append(*queue, id);
    queue->Done(**queue->Next());
    ASSERT_TRUE(queue->Commit());
  }
  fs_.FlipBits(std::string(kDirectory) + "/cursor", 0, 0x40);
  const auto queue = Open();
  EXPECT_EQ(Drain(*queue), (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_F(SpoolQueueTest, TheOldestGoesFirstAndIsCounted) {
  const auto queue = Open();
  for (std::uint64_t id = 1; id <= 12; ++id)
    Append(*queue, id, 150);
  const auto in_flight = queue->Next();  // Holds the first segment.
  const auto lost = queue->DropOldest();
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->records, 5U);
  EXPECT_EQ(lost->items, 50U);
  queue->Done(**in_flight);
  EXPECT_EQ(Drain(*queue), (std::vector<std::uint64_t>{2, 3, 4, 5, 11, 12}));
}

TEST_F(SpoolQueueTest, WhatFailedToBeWrittenIsNotThere) {
  const auto queue = Open();
  Append(*queue, 1);
  fs_.Inject({.operation = io::FileOperation::kAppend,
              .error = {ErrorCode::kResourceExhausted, "full"},
              .bytes_kept = 50});
  EXPECT_FALSE(queue->Append(AsBytes(PayloadOf(2, 100)), 1, 2));
  Append(*queue, 3);
  EXPECT_EQ(Drain(*queue), (std::vector<std::uint64_t>{1, 3}));
  EXPECT_EQ(queue->damages(), 0U);
}

TEST_F(SpoolQueueTest, ASyncThatFailsIsSaidOnce) {
  const auto queue = Open();
  Append(*queue, 1);
  fs_.Inject({.operation = io::FileOperation::kSync});
  EXPECT_FALSE(queue->Commit());
  Append(*queue, 2);
  EXPECT_TRUE(queue->Commit());
  EXPECT_EQ(Drain(*queue), (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(SpoolQueueTest, ASegmentThatIsNeverReadBlocksNoOther) {
  const auto queue = Open();
  for (std::uint64_t id = 1; id <= 7; ++id)
    Append(*queue, id, 150);
  fs_.Inject({.operation = io::FileOperation::kRead,
              .times = io::FileFault::kForever,
              .path_contains = SegmentName(1)});
  int failures = 0;
  while (!queue->Next())
    ++failures;
  EXPECT_EQ(failures, 4);
  EXPECT_EQ(queue->damages(), 1U);
  EXPECT_EQ(Drain(*queue), (std::vector<std::uint64_t>{7}));
}

TEST_F(SpoolQueueTest, ARecordMayBeLargerThanASegmentButNotThanTheLargest) {
  const auto queue = Open();
  Append(*queue, 1, 5000);
  Append(*queue, 2);
  EXPECT_FALSE(queue->Append(Bytes(kPayloadBytesMax + 1), 1, 1));
  EXPECT_EQ(Drain(*queue), (std::vector<std::uint64_t>{1, 2}));
}

// Random work, cut off anywhere by a power cut or the end of the process: what was committed comes, what was done and committed does not come
// again, nothing comes that was not put in, and one identity is one record's for ever.
class SpoolCrashTest : public testing::TestWithParam<int> {};

TEST_P(SpoolCrashTest, NothingCommittedIsLostOrMixedUp) {
  SeededRandom dice(static_cast<std::uint64_t>(GetParam()));
  SeededRandom epochs(dice.Next());
  io::MemoryFileSystem fs;
  const bool newest_first = dice.Below(2) == 0;
  std::set<std::uint64_t> appended;   // Ids that may come.
  std::set<std::uint64_t> committed;  // Ids that must come, less those done.
  std::set<std::uint64_t> done_for_good;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> id_of;
  std::uint64_t next_id = 1;
  for (int start = 0; start < 8; ++start) {
    auto queue = SpoolQueue::Open(
        fs, epochs, {.directory = "/spool", .segment_bytes = 512, .newest_first = newest_first});
    ASSERT_TRUE(queue) << queue.error().message;
    std::set<std::uint64_t> uncommitted;
    std::set<std::uint64_t> done;
    std::vector<SpoolRecord> in_flight;
    std::set<std::uint64_t> came;
    bool is_cut = false;
    const bool is_to_be_cut = dice.Below(2) == 0;
    if (is_to_be_cut) fs.CutPowerAfter(dice.Below(120));
    const std::uint64_t work = 20 + dice.Below(100);
    for (std::uint64_t i = 0; i < work && !is_cut; ++i) {
      switch (dice.Below(5)) {
        case 0:
        case 1: {
          const std::uint64_t id = next_id++;
          // Also one that failed may come: its bytes may be there whole.
          appended.insert(id);
          const auto payload = PayloadOf(id, dice.Below(200));
          is_cut = !(*queue)->Append(AsBytes(payload), 1, static_cast<TimeMs>(id));
          if (!is_cut) uncommitted.insert(id);
          break;
        }
        case 2: {
          const auto record = (*queue)->Next();
          if (!record) {
            is_cut = true;
            break;
          }
          if (!*record) break;
          const auto id = static_cast<std::uint64_t>((*record)->made_ms);
          ASSERT_TRUE(appended.contains(id)) << id;
          ASSERT_FALSE(done_for_good.contains(id)) << id << " came again";
          ASSERT_TRUE(came.insert(id).second) << id << " came twice";
          ASSERT_TRUE((*record)->payload.starts_with("record " + std::to_string(id) + " "));
          const auto known = id_of.try_emplace({(*record)->epoch, (*record)->number}, id);
          ASSERT_EQ(known.first->second, id) << "one identity, two records";
          in_flight.push_back(**record);
          break;
        }
        case 3:
          if (!in_flight.empty()) {
            (*queue)->Done(in_flight.front());
            done.insert(static_cast<std::uint64_t>(in_flight.front().made_ms));
            in_flight.erase(in_flight.begin());
          }
          break;
        default:
          if (!(*queue)->Commit()) {
            is_cut = true;
            break;
          }
          committed.merge(uncommitted);
          uncommitted.clear();
          for (const std::uint64_t id : done)
            committed.erase(id);
          done_for_good.merge(done);
          done.clear();
      }
    }
    // What is done may be gone or come again, and so may what was not committed.
    for (const std::uint64_t id : done)
      committed.erase(id);
    queue->reset();
    // Else the process ended; a later power cut may still take what it did not commit.
    if (is_cut || is_to_be_cut || dice.Below(2) == 0) {
      fs.Crash({.unsynced =
                    dice.Below(2) == 0 ? io::CrashPolicy::Unsynced::kLost : io::CrashPolicy::Unsynced::kTorn,
                .seed = dice.Next()});
    }
  }
  auto queue = SpoolQueue::Open(fs, epochs, {.directory = "/spool", .segment_bytes = 512});
  ASSERT_TRUE(queue);
  std::set<std::uint64_t> came;
  while (true) {
    const auto record = (*queue)->Next();
    ASSERT_TRUE(record) << record.error().message;
    if (!*record) break;
    came.insert(static_cast<std::uint64_t>((*record)->made_ms));
    (*queue)->Done(**record);
  }
  for (const std::uint64_t id : committed)
    EXPECT_TRUE(came.contains(id)) << id << " was committed and is lost";
  for (const std::uint64_t id : came)
    EXPECT_TRUE(appended.contains(id) && !done_for_good.contains(id)) << id;
}

INSTANTIATE_TEST_SUITE_P(Seeds, SpoolCrashTest, testing::Range(0, 400));

TEST_F(SpoolQueueTest, TheNewestAreShownDoneOrNot) {
  const auto shown = [](const SpoolQueue& queue) {
    std::vector<std::string> payloads;
    EXPECT_TRUE(
        queue.VisitNewest([&](ByteView payload) { payloads.emplace_back(AsText(payload).substr(0, 9)); }));
    return payloads;
  };
  {
    const auto queue = Open();
    EXPECT_TRUE(shown(*queue).empty());
    // Seven fit into a segment of 1,024 bytes.
    for (std::uint64_t id = 1; id <= 9; ++id)
      Append(*queue, id);
    ASSERT_TRUE(queue->Commit());
    queue->Done(**queue->Next());
    EXPECT_EQ(shown(*queue).size(), 9U);
  }
  // Also what nobody committed: it was written, and a kill does not take it.
  const auto queue = Open();
  const std::vector<std::string> after = shown(*queue);
  ASSERT_EQ(after.size(), 9U);
  EXPECT_EQ(after.front(), "record 1 ");
  EXPECT_EQ(after.back(), "record 9 ");
  EXPECT_EQ(Drain(*queue).size(), 9U);
}

}  // namespace
}  // namespace tickscope::spool
