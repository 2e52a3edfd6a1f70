// Transfers: a copy is let go only for one that was read back whole, and whatever is wrong with it is told by place.
#include "objstore/transfer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/memory_file_system.h"
#include "objstore/memory_object_store.h"

namespace tickscope::objstore {
namespace {

using ::testing::HasSubstr;

std::string Pattern(std::size_t size) {
  std::string content(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    content[i] = static_cast<char>(i * 131 % 251);
  return content;
}

class Transfer : public ::testing::Test {
 protected:
  void Write(const std::string& content) {
    ASSERT_TRUE(io::WriteFileAtomically(files_, "/file", content).has_value());
  }
  io::MemoryFileSystem files_;
  MemoryObjectStore store_;
};

TEST_F(Transfer, ThereAndBack) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kTransferBytes - 1, kTransferBytes,
                                 kTransferBytes + 1, 2 * kTransferBytes + 5}) {
    SCOPED_TRACE(size);
    const std::string content = Pattern(size);
    Write(content);
    ASSERT_TRUE(PutFileVerified(store_, "o", files_, "/file").has_value());
    ASSERT_TRUE(FetchToFile(store_, "o", files_, "/back", size).has_value());
    EXPECT_EQ(io::ReadWholeFile(files_, "/back", size).value(), content);
    ASSERT_TRUE(PutVerified(store_, "p", content).has_value());
    EXPECT_TRUE(CompareWithFile(store_, "p", files_, "/file").has_value());
  }
}

TEST_F(Transfer, WhatIsThereIsNotSentAgain) {
  Write("content");
  ASSERT_TRUE(PutFileVerified(store_, "o", files_, "/file").has_value());
  store_.Inject({.operation = ObjectOperation::kPut, .times = 100});
  EXPECT_TRUE(PutFileVerified(store_, "o", files_, "/file").has_value());
  EXPECT_TRUE(PutVerified(store_, "o", "content").has_value());
  EXPECT_FALSE(PutVerified(store_, "o", "changed").has_value());
}

TEST_F(Transfer, DamageIsSentAnew) {
  Write("content");
  ASSERT_TRUE(PutFileVerified(store_, "o", files_, "/file").has_value());
  store_.FlipBits("o", 3, 1);
  const Status damaged = CompareWithFile(store_, "o", files_, "/file");
  ASSERT_FALSE(damaged.has_value());
  EXPECT_EQ(damaged.error().code, ErrorCode::kCorruption);
  EXPECT_EQ(damaged.error().message, "object is not what was stored: object=o offset=3");
  ASSERT_TRUE(PutFileVerified(store_, "o", files_, "/file").has_value());
  EXPECT_EQ(store_.Get("o", 0, 10).value(), "content");
}

TEST_F(Transfer, ALostAnswerIsNoLoss) {
  Write("content");
  store_.Inject({.operation = ObjectOperation::kPut, .effect = ObjectFault::Effect::kDoneAndDisowned});
  EXPECT_FALSE(PutFileVerified(store_, "o", files_, "/file").has_value());
  EXPECT_TRUE(PutFileVerified(store_, "o", files_, "/file").has_value());
}

TEST_F(Transfer, TellsWhatDiffers) {
  Write(Pattern(kTransferBytes + 10));
  EXPECT_EQ(CompareWithFile(store_, "o", files_, "/file").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(store_.Put("o", "short").has_value());
  EXPECT_THAT(CompareWithFile(store_, "o", files_, "/file").error().message,
              HasSubstr("bytes: got=5 want=4194314"));
  EXPECT_EQ(CompareWithFile(store_, "o", files_, "/absent").error().code, ErrorCode::kNotFound);
}

TEST_F(Transfer, FetchLeavesNothingBehindWhenItFails) {
  ASSERT_TRUE(store_.Put("o", Pattern(2 * kTransferBytes)).has_value());
  EXPECT_EQ(FetchToFile(store_, "absent", files_, "/back", 100).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(FetchToFile(store_, "o", files_, "/back", 100).error().code, ErrorCode::kOutOfRange);
  store_.Inject({.operation = ObjectOperation::kGet, .nth = 2});
  EXPECT_EQ(FetchToFile(store_, "o", files_, "/back", 1 << 30).error().code, ErrorCode::kUnavailable);
  files_.SetCapacity(kTransferBytes + 5);
  EXPECT_EQ(FetchToFile(store_, "o", files_, "/back", 1 << 30).error().code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(files_.List("/").value().empty());
}

}  // namespace
}  // namespace tickscope::objstore
