// BlockScan: what is kept of a selection changes how a scan gets at columns, never what it says.
#include "block/block_scan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "block/block_writer.h"
#include "io/memory_file_system.h"

namespace tickscope::block {
namespace {

constexpr TimeMs kStart = 1'700'000'000'000;
constexpr std::size_t kSeries = 200;
constexpr std::size_t kRows = 720;

class BlockScanTest : public testing::Test {
 protected:
  BlockScanTest() {
    auto writer = BlockWriter::Create(fs_, "/b.block", {.tenant = "t", .end_offset = 9});
    EXPECT_TRUE(writer);
    std::vector<TimeMs> times_ms;
    for (std::size_t row = 0; row < kRows; ++row)
      times_ms.push_back(kStart + static_cast<TimeMs>(row) * 10'000);
    for (std::size_t i = 0; i < kSeries; ++i) {
      std::vector<double> values;
      for (std::size_t row = 0; row < kRows; ++row)
        values.push_back(static_cast<double>((row * (i + 3)) % (i % 5 == 0 ? 997 : 1'000'000)));
      const Labels labels{{"__name__", "joins_total"}, {"server", fmt::format("s{:04}", i)}};
      const auto times = writer->AddTimes(times_ms);
      EXPECT_TRUE(writer->AddSeries(labels, *times, values));
    }
    EXPECT_TRUE(writer->Finish());
    block_ = BlockReader::Open(fs_, "/b.block").value();
  }

  // The steps that a scan of the last minute tells, as text.
  std::vector<std::string> LastMinute(scan::SelectionCache* cache) {
    const TimeMs end_ms = block_->meta().max_time_ms;
    const BlockScanRequest request{.matchers = {Matcher::Equal("__name__", "joins_total")},
                                   .start_ms = end_ms - 60'000,
                                   .end_ms = end_ms};
    const auto scan = ScanBlock(block_, request, context_, cache).value();
    const auto reader = scan->NewReader();
    std::vector<std::string> told;
    CounterSteps steps;
    for (std::uint32_t series = 0; series < scan->series_count(); ++series) {
      steps.Clear();
      std::string text = reader->AppendSteps(series, steps).value() ? "" : "none";
      for (const StepStretch& stretch : steps.stretches) {
        text += fmt::format("{} {} {}:", stretch.first, stretch.last, stretch.grown);
        for (const std::uint32_t step : stretch.steps)
          text += fmt::format(" {}", step);
      }
      told.push_back(std::move(text));
    }
    return told;
  }
  double Kept() {
    return metrics_
        .AddGauge("tickscope_query_cache_selections_bytes", "Memory of kept selections of series.", {})
        ->value();
  }

  io::MemoryFileSystem fs_;
  MetricRegistry metrics_;
  QueryContext context_;
  std::shared_ptr<const BlockReader> block_;
};

TEST_F(BlockScanTest, KeptPlacesTellTheSameSteps) {
  scan::SelectionCache cache(metrics_, 1 << 20);
  const std::vector<std::string> plain = LastMinute(nullptr);
  ASSERT_EQ(plain.size(), kSeries);
  EXPECT_EQ(LastMinute(&cache), plain);
  EXPECT_EQ(LastMinute(&cache), plain);
  EXPECT_GT(Kept(), 40.0 * kSeries);
}

TEST_F(BlockScanTest, ACacheWithoutRoomForPlacesKeepsTheSelection) {
  // A quarter holds ids, pairs and begins, 3.2 kB, and no more.
  scan::SelectionCache cache(metrics_, 4 * 6'000);
  const std::vector<std::string> plain = LastMinute(nullptr);
  EXPECT_EQ(LastMinute(&cache), plain);
  const double kept = Kept();
  EXPECT_GT(kept, 3'000);
  EXPECT_LT(kept, 6'000);
  EXPECT_EQ(LastMinute(&cache), plain);
  EXPECT_EQ(Kept(), kept);
}

}  // namespace
}  // namespace tickscope::block
