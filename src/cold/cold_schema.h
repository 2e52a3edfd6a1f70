// ColdSchema: the columns of the cold tier's files. docs/formats/cold.md says what each holds.
//
// Invariants   C1 fixed columns come first and in one order for ever; new ones and promoted ones come after them, so that
//                 readers that go by position (ORC's) go on working.
//              C2 a promoted column holds the value of the label of its name, null where a series has none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "plugin/cold_table.h"

namespace tickscope::cold {

/// Fixed columns, by position.
enum class Column : std::size_t {
  kTs,
  kKind,
  kLabels,
  kSeriesId,
  kCount,
  kSum,
  kMin,
  kMax,
  kFirst,
  kLast,
  kIncrease,
  kBucketLe,
  kBucketLeText,
  kBucketLast,
  kBucketIncrease,
  kHistCountLast,
  kHistCountIncrease,
  kHistSumLast,
  kHistSumIncrease,
  kNativeSchema,
  kNativeHint,
  kNativeZeroThreshold,
  kNativeZeroCount,
  kNativePositiveIndex,
  kNativePositiveCount,
  kNativeNegativeIndex,
  kNativeNegativeCount,
  kNativeBounds,
  kNativeIncreaseSchema,
  kNativeIncreaseZeroThreshold,
  kNativeIncreaseZeroCount,
  kNativeIncreasePositiveIndex,
  kNativeIncreasePositiveCount,
  kNativeIncreaseNegativeIndex,
  kNativeIncreaseNegativeCount,
  kNativeIncreaseBounds,
};

[[nodiscard]] constexpr std::size_t ToIndex(Column column) {
  return static_cast<std::size_t>(column);
}

/// What a row is about; the text is what the column `kind` holds.
enum class RowKind : std::uint8_t { kFloat, kClassic, kNative };
[[nodiscard]] std::string_view RowKindName(RowKind kind);

/// Labels that are columns of their own unless configured otherwise.
[[nodiscard]] const std::vector<std::string>& DefaultPromotedLabels();

inline constexpr std::size_t kPromotedMax = 32;

class ColdSchema {
 public:
  /// Errors: kInvalidArgument when a label is promoted twice, is too much, is not of [a-z_][a-z0-9_]*, or is called as a
  /// fixed or a partition column.
  [[nodiscard]] static Result<ColdSchema> Make(std::vector<std::string> promoted);

  [[nodiscard]] const std::vector<plugin::ColumnSpec>& columns() const { return columns_; }
  [[nodiscard]] const std::vector<std::string>& promoted() const { return promoted_; }

 private:
  std::vector<plugin::ColumnSpec> columns_;
  std::vector<std::string> promoted_;
};

/// Name and kind of a fixed column.
[[nodiscard]] const plugin::ColumnSpec& FixedColumn(Column column);

}  // namespace tickscope::cold
