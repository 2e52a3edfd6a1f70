// Cost: bytes of blocks and cold files, shared out to metrics and owners so that they add up, and their price.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "block/block_writer.h"
#include "cost/cost_report.h"
#include "io/memory_file_system.h"

namespace tickscope::cost {
namespace {

using testing::HasSubstr;

constexpr const char* kPrices = R"(
tiers:
  local: {per_gb_month: 1000}
  cold: {per_gb_month: 10, per_1000_writes: 2}
owners: {player_: gameplay, player_net_: networking}
)";

TEST(PriceTable, MistakesAreToldWithTheirPlace) {
  const auto table = ReadPriceTable(kPrices, "p.yaml");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->OwnerOf("player_joins"), "gameplay");
  EXPECT_EQ(table->OwnerOf("player_net_loss"), "networking");
  EXPECT_EQ(table->OwnerOf("up"), "unknown");
  EXPECT_FALSE(table->PriceOf("raw"));
  const auto bad = ReadPriceTable("tiers:\n  raw: {per_gb_month: -1}\ncurency: EUR\n", "p.yaml");
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr("p.yaml:2:"));
  EXPECT_THAT(bad.error().message, HasSubstr("did you mean \"currency\""));
}

TEST(CostReport, BytesOfABlockAddUp) {
  io::MemoryFileSystem fs;
  ASSERT_TRUE(fs.CreateDirectories("/b"));
  auto writer = block::BlockWriter::Create(fs, "/b/1.block", {.tenant = "studio"});
  std::vector<TimeMs> times;
  std::vector<double> values;
  for (int i = 0; i < 500; ++i) {
    times.push_back(i * 10'000);
    values.push_back(i * 0.37);
  }
  const auto id = writer->AddTimes(times);
  for (const char* const server : {"a", "b", "c"})
    ASSERT_TRUE(writer->AddSeries(Labels({{kMetricName, "player_joins"}, {"server", server}}), *id, values));
  ASSERT_TRUE(writer->AddSeries(Labels({{kMetricName, "up"}, {"owner", "platform"}}), *id, values));
  ASSERT_TRUE(writer->Finish());
  const auto block = block::BlockReader::Open(fs, "/b/1.block");
  const auto prices = ReadPriceTable(kPrices, "p.yaml");
  CostReport report(*prices);
  ASSERT_TRUE(report.AddBlock(**block, "local"));
  const auto rows = report.Rows({});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].metric, "player_joins");
  EXPECT_EQ(rows[0].owner, "gameplay");
  EXPECT_EQ(rows[0].series, 3U);
  EXPECT_EQ(rows[1].owner, "platform");
  EXPECT_EQ(rows[0].bytes + rows[1].bytes, (*block)->file_bytes());
  EXPECT_DOUBLE_EQ(rows[0].dollars_month, static_cast<double>(rows[0].bytes) * 1e-6);
}

TEST(CostReport, GroupsAndFormats) {
  const auto prices = ReadPriceTable(kPrices, "p.yaml");
  CostReport report(*prices);
  report.AddColdDay({.tenant = "studio",
                     .parts = {{.metric = "player_joins", .bytes = 2'000'000, .rows = 9, .series = 3},
                               {.metric = "player_net_loss", .bytes = 1'000'000, .rows = 9, .series = 1}}});
  report.AddColdDay(
      {.tenant = "other", .parts = {{.metric = "player_joins", .bytes = 500'000, .rows = 9, .series = 2}}});
  EXPECT_EQ(report.Text({}, CostFormat::kCsv, 10),
            "tenant,tier,owner,metric,bytes,series,per_month\r\n"
            "studio,cold,gameplay,player_joins,2000000,3,0.022\r\n"
            "studio,cold,networking,player_net_loss,1000000,1,0.012\r\n"
            "other,cold,gameplay,player_joins,500000,2,0.007\r\n");
  const auto by_owner = ParseCostGrouping({"owner"});
  EXPECT_THAT(
      report.Text(*by_owner, CostFormat::kJson, 1),
      HasSubstr("{\"currency\":\"USD\",\"rows\":[{\"tenant\":\"*\",\"tier\":\"*\",\"owner\":\"gameplay\","
                "\"metric\":\"*\",\"bytes\":2500000,\"series\":5,\"per_month\":0.02"));
  EXPECT_THAT(report.Text(*by_owner, CostFormat::kTable, 1), HasSubstr("(1 more rows: see --rows)"));
  EXPECT_FALSE(ParseCostGrouping({"team"}));
  EXPECT_FALSE(ParseCostFormat("xml"));
  const PriceTable none;
  CostReport unpriced(none);
  unpriced.AddColdDay({.tenant = "studio", .parts = {{.metric = "a", .bytes = 1}}});
  EXPECT_EQ(unpriced.TiersWithoutPrice(), std::vector<std::string>{"cold"});
}

}  // namespace
}  // namespace tickscope::cost
