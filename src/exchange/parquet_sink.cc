#include "exchange/parquet_sink.h"

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/sample.h"

namespace tickscope::exchange {
namespace {

using plugin::ColumnKind;
using plugin::TableColumn;

// The order of kColumns.
enum Column : std::size_t {
  kTs,
  kMetric,
  kLabels,
  kKind,
  kValue,
  kCount,
  kSum,
  kSchema,
  kHint,
  kZeroThreshold,
  kZeroCount,
  kPositiveIndex,
  kPositiveCount,
  kNegativeIndex,
  kNegativeCount,
  kBounds,
};

const std::vector<plugin::ColumnSpec>& Columns() {
  static const std::vector<plugin::ColumnSpec> columns = {
      {"ts", ColumnKind::kTimestampMs},
      {"metric", ColumnKind::kString},
      {"labels", ColumnKind::kStringMap},
      {"kind", ColumnKind::kString},
      {"value", ColumnKind::kDouble},
      {"hist_count", ColumnKind::kDouble},
      {"hist_sum", ColumnKind::kDouble},
      {"native_schema", ColumnKind::kInt64},
      {"native_hint", ColumnKind::kInt64},
      {"native_zero_threshold", ColumnKind::kDouble},
      {"native_zero_count", ColumnKind::kDouble},
      {"native_positive_index", ColumnKind::kInt64List},
      {"native_positive_count", ColumnKind::kDoubleList},
      {"native_negative_index", ColumnKind::kInt64List},
      {"native_negative_count", ColumnKind::kDoubleList},
      {"native_bounds", ColumnKind::kDoubleList},
  };
  return columns;
}

void AddText(std::string_view text, TableColumn& column) {
  if (column.texts.empty() || column.texts.back() != text) column.texts.emplace_back(text);
  column.index.push_back(static_cast<std::uint32_t>(column.texts.size() - 1));
  column.is_null.push_back(0);
}

void AddNumber(std::optional<double> value, TableColumn& column) {
  column.doubles.push_back(value.value_or(0));
  column.is_null.push_back(value ? 0 : 1);
}

void AddInteger(std::optional<std::int64_t> value, TableColumn& column) {
  column.ints.push_back(value.value_or(0));
  column.is_null.push_back(value ? 0 : 1);
}

// Ends the row of a list column whose items were added.
void EndList(std::size_t items, bool is_null, TableColumn& column) {
  column.ends.push_back(static_cast<std::uint32_t>(items));
  column.is_null.push_back(is_null ? 1 : 0);
}

// Buckets that hold anything: their indices and counts.
void AddBuckets(std::span<const BucketSpan> spans, std::span<const double> buckets, bool is_null,
                TableColumn& indices, TableColumn& counts) {
  std::int64_t index = 0;
  std::size_t at = 0;
  for (const BucketSpan& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && at < buckets.size(); ++i, ++index, ++at) {
      if (buckets[at] == 0) continue;
      indices.ints.push_back(index);
      counts.doubles.push_back(buckets[at]);
    }
  }
  EndList(indices.ints.size(), is_null, indices);
  EndList(counts.doubles.size(), is_null, counts);
}

class ParquetSink final : public SampleSink {
 public:
  ParquetSink(std::unique_ptr<plugin::TableWriter> writer, std::function<Status(std::string_view)> output)
      : writer_(std::move(writer)), output_(std::move(output)) {
    batch_.columns.resize(Columns().size());
  }

  [[nodiscard]] Status BeginWindow(const TimeWindow&) override { return {}; }
  [[nodiscard]] Status EndWindow() override { return {}; }

  [[nodiscard]] Status Add(const Labels& labels, const SampleColumns& samples) override {
    const std::string_view metric = labels.metric_name();
    plugin::TextMap map;
    for (const LabelView& label : labels) {
      if (label.name != kMetricName) map.emplace_back(label.name, label.value);
    }
    const auto begin_series = [&] { batch_.columns[kLabels].maps.push_back(map); };
    begin_series();
    for (std::size_t i = 0; i < samples.size(); ++i) {
      TableColumn& names = batch_.columns[kMetric];
      if (metric.empty()) {
        names.index.push_back(0);
        names.is_null.push_back(1);
      } else {
        AddText(metric, names);
      }
      TableColumn& maps = batch_.columns[kLabels];
      maps.index.push_back(static_cast<std::uint32_t>(maps.maps.size() - 1));
      const HistogramPtr none;
      AddSample(samples.times_ms[i], samples.values[i],
                (samples.histograms.empty() ? none : samples.histograms[i]).get());
      if (++batch_.rows < kExportRowsPerGroup) continue;
      TICKSCOPE_RETURN_IF_ERROR(WriteGroup());
      begin_series();
    }
    return {};
  }

  [[nodiscard]] Status Finish() override {
    TICKSCOPE_RETURN_IF_ERROR(WriteGroup());
    TICKSCOPE_ASSIGN_OR_RETURN(const std::string rest, writer_->Finish());
    return output_(rest);
  }

 private:
  void AddSample(TimeMs time_ms, double value, const Histogram* histogram) {
    std::vector<TableColumn>& columns = batch_.columns;
    const bool is_stale = IsStaleNan(histogram == nullptr ? value : histogram->sum);
    const Histogram* const native = is_stale ? nullptr : histogram;
    columns[kTs].ints.push_back(time_ms);
    AddText(is_stale ? "stale" : native != nullptr ? "native" : "float", columns[kKind]);
    using Number = std::optional<double>;
    AddNumber(native != nullptr ? std::nullopt : Number(is_stale ? StaleNan() : value), columns[kValue]);
    AddNumber(native == nullptr ? std::nullopt : Number(native->count), columns[kCount]);
    AddNumber(native == nullptr ? std::nullopt : Number(native->sum), columns[kSum]);
    using Integer = std::optional<std::int64_t>;
    AddInteger(native == nullptr ? std::nullopt : Integer(native->schema), columns[kSchema]);
    AddInteger(native == nullptr ? std::nullopt : Integer(static_cast<std::int64_t>(native->reset_hint)),
               columns[kHint]);
    AddNumber(native == nullptr ? std::nullopt : Number(native->zero_threshold), columns[kZeroThreshold]);
    AddNumber(native == nullptr ? std::nullopt : Number(native->zero_count), columns[kZeroCount]);
    static const Histogram empty;
    const Histogram& buckets = native == nullptr ? empty : *native;
    AddBuckets(buckets.positive_spans, buckets.positive_buckets, native == nullptr, columns[kPositiveIndex],
               columns[kPositiveCount]);
    AddBuckets(buckets.negative_spans, buckets.negative_buckets, native == nullptr, columns[kNegativeIndex],
               columns[kNegativeCount]);
    TableColumn& bounds = columns[kBounds];
    bounds.doubles.insert(bounds.doubles.end(), buckets.custom_bounds.begin(), buckets.custom_bounds.end());
    EndList(bounds.doubles.size(), buckets.custom_bounds.empty(), bounds);
  }

  [[nodiscard]] Status WriteGroup() {
    // Rows of a last series that is not there yet say nothing.
    if (batch_.rows == 0) return {};
    TICKSCOPE_RETURN_IF_ERROR(writer_->Append(batch_));
    batch_.rows = 0;
    for (TableColumn& column : batch_.columns)
      column.Clear();
    return output_(writer_->Take());
  }

  const std::unique_ptr<plugin::TableWriter> writer_;
  const std::function<Status(std::string_view)> output_;
  plugin::TableBatch batch_;
};

}  // namespace

Result<std::unique_ptr<SampleSink>> MakeParquetSink(const plugin::Columnar& columnar,
                                                    std::function<Status(std::string_view bytes)> output) {
  TICKSCOPE_ASSIGN_OR_RETURN(std::unique_ptr<plugin::TableWriter> writer,
                             columnar.MakeTableWriter(plugin::TableFormat::kParquet, Columns()));
  return std::make_unique<ParquetSink>(std::move(writer), std::move(output));
}

}  // namespace tickscope::exchange
