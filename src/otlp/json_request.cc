#include "otlp/json_request.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <protozero/pbf_writer.hpp>
#include <span>
#include <stdexcept>

#include "otlp/base64.h"
#include "otlp/proto.h"

namespace tickscope::otlp {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

enum class FieldKind : std::uint8_t {
  kText,
  kBytes,  // base64
  kId,     // hex
  kBool,
  kInt32,
  kSint32,
  kUint32,
  kInt64,
  kUint64,  // varint
  kFixed32,
  kFixed64,
  kSfixed64,
  kDouble,
  kMessage,
};

struct Field;
using Fields = std::span<const Field>;

struct Field {
  const char* name;
  proto::Tag tag;
  FieldKind kind;
  bool is_list = false;
  // The fields of kMessage; a function, as messages hold themselves.
  Fields (*message)() = nullptr;
};

Fields AnyValueFields();

Fields KeyValueFields() {
  static constexpr Field kFields[] = {
      {"key", proto::kKeyValueKey, FieldKind::kText},
      {"value", proto::kKeyValueValue, FieldKind::kMessage, false, AnyValueFields}};
  return kFields;
}

Fields ArrayFields() {
  static constexpr Field kFields[] = {
      {"values", proto::kListValues, FieldKind::kMessage, true, AnyValueFields}};
  return kFields;
}

Fields KeyValueListFields() {
  static constexpr Field kFields[] = {
      {"values", proto::kListValues, FieldKind::kMessage, true, KeyValueFields}};
  return kFields;
}

Fields AnyValueFields() {
  static constexpr Field kFields[] = {
      {"stringValue", proto::kAnyString, FieldKind::kText},
      {"boolValue", proto::kAnyBool, FieldKind::kBool},
      {"intValue", proto::kAnyInt, FieldKind::kInt64},
      {"doubleValue", proto::kAnyDouble, FieldKind::kDouble},
      {"arrayValue", proto::kAnyArray, FieldKind::kMessage, false, ArrayFields},
      {"kvlistValue", proto::kAnyKeyValues, FieldKind::kMessage, false, KeyValueListFields},
      {"bytesValue", proto::kAnyBytes, FieldKind::kBytes}};
  return kFields;
}

Fields ExemplarFields() {
  static constexpr Field kFields[] = {
      {"timeUnixNano", proto::kExemplarTime, FieldKind::kFixed64},
      {"asDouble", proto::kExemplarDouble, FieldKind::kDouble},
      {"asInt", proto::kExemplarInt, FieldKind::kSfixed64},
      {"spanId", proto::kExemplarSpanId, FieldKind::kId},
      {"traceId", proto::kExemplarTraceId, FieldKind::kId},
      {"filteredAttributes", proto::kExemplarAttributes, FieldKind::kMessage, true, KeyValueFields}};
  return kFields;
}

Fields NumberFields() {
  static constexpr Field kFields[] = {
      {"attributes", proto::kNumberAttributes, FieldKind::kMessage, true, KeyValueFields},
      {"startTimeUnixNano", proto::kPointStart, FieldKind::kFixed64},
      {"timeUnixNano", proto::kPointTime, FieldKind::kFixed64},
      {"asDouble", proto::kNumberDouble, FieldKind::kDouble},
      {"asInt", proto::kNumberInt, FieldKind::kSfixed64},
      {"exemplars", proto::kNumberExemplars, FieldKind::kMessage, true, ExemplarFields},
      {"flags", proto::kNumberFlags, FieldKind::kUint32}};
  return kFields;
}

Fields HistogramPointFields() {
  static constexpr Field kFields[] = {
      {"attributes", proto::kHistogramAttributes, FieldKind::kMessage, true, KeyValueFields},
      {"startTimeUnixNano", proto::kPointStart, FieldKind::kFixed64},
      {"timeUnixNano", proto::kPointTime, FieldKind::kFixed64},
      {"count", proto::kHistogramCount, FieldKind::kFixed64},
      {"sum", proto::kHistogramSum, FieldKind::kDouble},
      {"bucketCounts", proto::kHistogramBucketCounts, FieldKind::kFixed64, true},
      {"explicitBounds", proto::kHistogramBounds, FieldKind::kDouble, true},
      {"exemplars", proto::kHistogramExemplars, FieldKind::kMessage, true, ExemplarFields},
      {"flags", proto::kHistogramFlags, FieldKind::kUint32}};
  return kFields;
}

Fields BucketsFields() {
  static constexpr Field kFields[] = {{"offset", proto::kBucketsOffset, FieldKind::kSint32},
                                      {"bucketCounts", proto::kBucketsCounts, FieldKind::kUint64, true}};
  return kFields;
}

Fields ExponentialPointFields() {
  static constexpr Field kFields[] = {
      {"attributes", proto::kExponentialAttributes, FieldKind::kMessage, true, KeyValueFields},
      {"startTimeUnixNano", proto::kPointStart, FieldKind::kFixed64},
      {"timeUnixNano", proto::kPointTime, FieldKind::kFixed64},
      {"count", proto::kExponentialCount, FieldKind::kFixed64},
      {"sum", proto::kExponentialSum, FieldKind::kDouble},
      {"scale", proto::kExponentialScale, FieldKind::kSint32},
      {"zeroCount", proto::kExponentialZeroCount, FieldKind::kFixed64},
      {"positive", proto::kExponentialPositive, FieldKind::kMessage, false, BucketsFields},
      {"negative", proto::kExponentialNegative, FieldKind::kMessage, false, BucketsFields},
      {"flags", proto::kExponentialFlags, FieldKind::kUint32},
      {"exemplars", proto::kExponentialExemplars, FieldKind::kMessage, true, ExemplarFields},
      {"zeroThreshold", proto::kExponentialZeroThreshold, FieldKind::kDouble}};
  return kFields;
}

Fields QuantileFields() {
  static constexpr Field kFields[] = {{"quantile", proto::kQuantile, FieldKind::kDouble},
                                      {"value", proto::kQuantileValue, FieldKind::kDouble}};
  return kFields;
}

Fields SummaryPointFields() {
  static constexpr Field kFields[] = {
      {"attributes", proto::kSummaryAttributes, FieldKind::kMessage, true, KeyValueFields},
      {"startTimeUnixNano", proto::kPointStart, FieldKind::kFixed64},
      {"timeUnixNano", proto::kPointTime, FieldKind::kFixed64},
      {"count", proto::kSummaryCount, FieldKind::kFixed64},
      {"sum", proto::kSummarySum, FieldKind::kDouble},
      {"quantileValues", proto::kSummaryQuantiles, FieldKind::kMessage, true, QuantileFields},
      {"flags", proto::kSummaryFlags, FieldKind::kUint32}};
  return kFields;
}

// What all kinds of metrics have; the flag is Sum's alone, and other messages' readers pass it over.
template <Fields (*PointFields)()>
Fields DataFields() {
  static constexpr Field kFields[] = {
      {"dataPoints", proto::kDataPoints, FieldKind::kMessage, true, PointFields},
      {"aggregationTemporality", proto::kTemporality, FieldKind::kInt32},
      {"isMonotonic", proto::kSumIsMonotonic, FieldKind::kBool}};
  return kFields;
}

Fields MetricFields() {
  static constexpr Field kFields[] = {
      {"name", proto::kMetricName, FieldKind::kText},
      {"description", proto::kMetricDescription, FieldKind::kText},
      {"unit", proto::kMetricUnit, FieldKind::kText},
      {"gauge", proto::kMetricGauge, FieldKind::kMessage, false, DataFields<NumberFields>},
      {"sum", proto::kMetricSum, FieldKind::kMessage, false, DataFields<NumberFields>},
      {"histogram", proto::kMetricHistogram, FieldKind::kMessage, false, DataFields<HistogramPointFields>},
      {"exponentialHistogram", proto::kMetricExponentialHistogram, FieldKind::kMessage, false,
       DataFields<ExponentialPointFields>},
      {"summary", proto::kMetricSummary, FieldKind::kMessage, false, DataFields<SummaryPointFields>}};
  return kFields;
}

Fields ScopeFields() {
  static constexpr Field kFields[] = {
      {"name", proto::kScopeName, FieldKind::kText},
      {"version", proto::kScopeVersion, FieldKind::kText},
      {"attributes", proto::kScopeAttributes, FieldKind::kMessage, true, KeyValueFields}};
  return kFields;
}

Fields ScopeMetricsFields() {
  static constexpr Field kFields[] = {
      {"scope", proto::kScopeMetricsScope, FieldKind::kMessage, false, ScopeFields},
      {"metrics", proto::kScopeMetricsMetrics, FieldKind::kMessage, true, MetricFields},
      {"schemaUrl", proto::kScopeMetricsSchemaUrl, FieldKind::kText}};
  return kFields;
}

Fields ResourceFields() {
  static constexpr Field kFields[] = {
      {"attributes", proto::kResourceAttributes, FieldKind::kMessage, true, KeyValueFields}};
  return kFields;
}

Fields ResourceMetricsFields() {
  static constexpr Field kFields[] = {
      {"resource", proto::kResourceMetricsResource, FieldKind::kMessage, false, ResourceFields},
      {"scopeMetrics", proto::kResourceMetricsScopeMetrics, FieldKind::kMessage, true, ScopeMetricsFields}};
  return kFields;
}

Fields MetricsRequestFields() {
  static constexpr Field kFields[] = {
      {"resourceMetrics", proto::kRequestResourceMetrics, FieldKind::kMessage, true, ResourceMetricsFields}};
  return kFields;
}

Fields LogFields() {
  static constexpr Field kFields[] = {
      {"timeUnixNano", proto::kLogTime, FieldKind::kFixed64},
      {"observedTimeUnixNano", proto::kLogObserved, FieldKind::kFixed64},
      {"severityNumber", proto::kLogSeverity, FieldKind::kInt32},
      {"severityText", proto::kLogSeverityText, FieldKind::kText},
      {"body", proto::kLogBody, FieldKind::kMessage, false, AnyValueFields},
      {"attributes", proto::kLogAttributes, FieldKind::kMessage, true, KeyValueFields},
      {"droppedAttributesCount", proto::kLogDroppedAttributes, FieldKind::kUint32},
      {"flags", proto::kLogFlags, FieldKind::kFixed32},
      {"traceId", proto::kLogTraceId, FieldKind::kId},
      {"spanId", proto::kLogSpanId, FieldKind::kId},
      {"eventName", proto::kLogEventName, FieldKind::kText}};
  return kFields;
}

Fields EventFields() {
  static constexpr Field kFields[] = {
      {"timeUnixNano", proto::kEventTime, FieldKind::kFixed64},
      {"name", proto::kEventName, FieldKind::kText},
      {"attributes", proto::kEventAttributes, FieldKind::kMessage, true, KeyValueFields},
      {"droppedAttributesCount", proto::kEventDroppedAttributes, FieldKind::kUint32}};
  return kFields;
}

Fields LinkFields() {
  static constexpr Field kFields[] = {
      {"traceId", proto::kLinkTraceId, FieldKind::kId},
      {"spanId", proto::kLinkSpanId, FieldKind::kId},
      {"traceState", proto::kLinkTraceState, FieldKind::kText},
      {"attributes", proto::kLinkAttributes, FieldKind::kMessage, true, KeyValueFields},
      {"droppedAttributesCount", proto::kLinkDroppedAttributes, FieldKind::kUint32},
      {"flags", proto::kLinkFlags, FieldKind::kFixed32}};
  return kFields;
}

Fields StatusFields() {
  static constexpr Field kFields[] = {{"message", proto::kStatusMessage, FieldKind::kText},
                                      {"code", proto::kStatusCode, FieldKind::kInt32}};
  return kFields;
}

Fields SpanFields() {
  static constexpr Field kFields[] = {
      {"traceId", proto::kSpanTraceId, FieldKind::kId},
      {"spanId", proto::kSpanSpanId, FieldKind::kId},
      {"traceState", proto::kSpanTraceState, FieldKind::kText},
      {"parentSpanId", proto::kSpanParent, FieldKind::kId},
      {"flags", proto::kSpanFlags, FieldKind::kFixed32},
      {"name", proto::kSpanName, FieldKind::kText},
      {"kind", proto::kSpanKind, FieldKind::kInt32},
      {"startTimeUnixNano", proto::kSpanStart, FieldKind::kFixed64},
      {"endTimeUnixNano", proto::kSpanEnd, FieldKind::kFixed64},
      {"attributes", proto::kSpanAttributes, FieldKind::kMessage, true, KeyValueFields},
      {"droppedAttributesCount", proto::kSpanDroppedAttributes, FieldKind::kUint32},
      {"events", proto::kSpanEvents, FieldKind::kMessage, true, EventFields},
      {"droppedEventsCount", proto::kSpanDroppedEvents, FieldKind::kUint32},
      {"links", proto::kSpanLinks, FieldKind::kMessage, true, LinkFields},
      {"droppedLinksCount", proto::kSpanDroppedLinks, FieldKind::kUint32},
      {"status", proto::kSpanStatus, FieldKind::kMessage, false, StatusFields}};
  return kFields;
}

Fields ScopeLogsFields() {
  static constexpr Field kFields[] = {
      {"scope", proto::kScopeScope, FieldKind::kMessage, false, ScopeFields},
      {"logRecords", proto::kScopeRecords, FieldKind::kMessage, true, LogFields}};
  return kFields;
}

Fields ScopeSpansFields() {
  static constexpr Field kFields[] = {{"scope", proto::kScopeScope, FieldKind::kMessage, false, ScopeFields},
                                      {"spans", proto::kScopeRecords, FieldKind::kMessage, true, SpanFields}};
  return kFields;
}

Fields ResourceLogsFields() {
  static constexpr Field kFields[] = {
      {"resource", proto::kResourceResource, FieldKind::kMessage, false, ResourceFields},
      {"scopeLogs", proto::kResourceScopes, FieldKind::kMessage, true, ScopeLogsFields}};
  return kFields;
}

Fields ResourceSpansFields() {
  static constexpr Field kFields[] = {
      {"resource", proto::kResourceResource, FieldKind::kMessage, false, ResourceFields},
      {"scopeSpans", proto::kResourceScopes, FieldKind::kMessage, true, ScopeSpansFields}};
  return kFields;
}

Fields RequestFields(Signal signal) {
  static constexpr Field kLogs[] = {
      {"resourceLogs", proto::kRequestResources, FieldKind::kMessage, true, ResourceLogsFields}};
  static constexpr Field kTraces[] = {
      {"resourceSpans", proto::kRequestResources, FieldKind::kMessage, true, ResourceSpansFields}};
  switch (signal) {
    case Signal::kMetrics:
      return MetricsRequestFields();
    case Signal::kLogs:
      return kLogs;
    case Signal::kTraces:
      return kTraces;
  }
  return {};
}

// Thrown deep in the walk, caught in this file.
struct WrongKind : std::runtime_error {
  explicit WrongKind(const Field& field) : std::runtime_error(std::string("bad value of ") + field.name) {}
};

std::string_view TextOf(const Field& field, element value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) throw WrongKind(field);
  return text;
}

template <typename Number>
std::optional<Number> FromText(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The bits of a 64-bit integer, signed or not, written as a number or as a text.
std::uint64_t IntegerOf(const Field& field, element value) {
  std::uint64_t bits = 0;
  std::int64_t negative = 0;
  double real = 0;
  if (value.get(bits) == simdjson::SUCCESS) return bits;
  if (value.get(negative) == simdjson::SUCCESS) return static_cast<std::uint64_t>(negative);
  if (value.get(real) == simdjson::SUCCESS) {
    // 20.0 is an integer, too.
    if (real != std::trunc(real) || std::abs(real) >= 0x1p63) throw WrongKind(field);
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(real));
  }
  const std::string_view text = TextOf(field, value);
  if (const auto number = FromText<std::uint64_t>(text)) return *number;
  if (const auto number = FromText<std::int64_t>(text)) return static_cast<std::uint64_t>(*number);
  throw WrongKind(field);
}

std::int32_t Int32Of(const Field& field, element value) {
  const auto number = static_cast<std::int64_t>(IntegerOf(field, value));
  if (number < std::numeric_limits<std::int32_t>::min() || number > std::numeric_limits<std::int32_t>::max())
    throw WrongKind(field);
  return static_cast<std::int32_t>(number);
}

double DoubleOf(const Field& field, element value) {
  double real = 0;
  if (value.get(real) == simdjson::SUCCESS) return real;  // Integers, too.
  const std::string_view text = TextOf(field, value);
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (const auto number = FromText<double>(text)) return *number;
  throw WrongKind(field);
}

// False when the message is empty.
bool WriteMessage(Fields fields, element value, protozero::pbf_writer& out);

void WriteField(const Field& field, element value, protozero::pbf_writer& out) {
  switch (field.kind) {
    case FieldKind::kText: {
      const std::string_view text = TextOf(field, value);
      out.add_string(field.tag, text.data(), text.size());
      break;
    }
    case FieldKind::kBytes:
    case FieldKind::kId: {
      const std::string_view text = TextOf(field, value);
      const auto bytes = field.kind == FieldKind::kId ? FromHex(text) : FromBase64(text);
      if (!bytes) throw WrongKind(field);
      out.add_bytes(field.tag, *bytes);
      break;
    }
    case FieldKind::kBool: {
      bool flag = false;
      if (value.get(flag) != simdjson::SUCCESS) throw WrongKind(field);
      out.add_bool(field.tag, flag);
      break;
    }
    case FieldKind::kInt32:
      out.add_int32(field.tag, Int32Of(field, value));
      break;
    case FieldKind::kSint32:
      out.add_sint32(field.tag, Int32Of(field, value));
      break;
    case FieldKind::kUint32:
      out.add_uint32(field.tag, static_cast<std::uint32_t>(IntegerOf(field, value)));
      break;
    case FieldKind::kInt64:
    case FieldKind::kUint64:
      out.add_uint64(field.tag, IntegerOf(field, value));
      break;
    case FieldKind::kFixed32:
      out.add_fixed32(field.tag, static_cast<std::uint32_t>(IntegerOf(field, value)));
      break;
    case FieldKind::kFixed64:
    case FieldKind::kSfixed64:
      out.add_fixed64(field.tag, IntegerOf(field, value));
      break;
    case FieldKind::kDouble:
      out.add_double(field.tag, DoubleOf(field, value));
      break;
    case FieldKind::kMessage: {
      protozero::pbf_writer nested(out, field.tag);
      // An empty one is undone by the writer, and still says something: an attribute without a value is one.
      if (WriteMessage(field.message(), value, nested)) break;
      nested.rollback();
      out.add_message(field.tag, "", 0);
      break;
    }
  }
}

bool WriteMessage(Fields fields, element value, protozero::pbf_writer& out) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS)
    throw std::runtime_error("not an object where a message is due");
  bool is_empty = true;
  for (const auto [name, entry] : object) {
    for (const Field& field : fields) {
      if (name != field.name) continue;
      if (entry.is_null()) break;
      if (!field.is_list) {
        is_empty = false;
        WriteField(field, entry, out);
        break;
      }
      simdjson::dom::array list;
      if (entry.get(list) != simdjson::SUCCESS) throw WrongKind(field);
      for (const element item : list) {
        is_empty = false;
        WriteField(field, item, out);
      }
      break;
    }
  }
  return !is_empty;
}

}  // namespace

struct JsonRequests::Parser {
  simdjson::dom::parser json{kJsonBytesMax};
  std::size_t capacity = 0;
};

JsonRequests::JsonRequests() : parser_(std::make_unique<Parser>()) {}
JsonRequests::~JsonRequests() = default;

Result<std::string> JsonRequests::ToProtobuf(Signal signal, std::string_view json) {
  constexpr std::size_t kCapacityKept = 1U << 20;
  if (json.size() > kJsonBytesMax) {
    return Fail(ErrorCode::kOutOfRange,
                "OTLP request: JSON too large: bytes_max=" + std::to_string(kJsonBytesMax));
  }
  std::string message;
  try {
    // The depth is set with the memory, which therefore grows here.
    if (parser_->capacity < json.size()) {
      if (parser_->json.allocate(json.size(), kJsonDepthMax) != simdjson::SUCCESS)
        return Fail(ErrorCode::kResourceExhausted, "OTLP request: no memory for its JSON");
      parser_->capacity = json.size();
    }
    element root;
    const auto error = parser_->json.parse(json.data(), json.size()).get(root);
    if (error != simdjson::SUCCESS) {
      return Fail(ErrorCode::kCorruption,
                  std::string("OTLP request: malformed JSON: ") + simdjson::error_message(error));
    }
    protozero::pbf_writer writer(message);
    WriteMessage(RequestFields(signal), root, writer);
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kCorruption, std::string("OTLP request: ") + e.what());
  }
  if (parser_->capacity > kCapacityKept) parser_ = std::make_unique<Parser>();
  return message;
}

}  // namespace tickscope::otlp
