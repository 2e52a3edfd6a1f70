#include "columnar/orc_table.h"

#include <arrow/adapters/orc/adapter.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "columnar/table_arrays.h"

namespace tickscope::columnar {
namespace {

class OrcWriter final : public plugin::TableWriter {
 public:
  explicit OrcWriter(const std::vector<plugin::ColumnSpec>& columns)
      : columns_(columns), schema_(SchemaOf(columns)) {}

  Status Open() {
    auto sink = arrow::io::BufferOutputStream::Create();
    if (!sink.ok()) return ArrowError("orc", sink.status());
    sink_ = *std::move(sink);
    arrow::adapters::orc::WriteOptions options;
    options.compression = arrow::Compression::ZSTD;
    options.dictionary_key_size_threshold = 0.8;
    auto writer = arrow::adapters::orc::ORCFileWriter::Open(sink_.get(), options);
    if (!writer.ok()) return ArrowError("orc", writer.status());
    writer_ = *std::move(writer);
    return {};
  }

  Status Append(const plugin::TableBatch& batch) override {
    if (batch.rows == 0) return {};
    TICKSCOPE_ASSIGN_OR_RETURN(const auto rows, ToArrow(schema_, columns_, batch));
    if (const arrow::Status written = writer_->Write(*rows); !written.ok()) return ArrowError("orc", written);
    return {};
  }

  std::string Take() override { return {}; }

  Result<std::string> Finish() override {
    if (const arrow::Status closed = writer_->Close(); !closed.ok()) return ArrowError("orc", closed);
    const auto buffer = sink_->Finish();
    if (!buffer.ok()) return ArrowError("orc", buffer.status());
    return (*buffer)->ToString();
  }

 private:
  const std::vector<plugin::ColumnSpec> columns_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::io::BufferOutputStream> sink_;
  std::unique_ptr<arrow::adapters::orc::ORCFileWriter> writer_;
};

class OrcReader final : public plugin::TableReader {
 public:
  OrcReader(std::shared_ptr<plugin::TableSource> source, plugin::TableScan scan)
      : source_(std::move(source)), scan_(std::move(scan)) {}

  Status Open() {
    auto reader = arrow::adapters::orc::ORCFileReader::Open(ArrowFile(source_), arrow::default_memory_pool());
    if (!reader.ok()) return ArrowError(source_->name(), reader.status());
    reader_ = *std::move(reader);
    const auto schema = reader_->ReadSchema();
    if (!schema.ok()) return ArrowError(source_->name(), schema.status());
    for (const plugin::ColumnSpec& column : scan_.columns) {
      if ((*schema)->GetFieldIndex(column.name) >= 0) names_.push_back(column.name);
    }
    return {};
  }

  std::uint64_t rows() const override { return static_cast<std::uint64_t>(reader_->NumberOfRows()); }
  std::size_t row_groups() const override { return static_cast<std::size_t>(reader_->NumberOfStripes()); }
  std::size_t row_groups_left_out() const override { return 0; }

  Result<bool> Next(plugin::TableBatch& batch) override {
    if (stripe_ == reader_->NumberOfStripes()) return false;
    const auto read = reader_->ReadStripe(stripe_++, names_);
    if (!read.ok()) return ArrowError(source_->name(), read.status());
    const arrow::RecordBatch& rows = **read;
    batch.rows = static_cast<std::size_t>(rows.num_rows());
    batch.columns.resize(scan_.columns.size());
    for (std::size_t i = 0; i < scan_.columns.size(); ++i) {
      batch.columns[i].Clear();
      const auto array = rows.GetColumnByName(scan_.columns[i].name);
      if (array == nullptr) {
        FillNulls(batch.rows, scan_.columns[i].kind, batch.columns[i]);
      } else {
        TICKSCOPE_RETURN_IF_ERROR(FromArrow(source_->name(), scan_.columns[i], *array, batch.columns[i]));
      }
    }
    return true;
  }

 private:
  const std::shared_ptr<plugin::TableSource> source_;
  const plugin::TableScan scan_;
  std::vector<std::string> names_;
  std::unique_ptr<arrow::adapters::orc::ORCFileReader> reader_;
  std::int64_t stripe_ = 0;
};

}  // namespace

Result<std::unique_ptr<plugin::TableWriter>> MakeOrcWriter(const std::vector<plugin::ColumnSpec>& columns) {
  auto writer = std::make_unique<OrcWriter>(columns);
  TICKSCOPE_RETURN_IF_ERROR(writer->Open());
  return writer;
}

Result<std::unique_ptr<plugin::TableReader>> OpenOrcTable(std::shared_ptr<plugin::TableSource> source,
                                                          plugin::TableScan scan) {
  auto reader = std::make_unique<OrcReader>(std::move(source), std::move(scan));
  TICKSCOPE_RETURN_IF_ERROR(reader->Open());
  return reader;
}

}  // namespace tickscope::columnar
