// TableArrays: plugin::TableBatch to and from Arrow's record batches.
#pragma once

#include <arrow/io/type_fwd.h>
#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "plugin/cold_table.h"

namespace tickscope::columnar {

/// What Arrow says, as kCorruption of `file` unless it is about memory or reading.
[[nodiscard]] std::unexpected<Error> ArrowError(const std::string& file, const arrow::Status& status);

[[nodiscard]] std::shared_ptr<arrow::Schema> SchemaOf(const std::vector<plugin::ColumnSpec>& columns);

[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> ToArrow(
    const std::shared_ptr<arrow::Schema>& schema, const std::vector<plugin::ColumnSpec>& columns,
    const plugin::TableBatch& batch);

/// Appends an array's rows to a column. Errors: kCorruption when it is of another kind.
[[nodiscard]] Status FromArrow(const std::string& file, const plugin::ColumnSpec& column,
                               const arrow::Array& array, plugin::TableColumn& out);

/// Makes a column of null rows.
void FillNulls(std::size_t rows, plugin::ColumnKind kind, plugin::TableColumn& out);

/// The source as a file of Arrow's.
[[nodiscard]] std::shared_ptr<arrow::io::RandomAccessFile> ArrowFile(
    std::shared_ptr<plugin::TableSource> source);

}  // namespace tickscope::columnar
