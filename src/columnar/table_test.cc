// Tables: what is written as Parquet or ORC is read back bit by bit through the interface the server uses; row groups
// are left out by their statistics; damage is an error that names the file.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "plugin/columnar.h"

namespace tickscope::columnar {
namespace {

using plugin::ColumnKind;
using plugin::ColumnSpec;
using plugin::TableBatch;
using plugin::TableColumn;
using plugin::TableFormat;

class TextSource final : public plugin::TableSource {
 public:
  explicit TextSource(std::string content) : content_(std::move(content)) {}
  const std::string& name() const override { return name_; }
  std::uint64_t size() const override { return content_.size(); }
  Status ReadAt(std::uint64_t offset, std::span<char> out) override {
    std::memcpy(out.data(), content_.data() + offset, out.size());
    return {};
  }

 private:
  const std::string name_ = "part-1";
  const std::string content_;
};

const std::vector<ColumnSpec> kColumns = {{"ts", ColumnKind::kTimestampMs},
                                          {"labels", ColumnKind::kStringMap},
                                          {"region", ColumnKind::kString},
                                          {"series_id", ColumnKind::kInt64},
                                          {"last", ColumnKind::kDouble},
                                          {"le_text", ColumnKind::kStringList},
                                          {"bucket_index", ColumnKind::kInt64List},
                                          {"bucket_last", ColumnKind::kDoubleList}};

// Two rows of one series and one of another that has neither region nor buckets.
TableBatch ThreeRows(std::int64_t first_ms, const std::string& region) {
  TableBatch batch{.rows = 3, .columns = std::vector<TableColumn>(kColumns.size())};
  batch.columns[0].ints = {first_ms, first_ms + 300'000, first_ms};
  batch.columns[1].maps = {{{"region", region}, {"zone", "a\"\n"}}, {}};
  batch.columns[1].index = {0, 0, 1};
  batch.columns[2].texts = {region};
  batch.columns[2].index = {0, 0, 0};
  batch.columns[2].is_null = {0, 0, 1};
  batch.columns[3].ints = {-1, -1, std::numeric_limits<std::int64_t>::max()};
  batch.columns[4].doubles = {0.1, -0.0, std::numeric_limits<double>::infinity()};
  batch.columns[5].texts = {"0.5", "+Inf", "0.5"};
  batch.columns[5].index = {0, 1, 2};
  batch.columns[5].ends = {2, 3, 3};
  batch.columns[5].is_null = {0, 0, 1};
  batch.columns[6].ints = {-3, 4};
  batch.columns[6].ends = {2, 2, 2};
  batch.columns[6].is_null = {0, 0, 1};
  batch.columns[7].doubles = {1, 2.5, 1e300};
  batch.columns[7].ends = {2, 3, 3};
  batch.columns[7].is_null = {0, 0, 1};
  return batch;
}

plugin::Columnar& Library() {
  static const auto library = plugin::LoadColumnar();
  EXPECT_TRUE(library) << library.error().message;
  return **library;
}

std::string Written(TableFormat format, const std::vector<TableBatch>& batches) {
  const auto writer = Library().MakeTableWriter(format, kColumns);
  EXPECT_TRUE(writer) << writer.error().message;
  for (const TableBatch& batch : batches)
    EXPECT_TRUE((*writer)->Append(batch));
  const auto content = (*writer)->Finish();
  EXPECT_TRUE(content) << content.error().message;
  return *content;
}

class Table : public testing::TestWithParam<TableFormat> {};

TEST_P(Table, RowsComeBackAsTheyWere) {
  const auto reader = Library().OpenTable(
      GetParam(), std::make_shared<TextSource>(Written(GetParam(), {ThreeRows(1'700'000'100'123, "eu")})),
      {.columns = kColumns});
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->rows(), 3U);
  TableBatch batch;
  ASSERT_TRUE(*(*reader)->Next(batch));
  ASSERT_EQ(batch.rows, 3U);
  EXPECT_EQ(batch.columns[0].ints,
            (std::vector<std::int64_t>{1'700'000'100'123, 1'700'000'400'123, 1'700'000'100'123}));
  EXPECT_EQ(batch.columns[1].MapAt(1), (plugin::TextMap{{"region", "eu"}, {"zone", "a\"\n"}}));
  EXPECT_EQ(batch.columns[1].index[0], batch.columns[1].index[1]) << "a run's map is kept once";
  EXPECT_TRUE(batch.columns[1].MapAt(2).empty());
  EXPECT_EQ(batch.columns[2].TextAt(1), "eu");
  EXPECT_TRUE(batch.columns[2].IsNull(2));
  EXPECT_EQ(batch.columns[3].ints[2], std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(batch.columns[4].doubles[0], 0.1);
  EXPECT_TRUE(std::signbit(batch.columns[4].doubles[1]));
  EXPECT_EQ(batch.columns[5].ItemsAt(0), (std::pair<std::size_t, std::size_t>{0, 2}));
  EXPECT_EQ(batch.columns[5].texts[batch.columns[5].index[1]], "+Inf");
  EXPECT_EQ(batch.columns[6].ints, (std::vector<std::int64_t>{-3, 4}));
  EXPECT_EQ(batch.columns[7].doubles, (std::vector<double>{1, 2.5, 1e300}));
  EXPECT_TRUE(batch.columns[7].IsNull(2));
  EXPECT_FALSE(*(*reader)->Next(batch));
}

TEST_P(Table, BytesAreAFunctionOfTheRows) {
  EXPECT_EQ(Written(GetParam(), {ThreeRows(0, "eu")}), Written(GetParam(), {ThreeRows(0, "eu")}));
  EXPECT_NE(Written(GetParam(), {ThreeRows(0, "eu")}), Written(GetParam(), {ThreeRows(0, "na")}));
}

TEST_P(Table, WhatIsTakenEarlyIsTheSameFile) {
  const auto writer = Library().MakeTableWriter(GetParam(), kColumns);
  ASSERT_TRUE(writer);
  std::string content;
  for (const TableBatch& batch : {ThreeRows(0, "eu"), ThreeRows(1, "na")}) {
    ASSERT_TRUE((*writer)->Append(batch));
    content += (*writer)->Take();
  }
  EXPECT_EQ(content.empty(), GetParam() == TableFormat::kOrc);
  content += *(*writer)->Finish();
  EXPECT_EQ(content, Written(GetParam(), {ThreeRows(0, "eu"), ThreeRows(1, "na")}));
}

TEST_P(Table, OnlyWhatIsAskedForIsRead) {
  const auto reader = Library().OpenTable(
      GetParam(), std::make_shared<TextSource>(Written(GetParam(), {ThreeRows(0, "eu")})),
      {.columns = {{"last", ColumnKind::kDouble}, {"not_there", ColumnKind::kDoubleList}}});
  ASSERT_TRUE(reader) << reader.error().message;
  TableBatch batch;
  ASSERT_TRUE(*(*reader)->Next(batch));
  ASSERT_EQ(batch.columns.size(), 2U);
  EXPECT_EQ(batch.columns[0].doubles[0], 0.1);
  EXPECT_TRUE(batch.columns[1].IsNull(0) && batch.columns[1].IsNull(2));
}

TEST_P(Table, AColumnOfAnotherKindIsDamage) {
  const auto reader =
      Library().OpenTable(GetParam(), std::make_shared<TextSource>(Written(GetParam(), {ThreeRows(0, "eu")})),
                          {.columns = {{"last", ColumnKind::kStringMap}}});
  ASSERT_TRUE(reader);
  TableBatch batch;
  const auto next = (*reader)->Next(batch);
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, ErrorCode::kCorruption);
  EXPECT_NE(next.error().message.find("part-1: column last"), std::string::npos) << next.error().message;
}

TEST_P(Table, DamageIsAnErrorThatNamesTheFile) {
  const std::string good = Written(GetParam(), {ThreeRows(0, "eu"), ThreeRows(600'000, "na")});
  int refused = 0;
  for (std::size_t cut = 0; cut < good.size(); cut += 97) {
    const auto reader = Library().OpenTable(GetParam(), std::make_shared<TextSource>(good.substr(0, cut)),
                                            {.columns = kColumns});
    ASSERT_FALSE(reader) << cut;
    EXPECT_NE(reader.error().message.find(GetParam() == TableFormat::kOrc ? "part-1" : "par"),
              std::string::npos);
    ++refused;
  }
  EXPECT_GT(refused, 3);
  // Any flipped byte is either noticed or harmless; never a crash.
  for (std::size_t at = 0; at < good.size(); at += 13) {
    std::string flipped = good;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x41);
    const auto reader =
        Library().OpenTable(GetParam(), std::make_shared<TextSource>(flipped), {.columns = kColumns});
    if (!reader) continue;
    TableBatch batch;
    while (true) {
      const auto next = (*reader)->Next(batch);
      if (!next || !*next) break;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Table, testing::Values(TableFormat::kParquet, TableFormat::kOrc),
                         [](const auto& format) {
                           return format.param == TableFormat::kParquet ? "Parquet" : "Orc";
                         });

TEST(ParquetTable, RowGroupsAreLeftOutByTheirStatistics) {
  const std::string content = Written(
      TableFormat::kParquet, {ThreeRows(0, "eu"), ThreeRows(10'000'000, "na"), ThreeRows(20'000'000, "eu")});
  struct Case {
    const char* name;
    plugin::RowGroupBounds bounds;
    std::size_t left_out;
  };
  const Case cases[] = {
      {"no bound", {"nowhere", 0, 0, ""}, 0},
      {"one time", {"ts", 10'000'000, 10'000'000, ""}, 2},
      {"between two groups", {"ts", 5'000'000, 6'000'000, ""}, 3},
      {"from the second on", {"ts", 10'300'000, 90'000'000, ""}, 1},
      {"one region", {"region", 0, 0, "na"}, 2},
      {"a region nobody has", {"region", 0, 0, "ap"}, 3},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto reader = Library().OpenTable(TableFormat::kParquet, std::make_shared<TextSource>(content),
                                            {.columns = kColumns, .bounds = {c.bounds}});
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_EQ((*reader)->row_groups(), 3U);
    EXPECT_EQ((*reader)->row_groups_left_out(), c.left_out);
    std::size_t rows = 0;
    TableBatch batch;
    while (*(*reader)->Next(batch))
      rows += batch.rows;
    EXPECT_EQ(rows, 3 * (3 - c.left_out));
  }
}

}  // namespace
}  // namespace tickscope::columnar
