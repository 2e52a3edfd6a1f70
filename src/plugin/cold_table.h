// ColdTable: Parquet and ORC files as batches of columns, without a header of Apache Arrow.
//
// Rows that follow one another share most of their texts and label maps here, so a column keeps each run's value once and
// an index a row: a day of a series' windows costs one map, not 288.
//
// Invariants   T1 a batch's columns are those asked for, in that order, and all have `rows` rows.
//              T2 what was written is read back equal, bit by bit, whatever the format.
// Threads      A writer or reader belongs to one thread.
// Memory       A writer: one row group and the finished bytes. A reader: the columns asked for of one row group.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace tickscope::plugin {

enum class TableFormat : std::uint8_t { kParquet, kOrc };

enum class ColumnKind : std::uint8_t {
  kString,       ///< texts
  kInt64,        ///< ints
  kDouble,       ///< doubles
  kTimestampMs,  ///< ints; milliseconds since the epoch in UTC, without a time zone in the file
  kStringMap,    ///< maps
  kStringList,   ///< texts, several a row
  kInt64List,    ///< ints, several a row
  kDoubleList,   ///< doubles, several a row
};

struct ColumnSpec {
  std::string name;
  ColumnKind kind = ColumnKind::kDouble;

  friend bool operator==(const ColumnSpec&, const ColumnSpec&) = default;
};

using TextMap = std::vector<std::pair<std::string, std::string>>;

/// One column of a batch; only what its kind names is filled. Of a row that is null nothing is in the lists.
struct TableColumn {
  std::vector<std::uint8_t> is_null;  ///< One a row; empty when no row is null.
  std::vector<std::int64_t> ints;     ///< One a row (0 when null), or the items of all rows' lists.
  std::vector<double> doubles;        ///< Likewise.
  std::vector<std::string> texts;     ///< Distinct values of runs.
  std::vector<TextMap> maps;          ///< Likewise.
  std::vector<std::uint32_t> index;   ///< Into texts or maps: one a row (0 when null), or one an item.
  std::vector<std::uint32_t> ends;    ///< Of lists: where a row's items end, one a row.

  void Clear();
  [[nodiscard]] bool IsNull(std::size_t row) const { return !is_null.empty() && is_null[row] != 0; }
  /// Requires: a row that is not null, of a text or map column.
  [[nodiscard]] const std::string& TextAt(std::size_t row) const { return texts[index[row]]; }
  [[nodiscard]] const TextMap& MapAt(std::size_t row) const { return maps[index[row]]; }
  /// A row's items: [first, last) into ints, doubles or index.
  [[nodiscard]] std::pair<std::size_t, std::size_t> ItemsAt(std::size_t row) const {
    return {row == 0 ? 0 : ends[row - 1], ends[row]};
  }
};

struct TableBatch {
  std::size_t rows = 0;
  std::vector<TableColumn> columns;
};

class TableWriter {
 public:
  virtual ~TableWriter() = default;
  /// Appends a batch as one row group (of ORC: to the stripe). Requires T1.
  [[nodiscard]] virtual Status Append(const TableBatch& batch) = 0;
  /// Bytes of the file that will not change, in its order; Finish then gives what follows them. So a file of any size is
  /// written in the memory of a row group. May be empty: ORC has none before the end.
  [[nodiscard]] virtual std::string Take() = 0;
  /// The file's bytes, or what Take left of them.
  [[nodiscard]] virtual Result<std::string> Finish() = 0;
};

/// Where a file's bytes come from. Thread-safe.
class TableSource {
 public:
  virtual ~TableSource() = default;
  /// What the file is called in errors.
  [[nodiscard]] virtual const std::string& name() const = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Exactly `out.size()` bytes.
  [[nodiscard]] virtual Status ReadAt(std::uint64_t offset, std::span<char> out) = 0;
};

/// Leaves out row groups whose statistics say that no row can be wanted; rows that stay are not filtered.
struct RowGroupBounds {
  std::string column;    ///< Of kTimestampMs or kString.
  std::int64_t min = 0;  ///< Of kTimestampMs, both inclusive.
  std::int64_t max = 0;
  std::string text;  ///< Of kString: the one value wanted.
};

struct TableScan {
  std::vector<ColumnSpec> columns;  ///< To read. A column that the file does not have is null in every row.
  std::vector<RowGroupBounds> bounds;
};

class TableReader {
 public:
  virtual ~TableReader() = default;
  [[nodiscard]] virtual std::uint64_t rows() const = 0;
  [[nodiscard]] virtual std::size_t row_groups() const = 0;
  /// Row groups that bounds left out; of ORC none.
  [[nodiscard]] virtual std::size_t row_groups_left_out() const = 0;
  /// Replaces `batch` by the next rows; false at the end. Errors: kCorruption naming the file; the source's.
  [[nodiscard]] virtual Result<bool> Next(TableBatch& batch) = 0;
};

inline void TableColumn::Clear() {
  is_null.clear();
  ints.clear();
  doubles.clear();
  texts.clear();
  maps.clear();
  index.clear();
  ends.clear();
}

}  // namespace tickscope::plugin
