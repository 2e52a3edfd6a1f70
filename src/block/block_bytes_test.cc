// Blocks read by range: the same answers as from a file, no byte touched before it was asked for (those not here are
// 0xAA), few requests, and errors of fetching and damage on the way said as they are.
#include "block/block_bytes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/random.h"
#include "block/block_format.h"
#include "block/block_reader.h"
#include "block/block_writer.h"
#include "io/memory_file_system.h"

namespace tickscope::block {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;
constexpr std::size_t kRows = 1500;

// An object far away. Shared with the test, which looks at what was fetched.
struct Remote {
  explicit Remote(std::string content)
      : object(std::move(content)), here(object.size(), '\xaa'), is_here(object.size()) {}

  std::string object;
  std::string here;
  std::vector<bool> is_here;
  std::size_t requests = 0;  // That found something missing.
  std::size_t fetched_bytes = 0;
  std::size_t fail_at = SIZE_MAX;  // The request that fails.
};

class RemoteBytes final : public BlockBytes {
 public:
  explicit RemoteBytes(Remote& remote) : remote_(remote) {}

  [[nodiscard]] ByteView bytes() const override { return AsBytes(remote_.here); }
  [[nodiscard]] Status Ensure(std::uint64_t offset, std::uint64_t size) const override {
    EXPECT_LE(offset, remote_.object.size());
    EXPECT_LE(size, remote_.object.size() - offset);
    bool is_missing = false;
    for (std::uint64_t i = offset; i < offset + size; ++i)
      is_missing = is_missing || !remote_.is_here[i];
    if (!is_missing) return {};
    if (remote_.requests++ == remote_.fail_at)
      return Fail(ErrorCode::kUnavailable, "remote: fetching failed");
    for (std::uint64_t i = offset; i < offset + size; ++i) {
      if (!remote_.is_here[i]) ++remote_.fetched_bytes;
      remote_.is_here[i] = true;
      remote_.here[i] = remote_.object[i];
    }
    return {};
  }
  void Release(std::uint64_t /*offset*/, std::uint64_t /*size*/) const override {}

 private:
  Remote& remote_;
};

Result<std::shared_ptr<const BlockReader>> OpenRemote(Remote& remote) {
  return BlockReader::Open(std::make_unique<RemoteBytes>(remote), "remote/a.block");
}

// A block whose index does not fit the tail: families of buckets, gauges that do not compress, a native histogram.
std::string MakeBlock(io::FileSystem& fs, std::size_t targets) {
  auto writer = BlockWriter::Create(fs, "/a.block", {.tenant = "t"});
  SeededRandom random(11);
  std::vector<TimeMs> times_ms;
  for (std::size_t row = 0; row < kRows; ++row)
    times_ms.push_back(kStart + static_cast<TimeMs>(row) * 10'000);
  const TimesId times = writer->AddTimes(times_ms).value();
  std::vector<double> values(kRows);
  for (std::size_t target = 0; target < targets; ++target) {
    const std::string name = fmt::format("server-{:06}-{:08x}", target, random.Below(UINT32_MAX));
    if (target % 50 == 0) {
      for (double& value : values)
        value = random.Unit();
    } else {
      std::ranges::fill(values, static_cast<double>(target));
    }
    EXPECT_TRUE(writer->AddSeries(Labels::FromPairs({{"__name__", "load"}, {"server", name}}), times, values)
                    .has_value());
  }
  SampleColumns native;
  for (int i = 0; i < 50; ++i) {
    Histogram histogram;
    histogram.positive_spans = {{0, 1}};
    histogram.positive_buckets = {static_cast<double>(i)};
    native.times_ms.push_back(times_ms[static_cast<std::size_t>(i)]);
    native.values.push_back(0);
    native.histograms.push_back(std::make_shared<const Histogram>(histogram));
  }
  EXPECT_TRUE(writer->AddMixedSeries(Labels::FromPairs({{"__name__", "native"}}), native).has_value());
  std::ranges::fill(values, 0);
  for (const char* le : {"1", "2", "3", "+Inf"}) {
    double sum = 0;
    for (double& value : values)
      value += sum += static_cast<double>(random.Below(1'000'000));
    EXPECT_TRUE(writer->AddSeries(Labels::FromPairs({{"__name__", "wait_bucket"}, {"le", le}}), times, values)
                    .has_value());
  }
  EXPECT_TRUE(writer->Finish().has_value());
  return io::ReadWholeFile(fs, "/a.block", 1 << 30).value();
}

class BlockBytesTest : public ::testing::Test {
 protected:
  io::MemoryFileSystem fs_;
  const std::string object_ = MakeBlock(fs_, 2500);
  const std::shared_ptr<const BlockReader> local_ = BlockReader::Open(fs_, "/a.block").value();
};

TEST_F(BlockBytesTest, OpensInFewRanges) {
  Remote remote(object_);
  const auto block = OpenRemote(remote);
  ASSERT_TRUE(block.has_value()) << block.error().message;
  EXPECT_LE(remote.requests, 3U);
  // Index but for series and postings, and what lies between.
  std::uint64_t index_bytes = kTailBytes + 2 * kFetchGapBytes;
  for (const std::uint8_t tag :
       {kPagesTag, kTimesTag, kSymbolsTag, kLabelsTag, kGroupsTag, kSketchTag, kMetaTag})
    index_bytes += local_->SectionBytes(tag);
  EXPECT_LE(remote.fetched_bytes, index_bytes);
  EXPECT_GT((*block)->SectionBytes(kColumnsTag), 2 * index_bytes);
  EXPECT_EQ((*block)->meta().series_count, local_->meta().series_count);

  // Of a small block the tail is all of the index.
  io::MemoryFileSystem fs;
  Remote small(MakeBlock(fs, 20));
  ASSERT_TRUE(OpenRemote(small).has_value());
  EXPECT_EQ(small.requests, 1U);
}

// What a block is asked; the answer as text.
struct Question {
  const char* name;
  std::size_t requests_max;  // On a block that has just been opened.
  std::function<std::string(const BlockReader&)> ask;
};

std::string Show(const Status& status) {
  return status ? "sound" : status.error().message;
}

std::string ShowSamples(const BlockReader& block, SeriesId id, TimeMs start_ms, TimeMs end_ms) {
  SampleColumns samples;
  const Status read = block.ReadSamples(id, start_ms, end_ms, samples);
  double sum = 0;
  for (const double value : samples.values)
    sum += value;
  return fmt::format("{} {} samples, {}", Show(read), samples.size(), sum);
}

TEST_F(BlockBytesTest, AnswersAsAFileDoes) {
  const auto last = static_cast<SeriesId>(local_->meta().series_count - 1);
  const Question questions[] = {
      {"select", 1,
       [](const BlockReader& block) {
         return fmt::format("{}", block.Select({Matcher::Equal("__name__", "wait_bucket")}).value().size());
       }},
      {"labels", 1, [&](const BlockReader& block) { return block.LabelsOf(last).value().ToString(); }},
      {"label values", 0,
       [](const BlockReader& block) {
         return fmt::format("{}", block.LabelValues("server", {}).value().size());
       }},
      {"sketch", 0,
       [](const BlockReader& block) { return fmt::format("{}", block.Sketch().value().Estimate()); }},
      // Entries, then one column; a bucket's with the three before it.
      {"a gauge", 2,
       [](const BlockReader& block) {
         return ShowSamples(block, static_cast<SeriesId>(0), INT64_MIN, INT64_MAX);
       }},
      {"a bucket", 9,
       [&](const BlockReader& block) { return ShowSamples(block, last, kStart, kStart + 60'000); }},
      {"the native histogram", 2,
       [&](const BlockReader& block) {
         return ShowSamples(block, static_cast<SeriesId>(static_cast<std::uint32_t>(last) - 4), INT64_MIN,
                            INT64_MAX);
       }},
      {"everything", 400, [](const BlockReader& block) { return Show(block.Verify({})); }},
      {"the index", 4, [](const BlockReader& block) { return Show(block.CheckIndex()); }},
      {"all pages", 1,
       [](const BlockReader& block) { return Show(block.CheckPages(0, block.page_count())); }},
      {"the last page", 1,
       [](const BlockReader& block) { return Show(block.CheckPages(block.page_count() - 1, 9)); }},
  };
  for (const Question& question : questions) {
    SCOPED_TRACE(question.name);
    Remote remote(object_);
    const auto block = OpenRemote(remote);
    ASSERT_TRUE(block.has_value());
    const std::size_t before = remote.requests;
    EXPECT_EQ(question.ask(**block), question.ask(*local_));
    EXPECT_LE(remote.requests - before, question.requests_max);
  }
}

TEST_F(BlockBytesTest, PrefetchFetchesWhatReadingTouches) {
  const auto count = static_cast<std::uint32_t>(local_->meta().series_count);
  struct Case {
    const char* name;
    std::vector<std::uint32_t> ids;
    TimeMs start_ms;
    TimeMs end_ms;
    std::size_t requests_max;  // With one for the entries.
  };
  std::vector<std::uint32_t> all(count);
  for (std::uint32_t i = 0; i < count; ++i)
    all[i] = i;
  const Case cases[] = {
      {"nothing", {}, INT64_MIN, INT64_MAX, 0},
      {"one gauge", {0}, INT64_MIN, INT64_MAX, 2},
      {"neighbours", {0, 1, 2, 3, 50, 51}, INT64_MIN, INT64_MAX, 2},
      {"first and last", {0, count - 1}, INT64_MIN, INT64_MAX, 3},
      {"a bucket far along its chain", {count - 1}, INT64_MIN, INT64_MAX, 2},
      {"a time without samples", {0, count - 1}, kStart - 2000, kStart - 1000, 1},
      {"the histogram, in another order", {count - 5, 0}, INT64_MIN, INT64_MAX, 3},
      {"all", all, INT64_MIN, INT64_MAX, 2},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    Remote remote(object_);
    const auto block = OpenRemote(remote).value();
    const std::size_t before = remote.requests;
    std::vector<SeriesId> ids;
    for (const std::uint32_t id : each.ids)
      ids.push_back(static_cast<SeriesId>(id));
    const Status fetched = block->Prefetch(ids, each.start_ms, each.end_ms);
    ASSERT_TRUE(fetched.has_value()) << fetched.error().message;
    EXPECT_LE(remote.requests - before, each.requests_max);
    const std::size_t after = remote.requests;
    for (const SeriesId id : ids)
      EXPECT_EQ(ShowSamples(*block, id, each.start_ms, each.end_ms),
                ShowSamples(*local_, id, each.start_ms, each.end_ms));
    EXPECT_EQ(remote.requests, after);
  }
  Remote remote(object_);
  const SeriesId beyond[] = {static_cast<SeriesId>(count)};
  EXPECT_EQ(OpenRemote(remote).value()->Prefetch(beyond, 0, 1).error().code, ErrorCode::kOutOfRange);
}

TEST_F(BlockBytesTest, ColumnsInOrderAreFetchedAhead) {
  Remote remote(object_);
  const auto block = OpenRemote(remote).value();
  const std::size_t before = remote.requests;
  const std::uint64_t size = block->SectionBytes(kColumnsTag);
  ASSERT_TRUE(block->PrefetchColumns(0, size / 2).has_value());
  ASSERT_TRUE(block->PrefetchColumns(size / 2, size + 1000).has_value());
  ASSERT_TRUE(block->PrefetchColumns(size, size + 1000).has_value());
  EXPECT_EQ(remote.requests - before, 2U);
  ASSERT_TRUE(block->ColumnBytes(0, size).has_value());
  EXPECT_EQ(remote.requests - before, 2U);
}

TEST_F(BlockBytesTest, AFetchThatFailsIsSaidAndMayBeTriedAgain) {
  // Every request in turn, until all of it went through.
  bool is_through = false;
  for (std::size_t fail_at = 0; !is_through; ++fail_at) {
    Remote remote(object_);
    remote.fail_at = fail_at;
    auto block = OpenRemote(remote);
    if (!block) {
      EXPECT_EQ(block.error().code, ErrorCode::kUnavailable);
      block = OpenRemote(remote);
      ASSERT_TRUE(block.has_value());
    }
    const std::vector<SeriesId> ids = {static_cast<SeriesId>(0), static_cast<SeriesId>(2503)};
    SampleColumns samples;
    const auto read = [&]() -> Status {
      TICKSCOPE_ASSIGN_OR_RETURN(const auto selected,
                                 (*block)->Select({Matcher::Equal("__name__", "native")}));
      TICKSCOPE_RETURN_IF_ERROR((*block)->Prefetch(ids, INT64_MIN, INT64_MAX));
      samples.Clear();
      return (*block)->ReadSamples(selected.front(), INT64_MIN, INT64_MAX, samples);
    };
    Status status = read();
    if (!status) {
      EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
      status = read();
      ASSERT_TRUE(status.has_value()) << status.error().message;
    }
    EXPECT_EQ(samples.size(), 50U);
    is_through = remote.requests <= fail_at;
    ASSERT_LT(fail_at, 50U);
  }
}

TEST_F(BlockBytesTest, DamageOnTheWayIsNamed) {
  // Bytes all over the file, those that cut it at the front among them.
  std::size_t named = 0;
  std::size_t flips = 0;
  for (std::size_t at = 0; at < object_.size(); at += at < 8 ? 1 : object_.size() / 40) {
    Remote remote(object_);
    remote.object[at] = static_cast<char>(remote.object[at] ^ 0x04);
    const auto block = OpenRemote(remote);
    const Status sound = block ? (*block)->Verify({}) : Status(std::unexpected(block.error()));
    ++flips;
    if (sound) continue;
    ++named;
    EXPECT_EQ(sound.error().code, ErrorCode::kCorruption);
    EXPECT_TRUE(sound.error().message.starts_with("remote/a.block: section ")) << sound.error().message;
  }
  EXPECT_EQ(named, flips);
}

TEST(Coalesce, JoinsWhatIsNear) {
  struct Case {
    const char* name;
    std::vector<ByteRange> ranges;
    std::vector<ByteRange> want;
  };
  const Case cases[] = {
      {"nothing", {}, {}},
      {"empty ranges go", {{5, 0}}, {}},
      {"one", {{5, 3}}, {{5, 3}}},
      {"overlapping, out of order", {{10, 10}, {0, 15}}, {{0, 20}}},
      {"one within another", {{0, 100}, {10, 10}}, {{0, 100}}},
      {"as far apart as may be", {{0, 10}, {10 + kFetchGapBytes, 1}}, {{0, 11 + kFetchGapBytes}}},
      {"a byte too far", {{0, 10}, {11 + kFetchGapBytes, 1}}, {{0, 10}, {11 + kFetchGapBytes, 1}}},
  };
  for (const Case& each : cases) {
    const std::vector<ByteRange> got = Coalesce(each.ranges);
    ASSERT_EQ(got.size(), each.want.size()) << each.name;
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].offset, each.want[i].offset) << each.name;
      EXPECT_EQ(got[i].size, each.want[i].size) << each.name;
    }
  }
}

}  // namespace
}  // namespace tickscope::block
