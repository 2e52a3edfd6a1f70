#include "spool/spool.h"

#include <gtest/gtest.h>

#include <string>

#include "io/memory_file_system.h"

namespace tickscope::spool {
namespace {

constexpr std::size_t kSli = 0;
constexpr std::size_t kErrors = 1;
constexpr std::size_t kInfo = 2;

class SpoolTest : public testing::Test {
 protected:
  std::unique_ptr<Spool> Open() {
    auto spool = Spool::Open(
        fs_, random_, metrics_,
        {.directory = "/spool",
         .bytes_max = 32 << 10,
         .segment_bytes = 1 << 10,
         .classes = {{"sli", 8 << 10, false}, {"errors", 8 << 10, false}, {"info", 4 << 10, false}}});
    EXPECT_TRUE(spool) << spool.error().message;
    return *std::move(spool);
  }
  static void Fill(Spool& spool, std::size_t of_class, int records) {
    for (int i = 0; i < records; ++i)
      ASSERT_TRUE(spool.Append(of_class, AsBytes(std::string(200, 'x')), 1, i));
  }
  // Records that come, by class.
  static std::array<int, 3> Drain(Spool& spool) {
    std::array<int, 3> counts{};
    while (true) {
      const auto taken = spool.Next();
      EXPECT_TRUE(taken);
      if (!taken || !*taken) return counts;
      ++counts[(*taken)->of_class];
      spool.Done(**taken);
    }
  }
  int Lost(const std::string& name, const std::string& reason) {
    return static_cast<int>(metrics_
                                .AddCounter("tickscope_spool_lost_items_total",
                                            "Samples and lines that left the spool without being delivered.",
                                            {{"class", name}, {"reason", reason}})
                                ->value());
  }

  io::MemoryFileSystem fs_;
  SeededRandom random_{1};
  MetricRegistry metrics_;
};

TEST_F(SpoolTest, TheWorthiestComesFirst) {
  const auto spool = Open();
  Fill(*spool, kInfo, 1);
  Fill(*spool, kSli, 1);
  EXPECT_EQ((*spool->Next())->of_class, kSli);
  EXPECT_EQ((*spool->Next())->of_class, kInfo);
}

TEST_F(SpoolTest, TheLeastWorthyGoesFirstDownToItsShare) {
  const auto spool = Open();
  Fill(*spool, kInfo, 400);  // All of the budget is theirs while nobody else wants it.
  EXPECT_LE(spool->disk_bytes(), 32U << 10);
  EXPECT_GT(spool->disk_bytes(), 28U << 10);
  const int lost_before = Lost("info", "budget");
  EXPECT_GT(lost_before, 0);
  Fill(*spool, kSli, 400);
  Fill(*spool, kErrors, 400);
  EXPECT_LE(spool->disk_bytes(), 32U << 10);
  EXPECT_GT(Lost("info", "budget"), lost_before);
  const auto counts = Drain(*spool);
  // At least what their shares hold, less a segment.
  EXPECT_GE(counts[kSli], 7 * 4);
  EXPECT_GE(counts[kErrors], 7 * 4);
  EXPECT_GE(counts[kInfo], 2 * 4);
  // Every record came or was counted.
  EXPECT_EQ(counts[kSli] + Lost("sli", "budget"), 400);
  EXPECT_EQ(counts[kErrors] + Lost("errors", "budget"), 400);
  EXPECT_EQ(counts[kInfo] + Lost("info", "budget"), 400);
}

TEST_F(SpoolTest, AFullDiskTakesFromTheLeastWorthy) {
  fs_.SetCapacity(10 << 10);
  const auto spool = Open();
  Fill(*spool, kInfo, 20);
  int refused = 0;
  for (int i = 0; i < 40; ++i)
    refused += spool->Append(kSli, AsBytes(std::string(200, 'x')), 1, i) ? 0 : 1;
  EXPECT_EQ(refused, 0);
  // Nothing may go for the least worthy by then.
  for (int i = 0; i < 5; ++i)
    refused += spool->Append(kInfo, AsBytes(std::string(200, 'x')), 1, i) ? 0 : 1;
  const auto counts = Drain(*spool);
  EXPECT_EQ(counts[kSli] + Lost("sli", "disk_full"), 40);
  EXPECT_EQ(counts[kInfo] + Lost("info", "disk_full") + refused, 25)
      << "what was not taken is the caller's, and not lost here";
  EXPECT_GE(counts[kSli], 25);
  EXPECT_GT(Lost("info", "disk_full"), 0);
}

TEST_F(SpoolTest, WhatDoesNotFitIsRefused) {
  SpoolOptions options{.directory = "/other", .bytes_max = 8 << 10, .segment_bytes = 1 << 10};
  options.classes = {{"sli", 6 << 10, false}, {"info", 4 << 10, false}};
  EXPECT_FALSE(Spool::Open(fs_, random_, metrics_, options));
  options.classes = {{"sli", 1 << 10, false}};
  EXPECT_FALSE(Spool::Open(fs_, random_, metrics_, options));
  const auto spool = Open();
  EXPECT_EQ(spool->Append(kInfo, Bytes(5 << 10), 1, 0).error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(Spool::Open(fs_, random_, metrics_, {.directory = "/spool", .classes = {}}));  // It is taken.
}

}  // namespace
}  // namespace tickscope::spool
