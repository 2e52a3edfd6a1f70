#include "columnar/columnar_library.h"

#include <arrow/config.h>

#include "columnar/orc_table.h"
#include "columnar/parquet_table.h"
#include "columnar/s3_object_store.h"

namespace tickscope::columnar {

std::string ColumnarLibrary::Version() const {
  return "arrow " + arrow::GetBuildInfo().version_string;
}

Result<std::unique_ptr<objstore::ObjectStore>> ColumnarLibrary::OpenS3(const objstore::S3Options& options) {
  return OpenS3ObjectStore(options);
}

Result<std::unique_ptr<plugin::TableWriter>> ColumnarLibrary::MakeTableWriter(
    plugin::TableFormat format, const std::vector<plugin::ColumnSpec>& columns) const {
  return format == plugin::TableFormat::kOrc ? MakeOrcWriter(columns) : MakeParquetWriter(columns);
}

Result<std::unique_ptr<plugin::TableReader>> ColumnarLibrary::OpenTable(
    plugin::TableFormat format, std::shared_ptr<plugin::TableSource> source, plugin::TableScan scan) const {
  return format == plugin::TableFormat::kOrc ? OpenOrcTable(std::move(source), std::move(scan))
                                             : OpenParquetTable(std::move(source), std::move(scan));
}

}  // namespace tickscope::columnar
