#include "columnar/parquet_table.h"

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <utility>

#include "columnar/table_arrays.h"

namespace tickscope::columnar {
namespace {

using plugin::ColumnKind;

// What footers may allocate while a damaged file is read: far above any of ours.
constexpr std::int32_t kThriftBytesMax = 64 << 20;
constexpr std::int64_t kBatchRows = 1 << 16;
// Level 3 is zstd's own default: level 9 made a fleet's day 4 % smaller in three times the time.
constexpr int kZstdLevel = 3;

// Columns that conditions are about: times, texts and plain numbers.
bool IsPrunedBy(ColumnKind kind) {
  return kind == ColumnKind::kTimestampMs || kind == ColumnKind::kString || kind == ColumnKind::kInt64 ||
         kind == ColumnKind::kDouble;
}

// Keeps what is written until somebody takes it.
class CollectedOutput final : public arrow::io::OutputStream {
 public:
  arrow::Status Close() override {
    is_closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return is_closed_; }
  arrow::Result<std::int64_t> Tell() const override {
    return taken_ + static_cast<std::int64_t>(content_.size());
  }
  arrow::Status Write(const void* data, std::int64_t bytes) override {
    content_.append(static_cast<const char*>(data), static_cast<std::size_t>(bytes));
    return arrow::Status::OK();
  }
  [[nodiscard]] std::string Take() {
    taken_ += static_cast<std::int64_t>(content_.size());
    return std::exchange(content_, {});
  }

 private:
  std::string content_;
  std::int64_t taken_ = 0;
  bool is_closed_ = false;
};

class ParquetWriter final : public plugin::TableWriter {
 public:
  explicit ParquetWriter(const std::vector<plugin::ColumnSpec>& columns)
      : columns_(columns), schema_(SchemaOf(columns)) {}

  Status Open() {
    parquet::WriterProperties::Builder properties;
    properties.compression(parquet::Compression::ZSTD)->compression_level(kZstdLevel);
    properties.version(parquet::ParquetVersion::PARQUET_2_6);
    properties.created_by("tickscope");
    properties.max_row_group_length(std::int64_t{1} << 30);  // A batch is a row group.
    // What each column of each row group is told about: most columns of a small file are empty, and its footer is most of it.
    properties.set_size_statistics_level(parquet::SizeStatisticsLevel::None);
    properties.disable_statistics();
    for (const plugin::ColumnSpec& column : columns_) {
      if (IsPrunedBy(column.kind)) properties.enable_statistics(column.name);
      // Values seldom repeat within a page; a dictionary is tried and given up, at a cost.
      if (column.kind == ColumnKind::kDouble) properties.disable_dictionary(column.name);
    }
    auto writer =
        parquet::arrow::FileWriter::Open(*schema_, arrow::default_memory_pool(), sink_, properties.build());
    if (!writer.ok()) return ArrowError("parquet", writer.status());
    writer_ = *std::move(writer);
    return {};
  }

  Status Append(const plugin::TableBatch& batch) override {
    if (batch.rows == 0) return {};
    TICKSCOPE_ASSIGN_OR_RETURN(const auto rows, ToArrow(schema_, columns_, batch));
    const auto table = arrow::Table::FromRecordBatches(schema_, {rows});
    if (!table.ok()) return ArrowError("parquet", table.status());
    const arrow::Status written = writer_->WriteTable(**table, static_cast<std::int64_t>(batch.rows));
    if (!written.ok()) return ArrowError("parquet", written);
    return {};
  }

  std::string Take() override { return sink_->Take(); }

  Result<std::string> Finish() override {
    if (const arrow::Status closed = writer_->Close(); !closed.ok()) return ArrowError("parquet", closed);
    return sink_->Take();
  }

 private:
  const std::vector<plugin::ColumnSpec> columns_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::shared_ptr<CollectedOutput> sink_ = std::make_shared<CollectedOutput>();
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

// Whether a row group may hold a row the bounds want.
bool MayHold(const parquet::RowGroupMetaData& group, const plugin::RowGroupBounds& bounds, int column) {
  const std::shared_ptr<parquet::Statistics> statistics = group.ColumnChunk(column)->statistics();
  if (statistics == nullptr || !statistics->HasMinMax()) return true;
  if (statistics->physical_type() == parquet::Type::INT64) {
    const auto& times = static_cast<const parquet::Int64Statistics&>(*statistics);
    return times.max() >= bounds.min && times.min() <= bounds.max;
  }
  if (statistics->physical_type() == parquet::Type::BYTE_ARRAY) {
    const auto& texts = static_cast<const parquet::ByteArrayStatistics&>(*statistics);
    return std::string_view(texts.min()) <= bounds.text && std::string_view(texts.max()) >= bounds.text;
  }
  return true;
}

class ParquetReader final : public plugin::TableReader {
 public:
  ParquetReader(std::shared_ptr<plugin::TableSource> source, plugin::TableScan scan)
      : source_(std::move(source)), scan_(std::move(scan)) {}

  Status Open() {
    parquet::ReaderProperties properties;
    properties.set_thrift_string_size_limit(kThriftBytesMax);
    parquet::arrow::FileReaderBuilder builder;
    if (const auto opened = builder.Open(ArrowFile(source_), properties); !opened.ok())
      return ArrowError(source_->name(), opened);
    parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
    arrow_properties.set_batch_size(kBatchRows);
    builder.properties(arrow_properties);
    auto reader = builder.Build();
    if (!reader.ok()) return ArrowError(source_->name(), reader.status());
    reader_ = *std::move(reader);
    std::shared_ptr<arrow::Schema> schema;
    if (const auto got = reader_->GetSchema(&schema); !got.ok()) return ArrowError(source_->name(), got);

    const std::shared_ptr<parquet::FileMetaData> file = reader_->parquet_reader()->metadata();
    rows_ = static_cast<std::uint64_t>(file->num_rows());
    row_groups_ = static_cast<std::size_t>(file->num_row_groups());
    // Leaves of the columns asked for: a map or a list has its own below it.
    std::vector<int> leaves;
    for (int leaf = 0; leaf < file->num_columns(); ++leaf) {
      const std::string root = file->schema()->Column(leaf)->path()->ToDotVector().front();
      if (std::ranges::any_of(scan_.columns, [&](const auto& column) { return column.name == root; }))
        leaves.push_back(leaf);
    }
    std::vector<int> groups;
    for (int group = 0; group < file->num_row_groups(); ++group) {
      const auto metadata = file->RowGroup(group);
      const bool may_hold = std::ranges::all_of(scan_.bounds, [&](const plugin::RowGroupBounds& bounds) {
        const int column = file->schema()->ColumnIndex(bounds.column);
        return column < 0 || MayHold(*metadata, bounds, column);
      });
      if (may_hold) groups.push_back(group);
    }
    left_out_ = row_groups_ - groups.size();
    auto batches = reader_->GetRecordBatchReader(groups, leaves);
    if (!batches.ok()) return ArrowError(source_->name(), batches.status());
    batches_ = *std::move(batches);
    return {};
  }

  std::uint64_t rows() const override { return rows_; }
  std::size_t row_groups() const override { return row_groups_; }
  std::size_t row_groups_left_out() const override { return left_out_; }

  Result<bool> Next(plugin::TableBatch& batch) override try {
    std::shared_ptr<arrow::RecordBatch> rows;
    if (const auto read = batches_->ReadNext(&rows); !read.ok()) return ArrowError(source_->name(), read);
    if (rows == nullptr) return false;
    batch.rows = static_cast<std::size_t>(rows->num_rows());
    batch.columns.resize(scan_.columns.size());
    for (std::size_t i = 0; i < scan_.columns.size(); ++i) {
      batch.columns[i].Clear();
      const auto array = rows->GetColumnByName(scan_.columns[i].name);
      if (array == nullptr) {
        FillNulls(batch.rows, scan_.columns[i].kind, batch.columns[i]);
      } else {
        TICKSCOPE_RETURN_IF_ERROR(FromArrow(source_->name(), scan_.columns[i], *array, batch.columns[i]));
      }
    }
    return true;
  } catch (const parquet::ParquetException& thrown) {
    return Fail(ErrorCode::kCorruption, source_->name() + ": " + thrown.what());
  }

 private:
  const std::shared_ptr<plugin::TableSource> source_;
  const plugin::TableScan scan_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::uint64_t rows_ = 0;
  std::size_t row_groups_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace

Result<std::unique_ptr<plugin::TableWriter>> MakeParquetWriter(
    const std::vector<plugin::ColumnSpec>& columns) {
  auto writer = std::make_unique<ParquetWriter>(columns);
  TICKSCOPE_RETURN_IF_ERROR(writer->Open());
  return writer;
}

Result<std::unique_ptr<plugin::TableReader>> OpenParquetTable(std::shared_ptr<plugin::TableSource> source,
                                                              plugin::TableScan scan) try {
  const std::string name = source->name();
  auto reader = std::make_unique<ParquetReader>(std::move(source), std::move(scan));
  TICKSCOPE_RETURN_IF_ERROR(reader->Open());
  return reader;
} catch (const parquet::ParquetException& thrown) {
  return Fail(ErrorCode::kCorruption, std::string("parquet: ") + thrown.what());
}

}  // namespace tickscope::columnar
