#include "signals/record_lines.h"

#include <fmt/format.h>

#include <iterator>
#include <limits>

#include "base/civil_time.h"
#include "codec/sample_batch_summary.h"
#include "wire/float_text.h"
#include "wire/json_writer.h"

namespace tickscope::signals {
namespace {

using codec::RecordKind;
using codec::SignalAttributes;
using codec::SignalValue;
using codec::ValueKind;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
constexpr std::int64_t kNsPerMs = 1'000'000;

void AppendHex(std::string_view bytes, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
}

// Text for a terminal.
void AppendShown(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // C1 controls are two bytes in UTF-8.
    const bool is_c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += ' ';
    } else if (byte < 0x20 || byte == 0x7f || is_c1) {
      out += "\\x";
      AppendHex(text.substr(i, 1), out);
    } else {
      out += text[i];
    }
  }
}

void AppendShownValue(const SignalValue& value, std::string& out) {
  switch (value.kind) {
    case ValueKind::kNone:
      out += "null";
      return;
    case ValueKind::kText:
    case ValueKind::kJson:
      return AppendShown(value.text, out);
    case ValueKind::kBytes:
      out += "0x";
      return AppendHex(value.text, out);
    case ValueKind::kFalse:
      out += "false";
      return;
    case ValueKind::kTrue:
      out += "true";
      return;
    case ValueKind::kInt:
      out += std::to_string(value.number);
      return;
    case ValueKind::kDouble:
      return wire::AppendFloat(value.real, out);
  }
}

// name=value, with quotes where a blank would hide its end.
void AppendPairs(SignalAttributes attributes, std::string& out) {
  std::string value;
  for (const codec::SignalAttribute& attribute : attributes) {
    out += ' ';
    AppendShown(attribute.name, out);
    out += '=';
    value.clear();
    AppendShownValue(attribute.value, value);
    if (value.empty() || value.find_first_of(" \"=") != std::string::npos) {
      wire::AppendJsonString(value, out);
    } else {
      out += value;
    }
  }
}

void AppendBraced(SignalAttributes attributes, std::string& out) {
  std::string value;
  out += '{';
  for (const codec::SignalAttribute& attribute : attributes) {
    if (&attribute != attributes.data()) out += ", ";
    AppendShown(attribute.name, out);
    out += '=';
    value.clear();
    AppendShownValue(attribute.value, value);
    wire::AppendJsonString(value, out);
  }
  out += '}';
}

void AppendId(std::string_view name, std::string_view id, std::string& out) {
  if (id.empty()) return;
  out += name;
  AppendHex(id, out);
}

// OpenTelemetry's short names of its ranges of four.
std::string_view SeverityName(std::uint8_t severity) {
  constexpr std::string_view kNames[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
  return severity == 0 || severity > 24 ? std::string_view("-") : kNames[(severity - 1) / 4];
}

std::string_view SpanKindName(std::uint8_t kind) {
  constexpr std::string_view kNames[] = {"unspecified", "internal", "server",
                                         "client",      "producer", "consumer"};
  return kNames[kind < 6 ? kind : 0];
}

std::string_view StatusName(std::uint8_t status) {
  constexpr std::string_view kNames[] = {"unset", "ok", "error"};
  return kNames[status < 3 ? status : 0];
}

std::string TimeText(std::int64_t time_ns) {
  return FormatUtcTime(time_ns / kNsPerMs);
}

void WriteValue(const SignalValue& value, std::string& raw, wire::JsonWriter& json) {
  switch (value.kind) {
    case ValueKind::kNone:
      return json.Null();
    case ValueKind::kFalse:
      return json.Bool(false);
    case ValueKind::kTrue:
      return json.Bool(true);
    case ValueKind::kInt:
      return json.Int(value.number);
    case ValueKind::kDouble:
      // JSON has no infinity.
      if (value.real - value.real == 0) return json.Number(value.real);
      [[fallthrough]];
    case ValueKind::kText:
    case ValueKind::kJson:
    case ValueKind::kBytes:
      raw.clear();
      if (value.kind == ValueKind::kText || value.kind == ValueKind::kJson) {
        raw = value.text;
      } else if (value.kind == ValueKind::kBytes) {
        AppendHex(value.text, raw);
      } else {
        wire::AppendFloat(value.real, raw);
      }
      return json.String(raw);
  }
}

void WriteAttributes(std::string_view key, SignalAttributes attributes, wire::JsonWriter& json) {
  std::string raw;
  json.Key(key);
  json.BeginObject();
  for (const codec::SignalAttribute& attribute : attributes) {
    json.Key(attribute.name);
    WriteValue(attribute.value, raw, json);
  }
  json.EndObject();
}

void WriteText(std::string_view key, std::string_view text, wire::JsonWriter& json) {
  if (text.empty()) return;
  json.Key(key);
  json.String(text);
}

void WriteId(std::string_view key, std::string_view id, wire::JsonWriter& json) {
  std::string hex;
  AppendHex(id, hex);
  WriteText(key, hex, json);
}

void WriteHead(std::string_view kind, std::string_view tenant, std::uint64_t offset, std::int64_t time_ns,
               wire::JsonWriter& json) {
  json.Key("kind");
  json.String(kind);
  json.Key("offset");
  json.Uint(offset);
  json.Key("tenant");
  json.String(tenant);
  json.Key("time");
  json.String(TimeText(time_ns));
  json.Key("time_unix_nano");
  json.String(std::to_string(time_ns));
}

void WriteOrigin(const codec::SignalOrigin& origin, wire::JsonWriter& json) {
  WriteAttributes(origin.source == codec::SignalSource::kLoki ? "labels" : "resource", origin.attributes,
                  json);
  WriteText("scope", origin.scope_name, json);
  WriteText("scope_version", origin.scope_version, json);
  if (!origin.scope_attributes.empty()) WriteAttributes("scope_attributes", origin.scope_attributes, json);
}

}  // namespace

bool LineFilter::Wants(RecordKind kind) const {
  switch (kind) {
    case RecordKind::kSamples:
      return metrics;
    case RecordKind::kLogs:
      return logs;
    case RecordKind::kSpans:
      return spans;
    case RecordKind::kUnknown:
      break;
  }
  return false;
}

Status ParseKinds(std::string_view text, LineFilter& filter) {
  if (text.empty()) return {};
  filter.metrics = filter.logs = filter.spans = false;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view name = text.substr(0, comma);
    if (name == "metrics") {
      filter.metrics = true;
    } else if (name == "logs") {
      filter.logs = true;
    } else if (name == "spans") {
      filter.spans = true;
    } else {
      return Fail(ErrorCode::kInvalidArgument,
                  "kind: got \"" + std::string(name.substr(0, 32)) + "\", want metrics, logs or spans");
    }
    if (comma == std::string_view::npos) return {};
    text.remove_prefix(comma + 1);
  }
}

Status RecordLines::Render(const stream::Record& record, const LineSink& sink) {
  const RecordKind kind = codec::RecordKindOf(record.payload);
  if (!filter_.Wants(kind)) return {};
  if (kind == RecordKind::kSamples) {
    Status status;
    RenderSamples(record, sink, status);
    return status;
  }
  TICKSCOPE_RETURN_IF_ERROR(reader_.Open(record.payload));
  if (filter_.tenant && reader_.header().tenant != *filter_.tenant) return {};
  while (true) {
    TICKSCOPE_ASSIGN_OR_RETURN(const bool more, reader_.Next());
    if (!more) return {};
    line_.clear();
    if (form_ == LineForm::kJson) {
      kind == RecordKind::kLogs ? AppendLogJson(record.offset) : AppendSpanJson(record.offset);
    } else {
      kind == RecordKind::kLogs ? AppendLog(record.offset) : AppendSpan(record.offset);
    }
    sink(line_);
  }
}

void RecordLines::RenderSamples(const stream::Record& record, const LineSink& sink, Status& status) {
  const auto summary = codec::SummarizeSampleBatch(record.payload);
  if (!summary) {
    status = std::unexpected(summary.error());
    return;
  }
  if (filter_.tenant && summary->tenant != *filter_.tenant) return;
  line_.clear();
  const std::pair<const char*, std::uint64_t> counts[] = {
      {"samples", summary->samples},     {"histograms", summary->histograms},
      {"exemplars", summary->exemplars}, {"new_series", summary->new_series},
      {"metadata", summary->metadata},   {"bytes", record.payload.size()}};
  if (form_ == LineForm::kJson) {
    wire::JsonWriter json(line_, kNoLimit);
    json.BeginObject();
    WriteHead("metrics", summary->tenant, record.offset, summary->received_ms * kNsPerMs, json);
    for (const auto& [name, count] : counts) {
      json.Key(name);
      json.Uint(count);
    }
    json.EndObject();
  } else {
    line_ = FormatUtcTime(summary->received_ms) + " metrics ";
    AppendShown(summary->tenant, line_);
    fmt::format_to(std::back_inserter(line_), " offset={}", record.offset);
    for (const auto& [name, count] : counts)
      fmt::format_to(std::back_inserter(line_), " {}={}", name, count);
  }
  sink(line_);
}

void RecordLines::AppendLog(std::uint64_t) {
  const codec::LogRecord& log = reader_.log();
  line_ += TimeText(log.time_ns);
  line_ += " log ";
  AppendShown(reader_.header().tenant, line_);
  line_ += ' ';
  AppendBraced(reader_.origin().attributes, line_);
  line_ += ' ';
  if (log.severity_text.empty()) {
    line_ += SeverityName(log.severity);
  } else {
    AppendShown(log.severity_text, line_);
  }
  line_ += ' ';
  AppendShownValue(log.body, line_);
  if (!log.event_name.empty()) {
    line_ += " event=";
    AppendShown(log.event_name, line_);
  }
  AppendPairs(log.attributes, line_);
  AppendId(" trace=", log.trace_id, line_);
  AppendId(" span=", log.span_id, line_);
}

void RecordLines::AppendSpan(std::uint64_t) {
  const codec::SpanRecord& span = reader_.span();
  line_ += TimeText(span.start_ns);
  line_ += " span ";
  AppendShown(reader_.header().tenant, line_);
  line_ += ' ';
  AppendShown(span.name, line_);
  fmt::format_to(std::back_inserter(line_), " {:.3f}ms {} {} ",
                 (static_cast<double>(span.end_ns) - static_cast<double>(span.start_ns)) / 1e6,
                 StatusName(span.status), SpanKindName(span.kind));
  AppendBraced(reader_.origin().attributes, line_);
  if (!span.status_message.empty()) {
    line_ += " message=";
    wire::AppendJsonString(span.status_message, line_);
  }
  AppendPairs(span.attributes, line_);
  AppendId(" trace=", span.trace_id, line_);
  AppendId(" span=", span.span_id, line_);
  AppendId(" parent=", span.parent_span_id, line_);
  for (const codec::SpanEvent& event : span.events) {
    fmt::format_to(std::back_inserter(line_), " +{:.3f}ms:",
                   (static_cast<double>(event.time_ns) - static_cast<double>(span.start_ns)) / 1e6);
    AppendShown(event.name, line_);
  }
}

void RecordLines::AppendLogJson(std::uint64_t offset) {
  const codec::LogRecord& log = reader_.log();
  wire::JsonWriter json(line_, kNoLimit);
  std::string raw;
  json.BeginObject();
  WriteHead("log", reader_.header().tenant, offset, log.time_ns, json);
  if (log.observed_ns != 0) WriteText("observed_unix_nano", std::to_string(log.observed_ns), json);
  WriteOrigin(reader_.origin(), json);
  if (log.severity != 0) {
    json.Key("severity");
    json.Uint(log.severity);
  }
  WriteText("severity_text", log.severity_text, json);
  WriteText("event", log.event_name, json);
  json.Key("body");
  WriteValue(log.body, raw, json);
  WriteAttributes("attributes", log.attributes, json);
  WriteId("trace_id", log.trace_id, json);
  WriteId("span_id", log.span_id, json);
  json.EndObject();
}

void RecordLines::AppendSpanJson(std::uint64_t offset) {
  const codec::SpanRecord& span = reader_.span();
  wire::JsonWriter json(line_, kNoLimit);
  json.BeginObject();
  WriteHead("span", reader_.header().tenant, offset, span.start_ns, json);
  json.Key("end_unix_nano");
  json.String(std::to_string(span.end_ns));
  WriteOrigin(reader_.origin(), json);
  json.Key("name");
  json.String(span.name);
  json.Key("span_kind");
  json.String(SpanKindName(span.kind));
  json.Key("status");
  json.String(StatusName(span.status));
  WriteText("status_message", span.status_message, json);
  WriteAttributes("attributes", span.attributes, json);
  WriteId("trace_id", span.trace_id, json);
  WriteId("span_id", span.span_id, json);
  WriteId("parent_span_id", span.parent_span_id, json);
  WriteText("trace_state", span.trace_state, json);
  json.Key("events");
  json.BeginArray();
  for (const codec::SpanEvent& event : span.events) {
    json.BeginObject();
    json.Key("time_unix_nano");
    json.String(std::to_string(event.time_ns));
    json.Key("name");
    json.String(event.name);
    WriteAttributes("attributes", event.attributes, json);
    json.EndObject();
  }
  json.EndArray();
  json.Key("links");
  json.BeginArray();
  for (const codec::SpanLink& link : span.links) {
    json.BeginObject();
    WriteId("trace_id", link.trace_id, json);
    WriteId("span_id", link.span_id, json);
    WriteAttributes("attributes", link.attributes, json);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
}

}  // namespace tickscope::signals
