// Logs and spans as the stream has them: what all records of one origin share, and a record each. Views; who makes one keeps
// what they are of.
//
// The model is OpenTelemetry's, for it is the richer one. A line of Loki's push is a log record without severity, whose
// origin's attributes are the stream's labels and whose own attributes are its structured metadata.
//
// Source   opentelemetry-proto 1.x, logs/v1/logs.proto and trace/v1/trace.proto.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tickscope::codec {

enum class ValueKind : std::uint8_t {
  kNone = 0,
  kText = 1,   ///< UTF-8.
  kJson = 2,   ///< A list or map, as JSON.
  kBytes = 3,  ///< As they are.
  kFalse = 4,
  kTrue = 5,
  kInt = 6,
  kDouble = 7,
};

struct SignalValue {
  ValueKind kind = ValueKind::kNone;
  std::string_view text;  ///< kText, kJson, kBytes.
  std::int64_t number = 0;
  double real = 0;

  [[nodiscard]] static SignalValue Text(std::string_view text) { return {ValueKind::kText, text, 0, 0}; }
  [[nodiscard]] static SignalValue Int(std::int64_t number) { return {ValueKind::kInt, {}, number, 0}; }

  friend bool operator==(const SignalValue&, const SignalValue&) = default;
};

struct SignalAttribute {
  std::string_view name;
  SignalValue value;
  friend bool operator==(const SignalAttribute&, const SignalAttribute&) = default;
};
using SignalAttributes = std::span<const SignalAttribute>;

/// By which door records came: what their origin's attributes are.
enum class SignalSource : std::uint8_t {
  kOtlp = 0,  ///< Attributes of a resource.
  kLoki = 1,  ///< Labels of a stream, sorted.
};

struct SignalOrigin {
  SignalSource source = SignalSource::kOtlp;
  SignalAttributes attributes;
  std::string_view scope_name;
  std::string_view scope_version;
  SignalAttributes scope_attributes;
};

inline constexpr std::size_t kTraceIdBytes = 16;
inline constexpr std::size_t kSpanIdBytes = 8;

struct LogRecord {
  std::int64_t time_ns = 0;      ///< Since the epoch; never 0.
  std::int64_t observed_ns = 0;  ///< 0 when not told.
  std::uint8_t severity = 0;     ///< 1 (trace) to 24 (fatal); 0 when not told.
  std::string_view severity_text;
  SignalValue body;
  SignalAttributes attributes;
  std::uint32_t dropped_attributes = 0;
  std::uint32_t flags = 0;
  std::string_view trace_id;  ///< kTraceIdBytes, or none.
  std::string_view span_id;   ///< kSpanIdBytes, or none.
  std::string_view event_name;
};

struct SpanEvent {
  std::int64_t time_ns = 0;
  std::string_view name;
  SignalAttributes attributes;
  std::uint32_t dropped_attributes = 0;
};

struct SpanLink {
  std::string_view trace_id;  ///< kTraceIdBytes.
  std::string_view span_id;   ///< kSpanIdBytes.
  std::string_view trace_state;
  SignalAttributes attributes;
  std::uint32_t dropped_attributes = 0;
  std::uint32_t flags = 0;
};

struct SpanRecord {
  std::string_view trace_id;        ///< kTraceIdBytes.
  std::string_view span_id;         ///< kSpanIdBytes.
  std::string_view parent_span_id;  ///< kSpanIdBytes, or none.
  std::string_view trace_state;
  std::string_view name;
  std::uint8_t kind = 0;  ///< 1 internal, 2 server, 3 client, 4 producer, 5 consumer; 0 not told.
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  SignalAttributes attributes;
  std::uint32_t dropped_attributes = 0;
  std::span<const SpanEvent> events;
  std::uint32_t dropped_events = 0;
  std::span<const SpanLink> links;
  std::uint32_t dropped_links = 0;
  std::uint8_t status = 0;  ///< 1 ok, 2 error; 0 unset.
  std::string_view status_message;
  std::uint32_t flags = 0;
};

}  // namespace tickscope::codec
