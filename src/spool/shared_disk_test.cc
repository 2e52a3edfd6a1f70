// Spools that meet on a disk: which of them gives way to which, and that what went is counted where it was.
#include "spool/shared_disk.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "io/memory_file_system.h"
#include "spool/spool.h"

namespace tickscope::spool {
namespace {

constexpr std::uint64_t kSegment = 1 << 10;

class SharedDiskTest : public testing::Test {
 protected:
  std::unique_ptr<Spool> Open(const std::string& directory, std::vector<SpoolClass> classes) {
    for (SpoolClass& each : classes)
      each.share_bytes = 256 << 10;
    auto spool = Spool::Open(fs_, random_, metrics_,
                             {.directory = directory,
                              .bytes_max = 1 << 20,
                              .segment_bytes = kSegment,
                              .classes = std::move(classes),
                              .labels = {{"url", directory}},
                              .shared = &disk_});
    EXPECT_TRUE(spool) << spool.error().message;
    return *std::move(spool);
  }
  std::unique_ptr<Spool> OpenMetrics(const std::string& directory = "/metrics") {
    return Open(directory, {{.name = "metrics", .worth = Worth::kMetrics}});
  }
  std::unique_ptr<Spool> OpenLogs(const std::string& directory = "/logs") {
    return Open(directory, {{.name = "log_errors", .worth = Worth::kErrorLogs},
                            {.name = "logs", .worth = Worth::kLogs}});
  }
  // Records that were taken, of so many.
  static int Fill(Spool& spool, std::size_t of_class, int records) {
    int taken = 0;
    for (int i = 0; i < records; ++i)
      taken += spool.Append(of_class, AsBytes(std::string(200, 'x')), 1, i) ? 1 : 0;
    return taken;
  }
  static int Drain(Spool& spool, std::size_t of_class) {
    int count = 0;
    while (const auto taken = spool.Next().value()) {
      count += taken->of_class == of_class ? 1 : 0;
      spool.Done(*taken);
    }
    return count;
  }
  int Lost(const std::string& url, const std::string& name, const std::string& reason) {
    return static_cast<int>(metrics_
                                .AddCounter("tickscope_spool_lost_items_total", "",
                                            {{"url", url}, {"class", name}, {"reason", reason}})
                                ->value());
  }

  io::MemoryFileSystem fs_;
  SeededRandom random_{1};
  MetricRegistry metrics_;
  SharedDisk disk_{[](const std::string& directory) {
    return Result<std::uint64_t>(directory.starts_with("/elsewhere") ? 2 : 1);
  }};
};

TEST_F(SharedDiskTest, OnAFullDiskSamplesTakeFromLogsAndThenFromErrors) {
  fs_.SetCapacity(40 << 10);
  const auto metrics = OpenMetrics();
  const auto logs = OpenLogs();
  const int errors = Fill(*logs, 0, 40);
  const int others = Fill(*logs, 1, 200);
  ASSERT_EQ(errors, 40);
  const int others_lost_before = Lost("/logs", "logs", "disk_full");
  EXPECT_GT(others_lost_before, 0) << "the disk is full";

  EXPECT_EQ(Fill(*metrics, 0, 60), 60);
  EXPECT_GT(Lost("/logs", "logs", "gave_way"), 0);
  EXPECT_EQ(Lost("/logs", "log_errors", "gave_way"), 0) << "there was something worth less";

  EXPECT_EQ(Fill(*metrics, 0, 200), 200);
  EXPECT_GT(Lost("/logs", "log_errors", "gave_way"), 0);
  EXPECT_GT(Lost("/metrics", "metrics", "disk_full"), 0) << "and at last their own oldest";
  // Nothing is gone that is not counted.
  EXPECT_EQ(Drain(*metrics, 0) + Lost("/metrics", "metrics", "disk_full"), 260);
  EXPECT_EQ(Drain(*logs, 0) + Lost("/logs", "log_errors", "gave_way"), errors);
  EXPECT_EQ(Lost("/logs", "logs", "gave_way") + Lost("/logs", "logs", "disk_full"), others);
}

TEST_F(SharedDiskTest, LogsTakeNothingFromSamples) {
  fs_.SetCapacity(20 << 10);
  const auto metrics = OpenMetrics();
  const auto logs = OpenLogs();
  EXPECT_EQ(Fill(*metrics, 0, 60), 60);
  // They go round in what is left.
  EXPECT_EQ(Fill(*logs, 1, 200), 200);
  EXPECT_EQ(Fill(*logs, 0, 200), 200);
  EXPECT_EQ(Fill(*metrics, 0, 200), 200);
  EXPECT_EQ(logs->disk_bytes(), 0U);
  fs_.SetCapacity(1);
  const Status refused = logs->Append(0, AsBytes(std::string(200, 'x')), 1, 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(Lost("/metrics", "metrics", "gave_way"), 0);
  EXPECT_EQ(Drain(*metrics, 0) + Lost("/metrics", "metrics", "disk_full"), 260);
}

TEST_F(SharedDiskTest, OfEqualsTheLargestGivesWay) {
  fs_.SetCapacity(20 << 10);
  const auto one = OpenMetrics("/one");
  const auto other = OpenMetrics("/other");
  EXPECT_EQ(Fill(*one, 0, 100), 100);
  EXPECT_EQ(Fill(*other, 0, 100), 100);
  EXPECT_GT(Lost("/one", "metrics", "gave_way"), 0);
  const auto larger = std::max(one->disk_bytes(), other->disk_bytes());
  const auto smaller = std::min(one->disk_bytes(), other->disk_bytes());
  EXPECT_LE(larger - smaller, 2 * kSegment) << "neither has it all";
}

TEST_F(SharedDiskTest, ASpoolOnAnotherDiskKeepsWhatItHas) {
  fs_.SetCapacity(20 << 10);
  const auto metrics = OpenMetrics();
  const auto logs = OpenLogs("/elsewhere/logs");
  const int taken = Fill(*logs, 1, 40);
  EXPECT_EQ(Fill(*metrics, 0, 100), 100);
  EXPECT_EQ(Drain(*logs, 1), taken) << "its room would have helped nobody";
}

TEST_F(SharedDiskTest, WhatIsUnderWayStays) {
  fs_.SetCapacity(20 << 10);
  const auto metrics = OpenMetrics();
  const auto logs = OpenLogs();
  ASSERT_GT(Fill(*logs, 1, 40), 0);
  const auto under_way = logs->Next().value();
  ASSERT_TRUE(under_way);
  EXPECT_EQ(Fill(*metrics, 0, 100), 100);
  EXPECT_GT(Lost("/logs", "logs", "gave_way"), 0);
  logs->Done(*under_way);
  EXPECT_GE(Drain(*logs, 1), 1) << "the rest of its segment";
}

TEST_F(SharedDiskTest, ABudgetForAllIsKeptWhereverTheyLie) {
  disk_.SetBytesMax(20 << 10);
  const auto metrics = OpenMetrics();
  const auto logs = OpenLogs("/elsewhere/logs");
  EXPECT_EQ(Fill(*logs, 1, 200), 200);
  EXPECT_LE(disk_.disk_bytes(), 20U << 10);
  EXPECT_GT(Lost("/elsewhere/logs", "logs", "budget"), 0);
  EXPECT_EQ(Fill(*metrics, 0, 200), 200);
  EXPECT_LE(disk_.disk_bytes(), 20U << 10);
  EXPECT_GT(Lost("/elsewhere/logs", "logs", "gave_way"), 0);
  EXPECT_GT(Lost("/metrics", "metrics", "budget"), 0);
  // All of it is worth more than any log.
  const auto refused = logs->Append(0, AsBytes(std::string(200, 'x')), 1, 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  disk_.SetBytesMax(0);
  EXPECT_TRUE(logs->Append(0, AsBytes(std::string(200, 'x')), 1, 0));
}

TEST_F(SharedDiskTest, SpoolsOfTwoThreadsMeet) {
  fs_.SetCapacity(64 << 10);
  const auto metrics = OpenMetrics();
  auto logs = OpenLogs();
  std::atomic<int> logs_taken = 0;
  std::thread of_logs([&] {
    for (int round = 0; round < 200; ++round) {
      logs_taken += Fill(*logs, 1, 20);
      logs_taken.notify_one();
      if (round % 10 == 0) {
        if (const auto taken = logs->Next().value()) logs->Done(*taken);
      }
      (void)logs->Commit();
    }
    // And one that leaves while it may be asked.
    logs.reset();
  });
  logs_taken.wait(0);
  int taken = 0;
  for (int round = 0; round < 200; ++round)
    taken += Fill(*metrics, 0, 10);
  of_logs.join();
  EXPECT_GT(logs_taken, 0);
  EXPECT_EQ(Drain(*metrics, 0) + Lost("/metrics", "metrics", "disk_full"), taken);
}

}  // namespace
}  // namespace tickscope::spool
