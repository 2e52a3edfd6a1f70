#include "api/plan_json.h"
#include "wire/json_fields.h"

#include <chrono>

namespace tickscope::api {
namespace {

using promql::PlanActual;
using promql::PlanNode;
using promql::PlanRead;
using wire::JsonWriter;

/// An unpacked sample: a time and a value.
constexpr std::uint64_t kUnpackedBytes = 16;

void WriteRead(const PlanNode& node, JsonWriter& json) {
  const PlanRead& read = *node.read;
  json.Key("read");
  json.BeginObject();
  WriteText("matchers", promql::MatchersText(node), json);
  if (!read.function.empty()) WriteText("function", read.function, json);
  WriteSeconds("range", read.range_ms, json);
  WriteSeconds("start", read.start_ms, json);
  WriteSeconds("end", read.end_ms, json);
  json.Key("tiers");
  WriteSpans(read.spans, json);
  WriteFlag("columns", read.tells_columns, json);
  if (read.estimate) {
    json.Key("estimate");
    json.BeginObject();
    WriteCount("series", read.estimate->series, json);
    WriteCount("samples", read.estimate->samples, json);
    WriteCount("storedBytes", read.estimate->bytes, json);
    json.EndObject();
  }
  json.EndObject();
}

void WriteActual(const PlanNode& node, JsonWriter& json) {
  const PlanActual& actual = *node.actual;
  json.Key("actual");
  json.BeginObject();
  WriteText("method", promql::PlanMethodText(actual.method), json);
  json.Key("seconds");
  json.Number(std::chrono::duration<double>(actual.wall).count());
  WriteCount("series", actual.series, json);
  if (actual.read) {
    WriteCount("seriesRead", actual.read->series, json);
    WriteCount("samplesRead", actual.read->samples, json);
    WriteCount("unpackedBytes", actual.read->samples * kUnpackedBytes, json);
    // Nobody counts bytes as they are decoded; in proportion to what the headers say they are about this many.
    if (node.read && node.read->estimate && node.read->estimate->samples > 0) {
      const double share =
          static_cast<double>(actual.read->samples) / static_cast<double>(node.read->estimate->samples);
      WriteCount("storedBytesAbout",
                 static_cast<std::uint64_t>(static_cast<double>(node.read->estimate->bytes) * share), json);
    }
    json.Key("tiers");
    WriteSpans(actual.read->spans, json);
  }
  json.EndObject();
}

}  // namespace

void WriteCost(const queryfront::QueryCost& cost, JsonWriter& json) {
  WriteCount("series", cost.series, json);
  WriteCount("samples", cost.samples, json);
  WriteCount("cells", cost.cells, json);
  WriteCount("bytes", cost.bytes(), json);
}

void WriteSpans(std::span<const ReadSpan> spans, JsonWriter& json) {
  json.BeginArray();
  for (const ReadSpan& span : spans) {
    json.BeginObject();
    WriteText("tier", span.source, json);
    WriteSeconds("start", span.start_ms, json);
    WriteSeconds("end", span.end_ms, json);
    WriteSeconds("resolution", span.resolution_ms, json);
    WriteCount("files", span.files, json);
    json.EndObject();
  }
  json.EndArray();
}

void WritePlanNode(const PlanNode& node, JsonWriter& json) {
  json.BeginObject();
  WriteCount("id", node.id, json);
  WriteText("operation", node.operation, json);
  if (!node.detail.empty()) WriteText("detail", node.detail, json);
  WriteText("expression", promql::ExpressionText(node), json);
  WriteText("method", promql::PlanMethodText(node.method), json);
  if (node.shared_with != 0) WriteCount("sharedWith", node.shared_with, json);
  WriteFlag("once", node.is_once, json);
  WriteSeconds("start", node.start_ms, json);
  WriteSeconds("step", node.step_ms, json);
  WriteCount("steps", node.steps, json);
  if (node.read) WriteRead(node, json);
  if (node.actual) WriteActual(node, json);
  if (!node.children.empty()) {
    json.Key("children");
    json.BeginArray();
    for (const PlanNode& child : node.children)
      WritePlanNode(child, json);
    json.EndArray();
  }
  json.EndObject();
}

}  // namespace tickscope::api
