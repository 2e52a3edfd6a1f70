#include "cold/cold_schema.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/labels.h"

namespace tickscope::cold {
namespace {

using plugin::ColumnKind;
using plugin::ColumnSpec;

const std::vector<ColumnSpec>& FixedColumns() {
  static const std::vector<ColumnSpec> columns = {
      {"ts", ColumnKind::kTimestampMs},
      {"kind", ColumnKind::kString},
      {"labels", ColumnKind::kStringMap},
      {"series_id", ColumnKind::kInt64},
      {"count", ColumnKind::kInt64},
      {"sum", ColumnKind::kDouble},
      {"min", ColumnKind::kDouble},
      {"max", ColumnKind::kDouble},
      {"first", ColumnKind::kDouble},
      {"last", ColumnKind::kDouble},
      {"increase", ColumnKind::kDouble},
      {"bucket_le", ColumnKind::kDoubleList},
      {"bucket_le_text", ColumnKind::kStringList},
      {"bucket_last", ColumnKind::kDoubleList},
      {"bucket_increase", ColumnKind::kDoubleList},
      {"hist_count_last", ColumnKind::kDouble},
      {"hist_count_increase", ColumnKind::kDouble},
      {"hist_sum_last", ColumnKind::kDouble},
      {"hist_sum_increase", ColumnKind::kDouble},
      {"native_schema", ColumnKind::kInt64},
      {"native_hint", ColumnKind::kInt64},
      {"native_zero_threshold", ColumnKind::kDouble},
      {"native_zero_count", ColumnKind::kDouble},
      {"native_positive_index", ColumnKind::kInt64List},
      {"native_positive_count", ColumnKind::kDoubleList},
      {"native_negative_index", ColumnKind::kInt64List},
      {"native_negative_count", ColumnKind::kDoubleList},
      {"native_bounds", ColumnKind::kDoubleList},
      {"native_increase_schema", ColumnKind::kInt64},
      {"native_increase_zero_threshold", ColumnKind::kDouble},
      {"native_increase_zero_count", ColumnKind::kDouble},
      {"native_increase_positive_index", ColumnKind::kInt64List},
      {"native_increase_positive_count", ColumnKind::kDoubleList},
      {"native_increase_negative_index", ColumnKind::kInt64List},
      {"native_increase_negative_count", ColumnKind::kDoubleList},
      {"native_increase_bounds", ColumnKind::kDoubleList},
  };
  return columns;
}

bool IsColumnName(std::string_view name) {
  return IsClassicLabelName(name) && std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

std::string_view RowKindName(RowKind kind) {
  switch (kind) {
    case RowKind::kFloat:
      return "float";
    case RowKind::kClassic:
      return "classic";
    case RowKind::kNative:
      return "native";
  }
  return "";
}

const std::vector<std::string>& DefaultPromotedLabels() {
  static const std::vector<std::string> labels = {"region", "zone",     "server",    "mode",     "map",
                                                  "build",  "platform", "isp_class", "instance", "job"};
  return labels;
}

Result<ColdSchema> ColdSchema::Make(std::vector<std::string> promoted) {
  ColdSchema schema;
  schema.columns_ = FixedColumns();
  if (promoted.size() > kPromotedMax) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("too many promoted labels: got {}, want at most {}",
                                                         promoted.size(), kPromotedMax));
  }
  for (const std::string& label : promoted) {
    const auto refuse = [&](std::string_view why) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("a promoted label {}: \"{}\"", why, label.substr(0, 128)));
    };
    // Engines do not tell upper from lower case in names of columns.
    if (!IsColumnName(label)) return refuse("is not of [a-z_][a-z0-9_]*");
    if (label == "tenant" || label == "metric" || label == "dt")
      return refuse("is called as a partition column");
    if (std::ranges::find(schema.columns_, label, &ColumnSpec::name) != schema.columns_.end())
      return refuse("is called as another column");
    schema.columns_.push_back({label, ColumnKind::kString});
  }
  schema.promoted_ = std::move(promoted);
  return schema;
}

const ColumnSpec& FixedColumn(Column column) {
  return FixedColumns()[ToIndex(column)];
}

}  // namespace tickscope::cold
