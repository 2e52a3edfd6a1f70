// RowBatch: rows of the cold tier, gathered until they are a row group.
//
// Threads   Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cold/cold_schema.h"
#include "cold/window_rows.h"
#include "model/labels.h"
#include "plugin/cold_table.h"

namespace tickscope::cold {

/// One window of a classic histogram: what its series had in it.
struct ClassicRow {
  struct Bucket {
    double le = 0;
    std::string_view le_text;
    double last = 0;
    double increase = 0;
  };
  TimeMs end_ms = 0;
  std::int64_t count = 0;  ///< Samples of the series that counts observations.
  std::vector<Bucket> buckets;
  std::optional<double> count_last;
  std::optional<double> count_increase;
  std::optional<double> sum_last;
  std::optional<double> sum_increase;
};

class RowBatch {
 public:
  /// `schema` outlives the batch.
  explicit RowBatch(const ColdSchema& schema);

  /// The rows that follow are of this series; `labels` without the metric's name.
  void BeginSeries(const Labels& labels, std::int64_t series_id);
  void Add(const FloatWindow& row);
  void Add(const HistogramWindow& row);
  void Add(const ClassicRow& row);

  [[nodiscard]] const plugin::TableBatch& batch() const { return batch_; }
  /// Forgets the rows; BeginSeries comes next.
  void Clear();

 private:
  plugin::TableColumn& At(Column column) { return batch_.columns[cold::ToIndex(column)]; }
  void BeginRow(TimeMs end_ms, RowKind kind, std::int64_t count);
  // Makes every column as long as the rows are: what was not set is null.
  void EndRow();
  void SetInt(Column column, std::int64_t value);
  void SetDouble(Column column, double value);
  void SetDouble(Column column, std::optional<double> value);
  void SetList(Column column, const std::vector<double>& values);
  void SetBuckets(Column index, Column count, const std::vector<BucketSpan>& spans,
                  const std::vector<double>& buckets);
  void SetText(std::size_t column, std::string_view text);

  const ColdSchema& schema_;
  plugin::TableBatch batch_;
  std::int64_t series_id_ = 0;
  std::uint32_t map_ = 0;
  std::vector<std::optional<std::string>> promoted_;
};

}  // namespace tickscope::cold
