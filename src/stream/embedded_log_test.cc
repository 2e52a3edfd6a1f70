// Embedded log: an acknowledged record is read back exactly, whatever happens in between; one that failed
// never is. A plain list is the model; power cuts, failed syncs, full disks and flipped bits are the weather.
#include "stream/embedded_log.h"

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <thread>

#include "base/random.h"
#include "io/memory_file_system.h"
#include "stream/log_format.h"

namespace tickscope::stream {
namespace {

constexpr PartitionId kPartition{0};
constexpr const char* kDirectory = "/stream";

class Fixture {
 public:
  explicit Fixture(std::uint64_t segment_bytes_max = 1 << 20) : segment_bytes_max_(segment_bytes_max) {}

  [[nodiscard]] Status Open() {
    log_.reset();
    EmbeddedLogOptions options;
    options.directory = kDirectory;
    options.segment_bytes_max = segment_bytes_max_;
    options.disk_free_bytes_min = 0;
    auto log = OpenEmbeddedLog(fs, clock, metrics, options);
    if (!log) return std::unexpected(log.error());
    log_ = *std::move(log);
    return {};
  }
  void Stop() { log_.reset(); }

  // Appends and waits for the verdict, encoding again when the epoch moved.
  [[nodiscard]] Result<Offset> Append(std::string_view text) {
    while (true) {
      const ByteView bytes = AsBytes(text);
      std::promise<Result<Offset>> promise;
      const Status taken =
          log_->Append(kPartition, log_->CurrentEpoch(kPartition), {bytes.begin(), bytes.end()},
                       [&](Result<Offset> result) { promise.set_value(std::move(result)); });
      if (taken) return promise.get_future().get();
      if (taken.error().code != ErrorCode::kFailedPrecondition) return std::unexpected(taken.error());
    }
  }

  // Everything readable, by offset.
  [[nodiscard]] std::map<Offset, std::string> ReadAll() {
    std::map<Offset, std::string> all;
    Offset from = log_->StartOffset(kPartition);
    while (true) {
      auto records = log_->Read(kPartition, from, 1000);
      if (!records) {
        ADD_FAILURE() << records.error().message;
        return all;
      }
      if (records->empty()) return all;
      for (const Record& record : *records)
        all.emplace(record.offset, AsText(record.payload));
      from = records->back().offset + 1;
    }
  }

  [[nodiscard]] std::string LastSegment() {
    return std::string(kDirectory) + "/p0000/" +
           fs.List(std::string(kDirectory) + "/p0000").value().back().name;
  }

  Stream& log() { return *log_; }

  io::MemoryFileSystem fs;
  ManualClock clock{1'700'000'000'000};
  MetricRegistry metrics;

 private:
  std::uint64_t segment_bytes_max_;
  std::unique_ptr<Stream> log_;
};

TEST(EmbeddedLog, ReadsBackInOrderAcrossSegmentsAndRestarts) {
  Fixture fixture(200);
  ASSERT_TRUE(fixture.Open().has_value());
  for (int i = 0; i < 50; ++i)
    ASSERT_EQ(fixture.Append("record " + std::to_string(i)).value(), Offset(i));
  for (int restart = 0; restart < 3; ++restart) {
    const auto all = fixture.ReadAll();
    ASSERT_EQ(all.size(), 50U);
    for (int i = 0; i < 50; ++i)
      EXPECT_EQ(all.at(Offset(i)), "record " + std::to_string(i));
    ASSERT_TRUE(fixture.Open().has_value());
  }
  // Reading may start anywhere.
  EXPECT_EQ(AsText(fixture.log().Read(kPartition, 33, 1).value().front().payload), "record 33");
  EXPECT_TRUE(fixture.log().Read(kPartition, 50, 1).value().empty());
}

TEST(EmbeddedLog, ASegmentIsAnEpoch) {
  Fixture fixture(200);
  ASSERT_TRUE(fixture.Open().has_value());
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(fixture.Append("0123456789012345678901234567890123456789").has_value());
  std::map<Epoch, std::uint64_t> bytes_of_epoch;
  const std::vector<Record> first_read = fixture.log().Read(kPartition, 0, 1 << 20).value();
  for (const Record& record : first_read)
    bytes_of_epoch[record.epoch] += 64;
  EXPECT_EQ(bytes_of_epoch.size(), 1U);  // One read never spans segments.
  const Status stale = fixture.log().Append(kPartition, 0, Bytes(3), [](Result<Offset>) { FAIL(); });
  ASSERT_FALSE(stale.has_value());
  EXPECT_EQ(stale.error().code, ErrorCode::kFailedPrecondition);
}

TEST(EmbeddedLog, RefusesRecordsOverTheLimit) {
  Fixture fixture;
  ASSERT_TRUE(fixture.Open().has_value());
  EXPECT_EQ(fixture.Append(std::string(kPayloadBytesMax + 1, 'x')).error().code, ErrorCode::kOutOfRange);
}

TEST(EmbeddedLog, SecondOwnerIsRefused) {
  Fixture fixture;
  ASSERT_TRUE(fixture.Open().has_value());
  EmbeddedLogOptions options;
  options.directory = kDirectory;
  EXPECT_FALSE(OpenEmbeddedLog(fixture.fs, fixture.clock, fixture.metrics, options).has_value());
}

TEST(EmbeddedLog, PowerCutAtEveryChangeLosesNothingAcknowledged) {
  for (const auto unsynced : {io::CrashPolicy::Unsynced::kLost, io::CrashPolicy::Unsynced::kTorn}) {
    for (std::uint64_t cut = 0; cut < 60; ++cut) {
      SCOPED_TRACE("cut after " + std::to_string(cut));
      Fixture fixture(150);
      std::map<Offset, std::string> acknowledged;
      std::vector<std::string> sent;
      // Three lives, each ended by a cut; the second strikes while the first is recovered, too.
      for (std::uint64_t life = 0; life < 3; ++life) {
        fixture.fs.CutPowerAfter(life == 1 ? cut % 7 : cut);
        if (fixture.Open().has_value()) {
          for (int i = 0; i < 12; ++i) {
            sent.push_back("life " + std::to_string(life) + " record " + std::to_string(i));
            const auto offset = fixture.Append(sent.back());
            if (offset) acknowledged[*offset] = sent.back();
          }
        }
        fixture.Stop();
        fixture.fs.Crash({.unsynced = unsynced, .seed = cut * 3 + life});
      }
      ASSERT_TRUE(fixture.Open().has_value());
      const auto all = fixture.ReadAll();
      for (const auto& [offset, text] : acknowledged) {
        ASSERT_TRUE(all.contains(offset)) << "lost " << text;
        EXPECT_EQ(all.at(offset), text);
      }
      // What is there was sent; a record in flight at a cut may have made it, once.
      for (const auto& [offset, text] : all)
        EXPECT_EQ(std::count(sent.begin(), sent.end(), text), 1) << text;
    }
  }
}

TEST(EmbeddedLog, DiskFullRefusesAndHalfWritesNothing) {
  Fixture fixture;
  ASSERT_TRUE(fixture.Open().has_value());
  ASSERT_TRUE(fixture.Append("first").has_value());
  fixture.fs.Inject({.operation = io::FileOperation::kAppend,
                     .times = 1,
                     .error = {ErrorCode::kResourceExhausted, "disk full"},
                     .bytes_kept = 11});
  const auto refused = fixture.Append("second");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  ASSERT_EQ(fixture.Append("third").value(), Offset{1});
  ASSERT_TRUE(fixture.Open().has_value());
  EXPECT_EQ(fixture.ReadAll(), (std::map<Offset, std::string>{{0, "first"}, {1, "third"}}));
}

TEST(EmbeddedLog, FailedSyncStopsUntilReopened) {
  Fixture fixture;
  ASSERT_TRUE(fixture.Open().has_value());
  ASSERT_TRUE(fixture.Append("first").has_value());
  fixture.fs.Inject({.operation = io::FileOperation::kSync});
  EXPECT_EQ(fixture.Append("second").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(fixture.Append("third").error().code, ErrorCode::kUnavailable);
  fixture.Stop();
  fixture.fs.Crash({});
  ASSERT_TRUE(fixture.Open().has_value());
  EXPECT_EQ(fixture.ReadAll(), (std::map<Offset, std::string>{{0, "first"}}));
  EXPECT_EQ(fixture.Append("fourth").value(), Offset{1});
}

TEST(EmbeddedLog, DamageInTheMiddleIsSkippedAndTheRestServed) {
  Fixture fixture;
  ASSERT_TRUE(fixture.Open().has_value());
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(fixture.Append("record " + std::to_string(i)).has_value());
  const std::string segment = fixture.LastSegment();
  fixture.Stop();
  // A byte of the payload of record 4.
  fixture.fs.FlipBits(segment, kSegmentHeaderBytes + 4 * (kFrameHeaderBytes + 8) + kFrameHeaderBytes + 2,
                      0x40);
  ASSERT_TRUE(fixture.Open().has_value());
  const auto all = fixture.ReadAll();
  EXPECT_EQ(all.size(), 9U);
  EXPECT_FALSE(all.contains(4));
  EXPECT_EQ(all.at(5), "record 5");
  EXPECT_EQ(fixture.Append("record 10").value(), Offset{10});
}

TEST(EmbeddedLog, RetentionRemovesWholeOldSegments) {
  Fixture fixture(150);
  ASSERT_TRUE(fixture.Open().has_value());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(fixture.Append("0123456789012345678901234567890123456789").has_value());
    fixture.clock.Advance(std::chrono::hours(3));
  }
  const Offset start = fixture.log().StartOffset(kPartition);
  EXPECT_GT(start, 5U);
  EXPECT_LT(start, 20U);
  EXPECT_EQ(fixture.log().Read(kPartition, 0, 1).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(fixture.ReadAll().size(), 20 - start);
}

TEST(EmbeddedLog, ManyWritersKeepTheirOrder) {
  Fixture fixture(4000);
  ASSERT_TRUE(fixture.Open().has_value());
  constexpr int kWriters = 4;
  constexpr int kRecords = 200;
  {
    std::vector<std::jthread> writers;
    for (int w = 0; w < kWriters; ++w) {
      writers.emplace_back([&fixture, w] {
        for (int i = 0; i < kRecords; ++i) {
          EXPECT_TRUE(fixture.Append(std::to_string(w) + ":" + std::to_string(i)).has_value());
        }
      });
    }
  }
  std::map<char, int> next;
  const auto all = fixture.ReadAll();
  EXPECT_EQ(all.size(), std::size_t{kWriters * kRecords});
  for (const auto& [offset, text] : all)
    EXPECT_EQ(std::stoi(text.substr(2)), next[text[0]]++);
}

TEST(LogFormat, NamesAndHeadersRoundTrip) {
  const auto name = ParseSegmentName(FormatSegmentName({.first_offset = 123, .epoch = 7}));
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->first_offset, 123U);
  EXPECT_EQ(name->epoch, 7U);
  for (const char* other :
       {"", "x.log", "00000000000000000123-0000000007.tmp", "0000000000000000012x-0000000007.log"}) {
    EXPECT_FALSE(ParseSegmentName(other).has_value()) << other;
  }
  Bytes header;
  PutSegmentHeader(*name, header);
  EXPECT_EQ(header.size(), kSegmentHeaderBytes);
  EXPECT_TRUE(CheckSegmentHeader(header, *name));
  EXPECT_FALSE(CheckSegmentHeader(header, {123, 8}));
}

}  // namespace
}  // namespace tickscope::stream
