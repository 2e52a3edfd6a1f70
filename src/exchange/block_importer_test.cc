// Protects importing: whatever the order of samples, the memory and the windows, blocks hold exactly what a plain map of
// the first of each would; and a disk that fills up or fails leaves nothing behind.
#include "exchange/block_importer.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <memory>

#include "base/random.h"
#include "block/block_reader.h"
#include "codec/value_column.h"
#include "io/memory_file_system.h"
#include "model/sample.h"

namespace tickscope::exchange {
namespace {

constexpr TimeMs kHourMs = 3'600'000;
constexpr TimeMs kStartMs = 1'699'999'200'000;  // A multiple of two hours.

using Model = std::map<Labels, std::map<TimeMs, std::uint64_t>>;

Labels Name(std::uint64_t number) {
  const std::string text = std::to_string(number);
  return Labels::FromPairs({{"__name__", "m"}, {"n", text}});
}

ImportOptions Options() {
  return {.tenant = "eu", .directory = "/import/a", .id = "0a"};
}

Model ReadAll(io::FileSystem& fs, const std::string& directory, const ImportSummary& summary) {
  Model model;
  for (const ImportedBlock& block : summary.blocks) {
    const auto reader = block::BlockReader::Open(fs, directory + "/" + block.name).value();
    EXPECT_TRUE(reader->Verify({}).has_value());
    EXPECT_EQ(reader->meta().tenant, "eu");
    const auto ids = reader->Select({}).value();
    for (const block::SeriesId id : ids) {
      SampleColumns samples;
      EXPECT_TRUE(reader->ReadSamples(id, INT64_MIN, INT64_MAX, samples).has_value());
      auto& series = model[reader->LabelsOf(id).value()];
      for (std::size_t i = 0; i < samples.size(); ++i) {
        EXPECT_TRUE(
            series.emplace(samples.times_ms[i], std::bit_cast<std::uint64_t>(samples.values[i])).second);
      }
    }
  }
  return model;
}

SampleColumns Columns(std::vector<std::pair<TimeMs, double>> pairs) {
  SampleColumns samples;
  for (const auto& [time_ms, value] : pairs) {
    samples.times_ms.push_back(time_ms);
    samples.values.push_back(value);
  }
  return samples;
}

// Small memory makes many runs, and runs of runs.
TEST(BlockImporter, HoldsTheFirstOfEachWhateverTheOrder) {
  for (const std::size_t memory_bytes : {std::size_t{256} << 20, std::size_t{60'000}, std::size_t{6'000}}) {
    SCOPED_TRACE(memory_bytes);
    io::MemoryFileSystem fs;
    ImportOptions options = Options();
    options.memory_bytes = memory_bytes;
    auto importer = BlockImporter::Create(fs, options).value();
    Model model;
    SeededRandom random(11);
    std::uint64_t added = 0;
    for (int piece = 0; piece < 3000; ++piece) {
      const Labels labels = Name(random.Below(37));
      SampleColumns samples;
      for (std::uint64_t i = 0; i < 1 + random.Below(9); ++i) {
        const TimeMs time_ms = kStartMs + static_cast<TimeMs>(random.Below(5'000)) * 10'000;
        const double value = random.Below(50) == 0    ? StaleNan()
                             : random.Below(200) == 0 ? codec::MissingValue()
                                                      : static_cast<double>(random.Below(1000)) / 8;
        samples.times_ms.push_back(time_ms);
        samples.values.push_back(value);
        model[labels].emplace(time_ms, std::bit_cast<std::uint64_t>(value));
      }
      added += samples.size();
      ASSERT_TRUE(importer->Add(labels, samples).has_value());
    }
    const auto summary = importer->Finish();
    ASSERT_TRUE(summary.has_value()) << summary.error().message;
    std::uint64_t kept = 0;
    for (const auto& [labels, series] : model)
      kept += series.size();
    EXPECT_EQ(summary->samples, kept);
    EXPECT_EQ(summary->duplicates, added - kept);
    EXPECT_EQ(summary->blocks.size(), 8U)
        << "13.9 hours in windows of two, the first millisecond in one before";
    EXPECT_EQ(ReadAll(fs, options.directory, *summary), model);
    const auto entries = fs.List(options.directory).value();
    for (const io::DirectoryEntry& entry : entries)
      EXPECT_TRUE(entry.name.ends_with(".block")) << entry.name;
  }
}

TEST(BlockImporter, WindowsBeginAMillisecondAfterTheHourAndAreADayWhenOld) {
  io::MemoryFileSystem fs;
  ImportOptions options = Options();
  constexpr TimeMs kDayMs = 24 * kHourMs;
  const TimeMs day_ms = kStartMs / kDayMs * kDayMs;
  options.old_before_ms = day_ms;
  auto importer = BlockImporter::Create(fs, options).value();
  ASSERT_TRUE(importer
                  ->Add(Name(1), Columns({{day_ms - kDayMs, 1},
                                          {day_ms - kDayMs + 1, 2},
                                          {day_ms, 3},
                                          {day_ms + 1, 4},
                                          {day_ms + 2 * kHourMs, 5},
                                          {day_ms + 2 * kHourMs + 1, 6}}))
                  .has_value());
  const auto summary = importer->Finish().value();
  std::vector<std::string> names;
  for (const ImportedBlock& block : summary.blocks)
    names.push_back(block.name);
  const auto name = [](TimeMs start_ms, TimeMs length_ms) {
    return std::to_string(start_ms + 1) + "-" + std::to_string(start_ms + length_ms + 1) + "-i0a.block";
  };
  EXPECT_EQ(names, (std::vector{name(day_ms - 2 * kDayMs, kDayMs), name(day_ms - kDayMs, kDayMs),
                                name(day_ms, 2 * kHourMs), name(day_ms + 2 * kHourMs, 2 * kHourMs)}));
}

TEST(BlockImporter, CutsLargeBlocksBetweenSeries) {
  io::MemoryFileSystem fs;
  ImportOptions options = Options();
  options.block_samples_max = 5;
  auto importer = BlockImporter::Create(fs, options).value();
  for (std::uint64_t s = 0; s < 4; ++s) {
    ASSERT_TRUE(importer->Add(Name(s), Columns({{kStartMs + 1, 1}, {kStartMs + 2, 2}, {kStartMs + 3, 3}}))
                    .has_value());
  }
  const auto summary = importer->Finish().value();
  EXPECT_EQ(summary.blocks.size(), 4U);
  EXPECT_EQ(summary.blocks[1].name,
            std::to_string(kStartMs + 1) + "-" + std::to_string(kStartMs + 2 * kHourMs + 1) + "-i0ap1.block");
  EXPECT_EQ(ReadAll(fs, options.directory, summary).size(), 4U);
}

TEST(BlockImporter, KeepsHistogramsAndFloatsOfASeries) {
  io::MemoryFileSystem fs;
  auto importer = BlockImporter::Create(fs, Options()).value();
  SampleColumns samples = Columns({{kStartMs + 1, 0}, {kStartMs + 2, 7}});
  Histogram histogram{.schema = 1, .count = 3, .sum = 4.5};
  histogram.positive_spans = {{0, 1}};
  histogram.positive_buckets = {3};
  samples.histograms = {std::make_shared<const Histogram>(histogram), nullptr};
  ASSERT_TRUE(importer->Add(Name(1), samples).has_value());
  const auto summary = importer->Finish().value();
  const auto reader = block::BlockReader::Open(fs, "/import/a/" + summary.blocks.at(0).name).value();
  SampleColumns got;
  ASSERT_TRUE(reader->ReadSamples(block::SeriesId{0}, INT64_MIN, INT64_MAX, got).has_value());
  ASSERT_EQ(got.histograms.size(), 2U);
  EXPECT_EQ(*got.histograms[0], histogram);
  EXPECT_EQ(got.values[1], 7);
}

TEST(BlockImporter, RefusesWhatNoStoreHolds) {
  io::MemoryFileSystem fs;
  auto importer = BlockImporter::Create(fs, Options()).value();
  SampleColumns bad_histogram = Columns({{kStartMs, 0}});
  bad_histogram.histograms = {std::make_shared<const Histogram>(Histogram{.schema = 99})};
  const struct {
    const char* name;
    Labels labels;
    SampleColumns samples;
  } rows[] = {
      {"no labels", {}, Columns({{kStartMs, 1}})},
      {"no UTF-8", Labels::FromPairs({{"a", "\xff"}}), Columns({{kStartMs, 1}})},
      {"far future", Name(1), Columns({{INT64_MAX, 1}})},
      {"far past", Name(1), Columns({{INT64_MIN, 1}})},
      {"histogram", Name(1), bad_histogram},
  };
  for (const auto& row : rows) {
    const Status added = importer->Add(row.labels, row.samples);
    ASSERT_FALSE(added.has_value()) << row.name;
    EXPECT_EQ(added.error().code, ErrorCode::kInvalidArgument) << row.name;
  }
  const auto summary = importer->Finish().value();
  EXPECT_TRUE(summary.blocks.empty());
}

TEST(BlockImporter, LeavesNothingWhenTheDiskFails) {
  const auto run = [](io::MemoryFileSystem& fs) -> Result<ImportSummary> {
    ImportOptions options = Options();
    options.memory_bytes = 20'000;
    TICKSCOPE_ASSIGN_OR_RETURN(auto importer, BlockImporter::Create(fs, options));
    for (std::uint64_t piece = 0; piece < 200; ++piece) {
      SampleColumns samples;
      for (int i = 0; i < 40; ++i) {
        samples.times_ms.push_back(kStartMs + i * 1'000'000);
        samples.values.push_back(static_cast<double>(piece) + i * 0.1);
      }
      TICKSCOPE_RETURN_IF_ERROR(importer->Add(Name(piece), samples));
    }
    return importer->Finish();
  };
  for (const std::uint64_t capacity : {0U, 5'000U, 50'000U, 100'000U}) {
    io::MemoryFileSystem fs;
    fs.SetCapacity(capacity);
    const auto summary = run(fs);
    ASSERT_FALSE(summary.has_value()) << capacity;
    EXPECT_EQ(summary.error().code, ErrorCode::kResourceExhausted);
    EXPECT_TRUE(fs.List("/import/a").value().empty()) << capacity;
  }
  for (const io::FileOperation operation :
       {io::FileOperation::kOpenAppend, io::FileOperation::kAppend, io::FileOperation::kSync,
        io::FileOperation::kRead, io::FileOperation::kSyncDirectory}) {
    for (const std::uint64_t nth : {1U, 3U}) {
      io::MemoryFileSystem fs;
      fs.Inject({.operation = operation, .nth = nth});
      const auto summary = run(fs);
      if (summary) continue;
      const auto left = fs.List("/import/a");
      EXPECT_TRUE(!left.has_value() || left->empty()) << static_cast<int>(operation) << " " << nth;
    }
  }
}

}  // namespace
}  // namespace tickscope::exchange
