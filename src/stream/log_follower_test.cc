// LogFollower: whoever looks at a log's files sees what was written, in order, through segments, restarts and torn ends, and
// changes nothing.
#include "stream/log_follower.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "io/memory_file_system.h"
#include "stream/embedded_log.h"

namespace tickscope::stream {
namespace {

constexpr PartitionId kPartition{0};
constexpr const char* kDirectory = "/stream/p0000";

class Writer {
 public:
  void Open(std::uint64_t segment_bytes_max = 1U << 20) {
    log_.reset();
    EmbeddedLogOptions options;
    options.directory = "/stream";
    options.segment_bytes_max = segment_bytes_max;
    options.disk_free_bytes_min = 0;
    log_ = OpenEmbeddedLog(fs, clock, metrics, options).value();
  }
  void Append(std::string_view text) {
    std::promise<void> done;
    // A segment that is full ends the epoch.
    while (true) {
      const ByteView bytes = AsBytes(text);
      const Status taken =
          log_->Append(kPartition, log_->CurrentEpoch(kPartition), {bytes.begin(), bytes.end()},
                       [&](const Result<Offset>&) { done.set_value(); });
      if (taken) break;
      ASSERT_EQ(taken.error().code, ErrorCode::kFailedPrecondition);
    }
    done.get_future().wait();
  }

  io::MemoryFileSystem fs;
  ManualClock clock{1'700'000'000'000};
  MetricRegistry metrics;

 private:
  std::unique_ptr<Stream> log_;
};

// What a follower sees until there is nothing more for now.
std::string ReadOn(LogFollower& follower) {
  std::string seen;
  Record record;
  while (true) {
    const auto more = follower.Next(record);
    if (!more) return seen + "!" + more.error().message;
    if (!*more) return seen;
    seen += std::to_string(record.offset);
    seen += AsText(record.payload);
    seen += ' ';
  }
}

TEST(LogFollower, SeesWhatIsWrittenWhileItIsWritten) {
  Writer writer;
  writer.Open();
  LogFollower follower(writer.fs, kDirectory);
  EXPECT_EQ(ReadOn(follower), "");
  writer.Append("a");
  writer.Append("b");
  EXPECT_EQ(ReadOn(follower), "0a 1b ");
  EXPECT_EQ(ReadOn(follower), "");
  writer.Append("c");
  EXPECT_EQ(ReadOn(follower), "2c ");
  // A restart begins a new segment, which is empty at first.
  writer.Open();
  EXPECT_EQ(ReadOn(follower), "");
  writer.Append("d");
  EXPECT_EQ(ReadOn(follower), "3d ");
}

TEST(LogFollower, GoesFromSegmentToSegment) {
  Writer writer;
  writer.Open(100);
  std::string all;
  for (int i = 0; i < 20; ++i) {
    const std::string text(1, static_cast<char>('a' + i));
    writer.Append(text);
    all += std::to_string(i);
    all += text;
    all += ' ';
  }
  LogFollower follower(writer.fs, kDirectory);
  EXPECT_GT(follower.Segments().value().size(), 3U);
  EXPECT_EQ(ReadOn(follower), all);
  follower.Seek(18);
  EXPECT_EQ(ReadOn(follower), "18s 19t ");
  follower.Seek(20);
  EXPECT_EQ(ReadOn(follower), "");
  writer.Append("u");
  EXPECT_EQ(ReadOn(follower), "20u ");
}

TEST(LogFollower, BeginsWithWhatRetentionLeft) {
  Writer writer;
  writer.Open(100);
  for (int i = 0; i < 20; ++i)
    writer.Append("x");
  LogFollower follower(writer.fs, kDirectory);
  const std::vector<SegmentName> segments = follower.Segments().value();
  ASSERT_TRUE(writer.fs.Remove(std::string(kDirectory) + "/" + FormatSegmentName(segments.front())));
  const std::string seen = ReadOn(follower);
  EXPECT_TRUE(seen.starts_with(std::to_string(segments[1].first_offset) + "x ")) << seen;
  EXPECT_TRUE(seen.ends_with(" 19x ")) << seen;
}

TEST(LogFollower, WaitsForTheRestOfATornEnd) {
  Writer writer;
  writer.Open();
  writer.Append("a");
  LogFollower names(writer.fs, kDirectory);
  const std::string path = std::string(kDirectory) + "/" + FormatSegmentName(names.Segments().value().back());
  Bytes frame;
  const ByteView payload = AsBytes("b");
  PutFrameHeader(1, 0, payload, frame);
  AppendBytes(payload, frame);
  const auto file = writer.fs.OpenAppend(path, io::OpenMode::kOpenExisting).value();
  const ByteView half(frame.data(), 10);
  const ByteView rest = ByteView(frame).subspan(10);
  ASSERT_TRUE(file->Append(std::span(&half, 1)));
  LogFollower follower(writer.fs, kDirectory);
  EXPECT_EQ(ReadOn(follower), "0a ");
  ASSERT_TRUE(file->Append(std::span(&rest, 1)));
  EXPECT_EQ(ReadOn(follower), "1b ");
}

TEST(LogFollower, SaysWhenThereIsNoLog) {
  io::MemoryFileSystem fs;
  LogFollower follower(fs, "/nowhere");
  Record record;
  EXPECT_EQ(follower.Next(record).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tickscope::stream
