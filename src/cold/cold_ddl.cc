#include "cold/cold_ddl.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cold/cold_layout.h"
#include "wire/json_writer.h"

namespace tickscope::cold {
namespace {

using plugin::ColumnKind;
using plugin::TableFormat;

std::string_view HiveType(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::kString:
      return "string";
    case ColumnKind::kInt64:
      return "bigint";
    case ColumnKind::kDouble:
      return "double";
    case ColumnKind::kTimestampMs:
      return "timestamp";
    case ColumnKind::kStringMap:
      return "map<string,string>";
    case ColumnKind::kStringList:
      return "array<string>";
    case ColumnKind::kInt64List:
      return "array<bigint>";
    case ColumnKind::kDoubleList:
      return "array<double>";
  }
  return "string";
}

std::string Root(const DdlOptions& options) {
  std::string location = options.location;
  while (location.ends_with('/'))
    location.pop_back();
  return location + "/" + std::string(kColdRoot.substr(0, kColdRoot.size() - 1));
}

std::vector<std::pair<std::string, std::string>> Properties(const DdlOptions& options) {
  return {{"classification", options.format == TableFormat::kOrc ? "orc" : "parquet"},
          {"projection.enabled", "true"},
          {"projection.tenant.type", "injected"},
          {"projection.metric.type", "injected"},
          {"projection.dt.type", "date"},
          {"projection.dt.format", "yyyy-MM-dd"},
          {"projection.dt.range", options.first_day + ",NOW"},
          {"storage.location.template", Root(options) + "/tenant=${tenant}/metric=${metric}/dt=${dt}"}};
}

struct Formats {
  std::string_view input;
  std::string_view output;
  std::string_view serde;
};

Formats FormatsOf(TableFormat format) {
  if (format == TableFormat::kOrc) {
    return {"org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
            "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat", "org.apache.hadoop.hive.ql.io.orc.OrcSerde"};
  }
  return {"org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
          "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
          "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"};
}

constexpr std::string_view kPartitions[] = {"tenant", "metric", "dt"};

void WriteColumn(wire::JsonWriter& json, std::string_view name, std::string_view type) {
  json.BeginObject();
  json.Key("Name");
  json.String(name);
  json.Key("Type");
  json.String(type);
  json.EndObject();
}

}  // namespace

std::string AthenaDdl(const ColdSchema& schema, const DdlOptions& options) {
  std::string ddl =
      fmt::format("CREATE EXTERNAL TABLE IF NOT EXISTS `{}`.`{}` (\n", options.database, options.table);
  for (const plugin::ColumnSpec& column : schema.columns())
    ddl += fmt::format("  `{}` {}{}\n", column.name, HiveType(column.kind),
                       &column == &schema.columns().back() ? "" : ",");
  ddl += fmt::format(
      ")\nPARTITIONED BY (`tenant` string, `metric` string, `dt` string)\nSTORED AS {}\nLOCATION "
      "'{}/'\nTBLPROPERTIES (\n",
      options.format == TableFormat::kOrc ? "ORC" : "PARQUET", Root(options));
  const auto properties = Properties(options);
  for (std::size_t i = 0; i < properties.size(); ++i)
    ddl += fmt::format("  '{}'='{}'{}\n", properties[i].first, properties[i].second,
                       i + 1 == properties.size() ? "" : ",");
  return ddl + ");\n";
}

std::string GlueTableInput(const ColdSchema& schema, const DdlOptions& options) {
  constexpr std::size_t kBytesMax = 1U << 20;
  std::string text;
  wire::JsonWriter json(text, kBytesMax);
  const Formats formats = FormatsOf(options.format);
  json.BeginObject();
  json.Key("Name");
  json.String(options.table);
  json.Key("TableType");
  json.String("EXTERNAL_TABLE");
  json.Key("Parameters");
  json.BeginObject();
  json.Key("EXTERNAL");
  json.String("TRUE");
  for (const auto& [name, value] : Properties(options)) {
    json.Key(name);
    json.String(value);
  }
  json.EndObject();
  json.Key("PartitionKeys");
  json.BeginArray();
  for (const std::string_view name : kPartitions)
    WriteColumn(json, name, "string");
  json.EndArray();
  json.Key("StorageDescriptor");
  json.BeginObject();
  json.Key("Columns");
  json.BeginArray();
  for (const plugin::ColumnSpec& column : schema.columns())
    WriteColumn(json, column.name, HiveType(column.kind));
  json.EndArray();
  json.Key("Location");
  json.String(Root(options) + "/");
  json.Key("InputFormat");
  json.String(formats.input);
  json.Key("OutputFormat");
  json.String(formats.output);
  json.Key("SerdeInfo");
  json.BeginObject();
  json.Key("SerializationLibrary");
  json.String(formats.serde);
  json.EndObject();
  json.EndObject();
  json.EndObject();
  return text + "\n";
}

}  // namespace tickscope::cold
