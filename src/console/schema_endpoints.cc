#include "console/schema_endpoints.h"

#include <optional>
#include <utility>

#include "wire/json_fields.h"

namespace tickscope::console {
namespace {

using wire::JsonWriter;

void WriteLabel(const schema::Label& label, JsonWriter& json) {
  json.BeginObject();
  WriteText("name", label.name, json);
  WriteText("help", label.help, json);
  if (!label.values.empty()) {
    json.Key("values");
    json.BeginArray();
    for (const std::string& value : label.values)
      json.String(value);
    json.EndArray();
  }
  if (!label.pattern.empty()) WriteText("pattern", label.pattern, json);
  WriteFlag("optional", label.optional, json);
  json.EndObject();
}

void WriteLabels(std::string_view key, const std::vector<schema::Label>& labels, JsonWriter& json) {
  json.Key(key);
  json.BeginArray();
  for (const schema::Label& label : labels)
    WriteLabel(label, json);
  json.EndArray();
}

void WriteMetric(const schema::Metric& metric, JsonWriter& json) {
  json.BeginObject();
  WriteText("name", metric.name, json);
  WriteText("type", schema::MetricKindName(metric.kind), json);
  WriteText("unit", metric.unit, json);
  WriteText("help", metric.help, json);
  WriteText("owner", metric.owner, json);
  WriteText("class", schema::MetricClassName(metric.metric_class), json);
  WriteLabels("labels", metric.labels, json);
  if (!metric.bounds.empty()) {
    json.Key("buckets");
    json.BeginArray();
    for (const double bound : metric.bounds)
      json.Number(bound);
    json.EndArray();
  }
  json.EndObject();
}

void WriteThreshold(std::string_view key, std::optional<double> value, JsonWriter& json) {
  json.Key(key);
  if (value) {
    json.Number(*value);
  } else {
    json.Null();
  }
}

void WriteMetrics(const schema::Schema* schema, JsonWriter& json) {
  static const schema::Schema kNone;
  const schema::Schema& shown = schema == nullptr ? kNone : *schema;
  json.BeginObject();
  json.Key("schema");
  WriteSchemaName(schema, json);
  json.Key("metrics");
  json.BeginArray();
  for (const schema::Metric& metric : shown.metrics)
    WriteMetric(metric, json);
  json.EndArray();
  WriteLabels("target_labels", shown.target_labels, json);
  json.EndObject();
}

}  // namespace

void WriteSchemaName(const schema::Schema* schema, JsonWriter& json) {
  if (schema == nullptr) return json.Null();
  json.BeginObject();
  WriteText("name", schema->name, json);
  WriteText("version", schema::VersionText(schema->version), json);
  json.EndObject();
}

void WriteSli(const schema::Sli& sli, JsonWriter& json) {
  json.BeginObject();
  WriteText("name", sli.name, json);
  WriteText("title", sli.title, json);
  WriteText("help", sli.help, json);
  WriteText("unit", sli.unit, json);
  WriteText("expr", sli.expr, json);
  WriteText("good", schema::kSliGoodNames.at(static_cast<std::size_t>(sli.good)), json);
  WriteThreshold("warn", sli.warn, json);
  WriteThreshold("bad", sli.bad, json);
  WriteText("owner", sli.owner, json);
  json.EndObject();
}

void AddSchemaEndpoints(ConsoleRoutes& routes, std::shared_ptr<const schema::Schema> schema) {
  routes.Add("GET", "/api/v1/schema/metrics", "schema", [schema](const ConsoleCall&) {
    return Success([&](JsonWriter& json) -> Status {
      WriteMetrics(schema.get(), json);
      return {};
    });
  });
  routes.Add("GET", "/api/v1/schema/slis", "schema", [schema](const ConsoleCall&) {
    return Success([&](JsonWriter& json) -> Status {
      json.BeginArray();
      if (schema != nullptr) {
        for (const schema::Sli& sli : schema->slis)
          WriteSli(sli, json);
      }
      json.EndArray();
      return {};
    });
  });
}

}  // namespace tickscope::console
