#include "cold/row_batch.h"

#include "model/histogram_buckets.h"

namespace tickscope::cold {

using plugin::ColumnKind;
using plugin::TableColumn;

RowBatch::RowBatch(const ColdSchema& schema) : schema_(schema) {
  batch_.columns.resize(schema.columns().size());
}

void RowBatch::Clear() {
  batch_.rows = 0;
  for (TableColumn& column : batch_.columns)
    column.Clear();
}

void RowBatch::BeginSeries(const Labels& labels, std::int64_t series_id) {
  series_id_ = series_id;
  TableColumn& maps = At(Column::kLabels);
  plugin::TextMap& map = maps.maps.emplace_back();
  for (const LabelView& label : labels)
    map.emplace_back(label.name, label.value);
  map_ = static_cast<std::uint32_t>(maps.maps.size() - 1);
  promoted_.clear();
  for (const std::string& name : schema_.promoted()) {
    const std::string_view value = labels.Get(name);
    promoted_.push_back(value.empty() ? std::nullopt : std::optional<std::string>(value));
  }
}

void RowBatch::BeginRow(TimeMs end_ms, RowKind kind, std::int64_t count) {
  SetInt(Column::kTs, end_ms);
  SetText(cold::ToIndex(Column::kKind), RowKindName(kind));
  TableColumn& maps = At(Column::kLabels);
  maps.index.push_back(map_);
  maps.is_null.push_back(0);
  SetInt(Column::kSeriesId, series_id_);
  SetInt(Column::kCount, count);
  const std::size_t first = schema_.columns().size() - promoted_.size();
  for (std::size_t i = 0; i < promoted_.size(); ++i) {
    if (promoted_[i]) SetText(first + i, *promoted_[i]);
  }
}

void RowBatch::EndRow() {
  ++batch_.rows;
  for (std::size_t i = 0; i < batch_.columns.size(); ++i) {
    TableColumn& column = batch_.columns[i];
    if (column.is_null.size() == batch_.rows) continue;
    column.is_null.push_back(1);
    switch (schema_.columns()[i].kind) {
      case ColumnKind::kString:
      case ColumnKind::kStringMap:
        column.index.push_back(0);
        break;
      case ColumnKind::kInt64:
      case ColumnKind::kTimestampMs:
        column.ints.push_back(0);
        break;
      case ColumnKind::kDouble:
        column.doubles.push_back(0);
        break;
      case ColumnKind::kStringList:
      case ColumnKind::kInt64List:
      case ColumnKind::kDoubleList:
        column.ends.push_back(column.ends.empty() ? 0 : column.ends.back());
        break;
    }
  }
}

void RowBatch::SetInt(Column column, std::int64_t value) {
  At(column).ints.push_back(value);
  At(column).is_null.push_back(0);
}

void RowBatch::SetDouble(Column column, double value) {
  At(column).doubles.push_back(value);
  At(column).is_null.push_back(0);
}

void RowBatch::SetDouble(Column column, std::optional<double> value) {
  if (value) SetDouble(column, *value);
}

void RowBatch::SetText(std::size_t index, std::string_view text) {
  TableColumn& column = batch_.columns[index];
  if (column.texts.empty() || column.texts.back() != text) column.texts.emplace_back(text);
  column.index.push_back(static_cast<std::uint32_t>(column.texts.size() - 1));
  column.is_null.push_back(0);
}

void RowBatch::SetList(Column index, const std::vector<double>& values) {
  TableColumn& column = At(index);
  column.doubles.insert(column.doubles.end(), values.begin(), values.end());
  column.ends.push_back(static_cast<std::uint32_t>(column.doubles.size()));
  column.is_null.push_back(0);
}

void RowBatch::SetBuckets(Column index, Column count, const std::vector<BucketSpan>& spans,
                          const std::vector<double>& buckets) {
  TableColumn& indices = At(index);
  TableColumn& counts = At(count);
  for (const IndexedBucket& bucket : PopulatedBuckets(spans, buckets)) {
    indices.ints.push_back(bucket.index);
    counts.doubles.push_back(bucket.count);
  }
  indices.ends.push_back(static_cast<std::uint32_t>(indices.ints.size()));
  indices.is_null.push_back(0);
  counts.ends.push_back(static_cast<std::uint32_t>(counts.doubles.size()));
  counts.is_null.push_back(0);
}

void RowBatch::Add(const FloatWindow& row) {
  BeginRow(row.end_ms, RowKind::kFloat, row.count);
  SetDouble(Column::kSum, row.sum);
  SetDouble(Column::kMin, row.min);
  SetDouble(Column::kMax, row.max);
  SetDouble(Column::kFirst, row.first);
  SetDouble(Column::kLast, row.last);
  SetDouble(Column::kIncrease, row.increase);
  EndRow();
}

void RowBatch::Add(const HistogramWindow& row) {
  BeginRow(row.end_ms, RowKind::kNative, row.count);
  const Histogram& last = *row.last;
  SetDouble(Column::kHistCountLast, last.count);
  SetDouble(Column::kHistSumLast, last.sum);
  SetInt(Column::kNativeSchema, last.schema);
  SetInt(Column::kNativeHint, static_cast<std::int64_t>(last.reset_hint));
  SetDouble(Column::kNativeZeroThreshold, last.zero_threshold);
  SetDouble(Column::kNativeZeroCount, last.zero_count);
  SetBuckets(Column::kNativePositiveIndex, Column::kNativePositiveCount, last.positive_spans,
             last.positive_buckets);
  SetBuckets(Column::kNativeNegativeIndex, Column::kNativeNegativeCount, last.negative_spans,
             last.negative_buckets);
  if (UsesCustomBounds(last)) SetList(Column::kNativeBounds, last.custom_bounds);
  if (row.increase) {
    const Histogram& increase = *row.increase;
    SetDouble(Column::kHistCountIncrease, increase.count);
    SetDouble(Column::kHistSumIncrease, increase.sum);
    SetInt(Column::kNativeIncreaseSchema, increase.schema);
    SetDouble(Column::kNativeIncreaseZeroThreshold, increase.zero_threshold);
    SetDouble(Column::kNativeIncreaseZeroCount, increase.zero_count);
    SetBuckets(Column::kNativeIncreasePositiveIndex, Column::kNativeIncreasePositiveCount,
               increase.positive_spans, increase.positive_buckets);
    SetBuckets(Column::kNativeIncreaseNegativeIndex, Column::kNativeIncreaseNegativeCount,
               increase.negative_spans, increase.negative_buckets);
    if (UsesCustomBounds(increase)) SetList(Column::kNativeIncreaseBounds, increase.custom_bounds);
  }
  EndRow();
}

void RowBatch::Add(const ClassicRow& row) {
  BeginRow(row.end_ms, RowKind::kClassic, row.count);
  TableColumn& le = At(Column::kBucketLe);
  TableColumn& text = At(Column::kBucketLeText);
  TableColumn& last = At(Column::kBucketLast);
  TableColumn& increase = At(Column::kBucketIncrease);
  for (const ClassicRow::Bucket& bucket : row.buckets) {
    le.doubles.push_back(bucket.le);
    text.texts.emplace_back(bucket.le_text);
    text.index.push_back(static_cast<std::uint32_t>(text.texts.size() - 1));
    last.doubles.push_back(bucket.last);
    increase.doubles.push_back(bucket.increase);
  }
  for (TableColumn* const column : {&le, &text, &last, &increase}) {
    column->ends.push_back(
        static_cast<std::uint32_t>(column == &text ? column->index.size() : column->doubles.size()));
    column->is_null.push_back(0);
  }
  SetDouble(Column::kHistCountLast, row.count_last);
  SetDouble(Column::kHistCountIncrease, row.count_increase);
  SetDouble(Column::kHistSumLast, row.sum_last);
  SetDouble(Column::kHistSumIncrease, row.sum_increase);
  EndRow();
}

}  // namespace tickscope::cold
