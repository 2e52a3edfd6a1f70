// Protects Prometheus blocks: what the sink writes the reader gives back bit by bit, tombstones and the block's time apply,
// and a block that is cut or flipped anywhere is refused or read without harm. That Prometheus reads the same and we read
// Prometheus': tests/blackbox/test_import_export.py.
#include "exchange/prometheus_block.h"

#include <gtest/gtest.h>

#include <bit>
#include <memory>

#include "codec/crc32c.h"
#include "codec/varint.h"
#include "io/memory_file_system.h"
#include "model/sample.h"

namespace tickscope::exchange {
namespace {

constexpr TimeMs kStartMs = 1'699'999'200'000;

struct Series {
  Labels labels;
  SampleColumns samples;
};

std::vector<Series> SomeSeries() {
  std::vector<Series> all;
  for (int s = 0; s < 40; ++s) {
    Series series;
    const std::string number = std::to_string(100 + s);
    series.labels = Labels::FromPairs({{"__name__", "depth"}, {"queue", number}});
    for (int i = 0; i < 300; ++i) {
      series.samples.times_ms.push_back(kStartMs + i * 10'000 + s);
      series.samples.values.push_back(i % 97 == 3 ? StaleNan() : i * 0.25 + s);
    }
    all.push_back(std::move(series));
  }
  Series native;
  native.labels = Labels::FromPairs({{"__name__", "wait"}, {"unit", "s"}});
  for (int i = 0; i < 130; ++i) {
    Histogram histogram{.schema = 0, .count = i + 1.0, .sum = i * 0.5};
    histogram.positive_spans = {{1, 1}};
    histogram.positive_buckets = {i + 1.0};
    native.samples.times_ms.push_back(kStartMs + i * 10'000);
    native.samples.values.push_back(0);
    native.samples.histograms.push_back(std::make_shared<const Histogram>(std::move(histogram)));
  }
  all.push_back(std::move(native));
  return all;
}

std::string WriteBlock(io::FileSystem& fs, const std::vector<Series>& all) {
  SeededRandom random(5);
  PrometheusBlockSink sink(fs, "/out", kStartMs, random);
  EXPECT_TRUE(sink.BeginWindow({kStartMs, kStartMs + PrometheusBlockSink::kWindowMs - 1}).has_value());
  for (const Series& series : all)
    EXPECT_TRUE(sink.Add(series.labels, series.samples).has_value());
  EXPECT_TRUE(sink.EndWindow().has_value());
  EXPECT_TRUE(sink.Finish().has_value());
  EXPECT_EQ(sink.blocks().size(), 1U);
  return sink.blocks().at(0);
}

Result<std::vector<Series>> ReadBlock(io::FileSystem& fs, const std::string& directory) {
  TICKSCOPE_ASSIGN_OR_RETURN(const auto reader, PrometheusBlockReader::Open(fs, directory));
  std::vector<Series> all;
  while (true) {
    Series series;
    TICKSCOPE_ASSIGN_OR_RETURN(const bool more, reader->Next(series.labels, series.samples));
    if (!more) return all;
    all.push_back(std::move(series));
  }
}

void Overwrite(io::FileSystem& fs, const std::string& path, std::string_view content) {
  auto file = fs.OpenAppend(path, io::OpenMode::kTruncate).value();
  const ByteView piece = AsBytes(content);
  ASSERT_TRUE(file->Append({&piece, 1}).has_value());
  ASSERT_TRUE(file->Sync().has_value());
}

std::string Content(io::FileSystem& fs, const std::string& path) {
  return io::ReadWholeFile(fs, path, 64U << 20).value();
}

TEST(PrometheusBlock, RoundTrips) {
  io::MemoryFileSystem fs;
  const auto want = SomeSeries();
  const auto got = ReadBlock(fs, WriteBlock(fs, want));
  ASSERT_TRUE(got.has_value()) << got.error().message;
  ASSERT_EQ(got->size(), want.size());
  for (std::size_t s = 0; s < want.size(); ++s) {
    EXPECT_EQ((*got)[s].labels, want[s].labels);
    ASSERT_EQ((*got)[s].samples.times_ms, want[s].samples.times_ms);
    ASSERT_EQ((*got)[s].samples.histograms.size(), want[s].samples.histograms.size());
    for (std::size_t i = 0; i < want[s].samples.size(); ++i) {
      EXPECT_EQ(std::bit_cast<std::uint64_t>((*got)[s].samples.values[i]),
                std::bit_cast<std::uint64_t>(want[s].samples.values[i]));
      if (want[s].samples.histograms.empty()) continue;
      Histogram histogram = *(*got)[s].samples.histograms[i];
      histogram.reset_hint = ResetHint::kUnknown;
      EXPECT_EQ(histogram, *want[s].samples.histograms[i]);
    }
  }
}

TEST(PrometheusBlock, MetaTellsWhatIsThere) {
  io::MemoryFileSystem fs;
  const auto reader = PrometheusBlockReader::Open(fs, WriteBlock(fs, SomeSeries())).value();
  EXPECT_EQ(reader->meta().ulid.size(), 26U);
  EXPECT_EQ(reader->meta().series_count, 41U);
  EXPECT_EQ(reader->meta().sample_count, 40U * 300 + 130);
  EXPECT_EQ(reader->meta().chunk_count, 40U * 3 + 2);
  EXPECT_EQ(reader->meta().min_time_ms, kStartMs);
  EXPECT_EQ(reader->meta().max_time_ms, kStartMs + 299 * 10'000 + 39 + 1);
  EXPECT_EQ(FindPrometheusBlocks(fs, "/out").value().size(), 1U);
  EXPECT_EQ(FindPrometheusBlocks(fs, "/nowhere").error().code, ErrorCode::kNotFound);
}

TEST(PrometheusBlock, TombstonesAndTheBlocksTimeApply) {
  io::MemoryFileSystem fs;
  const std::string directory = WriteBlock(fs, SomeSeries());
  // The first series is at the first multiple of 16 after the symbols: its number is read from the index itself.
  const std::string index = Content(fs, directory + "/index");
  const auto* const contents = AsBytes(index).data() + index.size() - 52;
  const std::uint64_t first = LoadBig<std::uint64_t>(contents + 8) / 16;
  Bytes checked;
  checked.reserve(64);
  codec::PutVarint(first, checked);
  codec::PutZigZag(kStartMs, checked);
  codec::PutZigZag(kStartMs + 100'000, checked);
  Bytes tombstones;
  tombstones.reserve(64);
  PutBig(std::uint32_t{0x0130ba30}, tombstones);
  tombstones.push_back(std::byte{1});
  AppendBytes(checked, tombstones);
  PutBig(codec::Crc32c(checked), tombstones);
  Overwrite(fs, directory + "/tombstones", AsText(tombstones));
  std::string meta = Content(fs, directory + "/meta.json");
  const std::string max_time = std::to_string(kStartMs + 299 * 10'000 + 39 + 1);
  meta.replace(meta.find(max_time), max_time.size(), std::to_string(kStartMs + 2'000'000));
  Overwrite(fs, directory + "/meta.json", meta);

  const auto got = ReadBlock(fs, directory).value();
  EXPECT_EQ(got[0].samples.times_ms.front(), kStartMs + 110'000);
  EXPECT_EQ(got[0].samples.times_ms.back(), kStartMs + 1'990'000) << "maxTime is exclusive";
  EXPECT_EQ(got[1].samples.times_ms.front(), kStartMs + 1);

  tombstones[5] ^= std::byte{2};
  Overwrite(fs, directory + "/tombstones", AsText(tombstones));
  EXPECT_EQ(ReadBlock(fs, directory).error().code, ErrorCode::kCorruption);
}

TEST(PrometheusBlock, RefusesWhatIsCutAtAnyLength) {
  for (const char* name : {"/index", "/chunks/000001"}) {
    io::MemoryFileSystem fs;
    const std::string directory = WriteBlock(fs, SomeSeries());
    const std::string whole = Content(fs, directory + name);
    // Ends are dense, the middle is sampled.
    for (std::size_t size = 0; size < whole.size();
         size += size < 300 || size + 300 > whole.size() ? 1 : 97) {
      Overwrite(fs, directory + name, std::string_view(whole).substr(0, size));
      const auto got = ReadBlock(fs, directory);
      ASSERT_FALSE(got.has_value()) << name << " of " << size;
      EXPECT_EQ(got.error().code, ErrorCode::kCorruption) << got.error().message;
      EXPECT_NE(got.error().message.find(directory), std::string::npos) << got.error().message;
    }
  }
}

TEST(PrometheusBlock, RefusesWhatIsFlipped) {
  const auto want = SomeSeries();
  for (const char* name : {"/index", "/chunks/000001", "/meta.json"}) {
    io::MemoryFileSystem fs;
    const std::string directory = WriteBlock(fs, want);
    const std::string whole = Content(fs, directory + name);
    for (std::size_t at = 0; at < whole.size(); at += at < 200 || at + 200 > whole.size() ? 1 : 61) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x20);
      Overwrite(fs, directory + name, flipped);
      const auto got = ReadBlock(fs, directory);
      if (got) continue;  // Padding, postings nobody reads, a name.
      EXPECT_TRUE(got.error().code == ErrorCode::kCorruption || got.error().code == ErrorCode::kUnsupported)
          << got.error().message;
    }
  }
}

TEST(PrometheusBlock, AFullDiskLeavesNoBlock) {
  for (const std::uint64_t capacity : {0U, 100U, 20'000U, 60'000U}) {
    io::MemoryFileSystem fs;
    fs.SetCapacity(capacity);
    SeededRandom random(5);
    PrometheusBlockSink sink(fs, "/out", kStartMs, random);
    Status status = sink.BeginWindow({kStartMs, kStartMs + PrometheusBlockSink::kWindowMs - 1});
    for (const Series& series : SomeSeries()) {
      if (status) status = sink.Add(series.labels, series.samples);
    }
    if (status) status = sink.EndWindow();
    ASSERT_FALSE(status.has_value()) << capacity;
    EXPECT_EQ(status.error().code, ErrorCode::kResourceExhausted);
    EXPECT_FALSE(FindPrometheusBlocks(fs, "/out").has_value());
  }
}

}  // namespace
}  // namespace tickscope::exchange
