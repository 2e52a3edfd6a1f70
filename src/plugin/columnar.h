// Columnar: what libtickscope_columnar.so offers: object stores by S3's protocol, Parquet and ORC files.
//
// Everything that needs Apache Arrow is behind this interface and in a library of its own (src/columnar), loaded by
// the first use: linked in, Arrow would cost every role 11 MB of memory and 20 ms at its start.
//
// Threads   Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "objstore/object_store.h"
#include "objstore/s3_options.h"
#include "plugin/cold_table.h"

namespace tickscope::plugin {

class Columnar {
 public:
  virtual ~Columnar() = default;
  /// Versions of what is inside, for `tickscope version`: "arrow 26.0.1".
  [[nodiscard]] virtual std::string Version() const = 0;

  /// A bucket as an object store; nothing is asked of the server yet. Errors: kInvalidArgument, kUnavailable.
  [[nodiscard]] virtual Result<std::unique_ptr<objstore::ObjectStore>> OpenS3(
      const objstore::S3Options& options) = 0;
  // Tables.

  /// A file of these columns, zstd-compressed; its bytes are a function of what is appended.
  [[nodiscard]] virtual Result<std::unique_ptr<TableWriter>> MakeTableWriter(
      TableFormat format, const std::vector<ColumnSpec>& columns) const = 0;
  /// Errors: kCorruption naming the file, also when a column is there as another kind; the source's.
  [[nodiscard]] virtual Result<std::unique_ptr<TableReader>> OpenTable(TableFormat format,
                                                                       std::shared_ptr<TableSource> source,
                                                                       TableScan scan) const = 0;
};

/// The library's one entry point, extern "C"; the name changes when this interface does.
using ColumnarEntry = Columnar& (*)();
inline constexpr const char* kColumnarEntryName = "tickscope_columnar_3";

/// Loads the library on the first call. Errors: kUnavailable telling where it was looked for and how to get it.
[[nodiscard]] Result<Columnar*> LoadColumnar();

}  // namespace tickscope::plugin
