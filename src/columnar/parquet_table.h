// ParquetTable: plugin::TableWriter and TableReader over Arrow's Parquet.
#pragma once

#include <memory>
#include <vector>

#include "base/error.h"
#include "plugin/cold_table.h"

namespace tickscope::columnar {

[[nodiscard]] Result<std::unique_ptr<plugin::TableWriter>> MakeParquetWriter(
    const std::vector<plugin::ColumnSpec>& columns);

/// Errors: kCorruption naming the file; the source's.
[[nodiscard]] Result<std::unique_ptr<plugin::TableReader>> OpenParquetTable(
    std::shared_ptr<plugin::TableSource> source, plugin::TableScan scan);

}  // namespace tickscope::columnar
