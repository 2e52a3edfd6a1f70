#include "otlp/signal_request.h"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "otlp/attributes.h"
#include "otlp/proto.h"
#include "signals/text_pool.h"
#include "wire/checked_pbf_reader.h"
#include "wire/received_request.h"

namespace tickscope::otlp {
namespace {

using codec::SignalAttribute;
using wire::CheckedPbfReader;

// Reads one request. Vectors are used again from record to record.
class SignalReader {
 public:
  explicit SignalReader(signals::RecordSink& sink) : sink_(sink) {}

  void Read(std::string_view message) {
    CheckedPbfReader request(message);
    while (request.Next(proto::kRequestResources))
      ReadResource(request.Bytes());
  }

 private:
  // Appends the attributes in fields `tag`.
  void ReadInto(std::string_view message, proto::Tag tag, signals::TextPool& texts,
                std::vector<SignalAttribute>& out) {
    raw_.clear();
    ReadAttributes(message, tag, raw_);
    for (const Attribute& attribute : raw_)
      out.push_back({attribute.key, ReadSignalValue(attribute.value, texts.Next())});
  }

  void ReadResource(std::string_view message) {
    std::string_view resource;
    CheckedPbfReader fields(message);
    while (fields.Next(proto::kResourceResource))
      resource = fields.Bytes();
    CheckedPbfReader scopes(message);
    while (scopes.Next(proto::kResourceScopes))
      ReadScope(resource, scopes.Bytes());
  }

  void ReadScope(std::string_view resource, std::string_view message) {
    std::string_view scope;
    CheckedPbfReader fields(message);
    while (fields.Next(proto::kScopeScope))
      scope = fields.Bytes();
    SetOrigin(resource, scope);
    CheckedPbfReader records(message);
    while (records.Next(proto::kScopeRecords)) {
      const std::string_view record = records.Bytes();
      texts_.Reset();
      attributes_.clear();
      try {
        if (sink_.kind() == codec::RecordKind::kLogs) {
          ReadLog(record);
        } else {
          ReadSpan(record);
        }
      } catch (const std::length_error& e) {
        sink_.Refuse(signals::Refusal::kTooMany, e.what());
      }
    }
  }

  void SetOrigin(std::string_view resource, std::string_view scope) {
    origin_texts_.Reset();
    resource_attributes_.clear();
    scope_attributes_.clear();
    try {
      ReadInto(resource, proto::kResourceAttributes, origin_texts_, resource_attributes_);
      ReadInto(scope, proto::kScopeAttributes, origin_texts_, scope_attributes_);
    } catch (const std::length_error& e) {
      return sink_.RefuseOrigin(signals::Refusal::kTooMany, e.what());
    }
    codec::SignalOrigin origin;
    CheckedPbfReader fields(scope);
    while (fields.Next()) {
      if (fields.tag() == proto::kScopeName) {
        origin.scope_name = fields.Bytes();
      } else if (fields.tag() == proto::kScopeVersion) {
        origin.scope_version = fields.Bytes();
      } else {
        fields.Skip();
      }
    }
    origin.attributes = resource_attributes_;
    origin.scope_attributes = scope_attributes_;
    sink_.SetOrigin(origin);
  }

  void ReadLog(std::string_view message) {
    codec::LogRecord log;
    CheckedPbfReader fields(message);
    while (fields.Next()) {
      switch (fields.tag()) {
        case proto::kLogTime:
          log.time_ns = static_cast<std::int64_t>(fields.Fixed64());
          break;
        case proto::kLogObserved:
          log.observed_ns = static_cast<std::int64_t>(fields.Fixed64());
          break;
        case proto::kLogSeverity: {
          const std::int32_t severity = fields.Int32();
          log.severity = severity >= 0 && severity <= 24 ? static_cast<std::uint8_t>(severity) : 0;
          break;
        }
        case proto::kLogSeverityText:
          log.severity_text = fields.Bytes();
          break;
        case proto::kLogBody:
          log.body = ReadSignalValue(fields.Bytes(), texts_.Next());
          break;
        case proto::kLogDroppedAttributes:
          log.dropped_attributes = fields.Uint32();
          break;
        case proto::kLogFlags:
          log.flags = fields.Fixed32();
          break;
        case proto::kLogTraceId:
          log.trace_id = fields.Bytes();
          break;
        case proto::kLogSpanId:
          log.span_id = fields.Bytes();
          break;
        case proto::kLogEventName:
          log.event_name = fields.Bytes();
          break;
        default:
          fields.Skip();
      }
    }
    ReadInto(message, proto::kLogAttributes, texts_, attributes_);
    log.attributes = attributes_;
    sink_.Add(log);
  }

  void ReadSpan(std::string_view message) {
    codec::SpanRecord span;
    events_.clear();
    links_.clear();
    ends_.clear();
    ReadInto(message, proto::kSpanAttributes, texts_, attributes_);
    ends_.push_back(attributes_.size());
    CheckedPbfReader fields(message);
    while (fields.Next()) {
      switch (fields.tag()) {
        case proto::kSpanTraceId:
          span.trace_id = fields.Bytes();
          break;
        case proto::kSpanSpanId:
          span.span_id = fields.Bytes();
          break;
        case proto::kSpanTraceState:
          span.trace_state = fields.Bytes();
          break;
        case proto::kSpanParent:
          span.parent_span_id = fields.Bytes();
          break;
        case proto::kSpanName:
          span.name = fields.Bytes();
          break;
        case proto::kSpanKind: {
          const std::int32_t kind = fields.Int32();
          span.kind = kind >= 0 && kind <= 5 ? static_cast<std::uint8_t>(kind) : 0;
          break;
        }
        case proto::kSpanStart:
          span.start_ns = static_cast<std::int64_t>(fields.Fixed64());
          break;
        case proto::kSpanEnd:
          span.end_ns = static_cast<std::int64_t>(fields.Fixed64());
          break;
        case proto::kSpanDroppedAttributes:
          span.dropped_attributes = fields.Uint32();
          break;
        case proto::kSpanEvents:
          wire::CheckRoom(events_, kSpanPartsMax, "events");
          events_.push_back(fields.Bytes());
          break;
        case proto::kSpanDroppedEvents:
          span.dropped_events = fields.Uint32();
          break;
        case proto::kSpanLinks:
          wire::CheckRoom(links_, kSpanPartsMax, "links");
          links_.push_back(fields.Bytes());
          break;
        case proto::kSpanDroppedLinks:
          span.dropped_links = fields.Uint32();
          break;
        case proto::kSpanStatus:
          ReadStatus(fields.Bytes(), span);
          break;
        case proto::kSpanFlags:
          span.flags = fields.Fixed32();
          break;
        default:
          fields.Skip();
      }
    }
    ReadParts(span);
    sink_.Add(span);
  }

  static void ReadStatus(std::string_view message, codec::SpanRecord& span) {
    CheckedPbfReader fields(message);
    while (fields.Next()) {
      if (fields.tag() == proto::kStatusMessage) {
        span.status_message = fields.Bytes();
      } else if (fields.tag() == proto::kStatusCode) {
        const std::int32_t code = fields.Int32();
        span.status = code >= 0 && code <= 2 ? static_cast<std::uint8_t>(code) : 0;
      } else {
        fields.Skip();
      }
    }
  }

  // Reads events and links, whose attributes follow the span's in one vector: where they are is known when it stands still.
  void ReadParts(codec::SpanRecord& span) {
    span_events_.clear();
    span_links_.clear();
    for (const std::string_view message : events_) {
      codec::SpanEvent& event = span_events_.emplace_back();
      CheckedPbfReader fields(message);
      while (fields.Next()) {
        if (fields.tag() == proto::kEventTime) {
          event.time_ns = static_cast<std::int64_t>(fields.Fixed64());
        } else if (fields.tag() == proto::kEventName) {
          event.name = fields.Bytes();
        } else if (fields.tag() == proto::kEventDroppedAttributes) {
          event.dropped_attributes = fields.Uint32();
        } else {
          fields.Skip();
        }
      }
      ReadInto(message, proto::kEventAttributes, texts_, attributes_);
      ends_.push_back(attributes_.size());
    }
    for (const std::string_view message : links_) {
      codec::SpanLink& link = span_links_.emplace_back();
      CheckedPbfReader fields(message);
      while (fields.Next()) {
        if (fields.tag() == proto::kLinkTraceId) {
          link.trace_id = fields.Bytes();
        } else if (fields.tag() == proto::kLinkSpanId) {
          link.span_id = fields.Bytes();
        } else if (fields.tag() == proto::kLinkTraceState) {
          link.trace_state = fields.Bytes();
        } else if (fields.tag() == proto::kLinkDroppedAttributes) {
          link.dropped_attributes = fields.Uint32();
        } else if (fields.tag() == proto::kLinkFlags) {
          link.flags = fields.Fixed32();
        } else {
          fields.Skip();
        }
      }
      ReadInto(message, proto::kLinkAttributes, texts_, attributes_);
      ends_.push_back(attributes_.size());
    }
    const codec::SignalAttributes all(attributes_);
    std::size_t at = 0;
    const auto next = [&] {
      const std::size_t begin = ends_[at++];
      return all.subspan(begin, ends_[at] - begin);
    };
    span.attributes = all.first(ends_[0]);
    for (codec::SpanEvent& event : span_events_)
      event.attributes = next();
    for (codec::SpanLink& link : span_links_)
      link.attributes = next();
    span.events = span_events_;
    span.links = span_links_;
  }

  signals::RecordSink& sink_;
  std::vector<Attribute> raw_;
  std::vector<SignalAttribute> resource_attributes_;
  std::vector<SignalAttribute> scope_attributes_;
  signals::TextPool origin_texts_;
  std::vector<SignalAttribute> attributes_;
  signals::TextPool texts_;
  std::vector<std::string_view> events_;
  std::vector<std::string_view> links_;
  std::vector<std::size_t> ends_;
  std::vector<codec::SpanEvent> span_events_;
  std::vector<codec::SpanLink> span_links_;
};

}  // namespace

Status DecodeSignals(std::string_view message, signals::RecordSink& sink) {
  try {
    SignalReader(sink).Read(message);
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kCorruption, std::string("OTLP request: ") + e.what());
  }
  return {};
}

}  // namespace tickscope::otlp
