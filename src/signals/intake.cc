#include "signals/intake.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "model/labels.h"

namespace tickscope::signals {
namespace {

using codec::SignalAttribute;
using codec::SignalValue;
using codec::ValueKind;

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

bool IsTextual(ValueKind kind) {
  return kind == ValueKind::kText || kind == ValueKind::kJson || kind == ValueKind::kBytes;
}

// The text with U+FFFD in place of each byte that is part of no character.
std::string_view RepairUtf8(std::string_view text, TextPool& pool) {
  if (IsValidUtf8(text)) return text;
  std::string& out = pool.Next();
  while (!text.empty()) {
    std::size_t size = 1;
    while (size < 4 && size < text.size() && !IsValidUtf8(text.substr(0, size)))
      ++size;
    if (IsValidUtf8(text.substr(0, size))) {
      out += text.substr(0, size);
    } else {
      out += kReplacement;
      size = 1;
    }
    text.remove_prefix(size);
  }
  return out;
}

// Who sends it: by the names that OpenTelemetry, Loki's clients and Prometheus have for that, the surest first.
std::string_view OwnerOf(codec::SignalAttributes attributes) {
  constexpr std::string_view kNames[] = {"owner", "team", "service.name", "service_name", "app", "job"};
  for (const std::string_view name : kNames) {
    const auto found = std::ranges::find(attributes, name, &SignalAttribute::name);
    if (found != attributes.end() && found->value.kind == ValueKind::kText) return found->value.text;
  }
  return {};
}

bool IsId(std::string_view id, std::size_t size) {
  return id.size() == size && id.find_first_not_of('\0') != std::string_view::npos;
}

}  // namespace

Intake::Intake(const SignalOptions& options, std::shared_ptr<const PrivacyRules> rules,
               codec::RecordKind kind, TenantId tenant, TimeMs now_ms)
    : options_(options),
      kind_(kind),
      tenant_(std::move(tenant)),
      now_ms_(now_ms),
      private_text_(std::move(rules), tenant_, now_ms),
      writer_(kind) {}

std::optional<Refusal> Intake::Clean(codec::SignalAttributes attributes, ValueOf of, TextPool& pool,
                                     Attributes& out, std::size_t& bytes) {
  for (const SignalAttribute& attribute : attributes) {
    std::string_view name = attribute.name;
    if (name.empty() || name.size() > options_.name_bytes_max || !IsValidUtf8(name)) return Refusal::kBadName;
    if (private_text_.IsPrivateName(name)) {
      if (private_text_.refuses_names()) return Refusal::kPrivateName;
      name = private_text_.CleanName(name, pool);
    }
    private_text_.NoteUnder(name);
    SignalValue value = attribute.value;
    switch (value.kind) {
      case ValueKind::kText:
        value.text = private_text_.CleanValue(attribute.name, RepairUtf8(value.text, pool), of, pool);
        break;
      case ValueKind::kJson:
        value.text = private_text_.CleanJson(attribute.name, value.text, pool);
        break;
      case ValueKind::kInt: {
        // A card's number is one as an integer, too.
        std::string& digits = pool.Next();
        digits = std::to_string(value.number);
        const std::string_view cleaned = private_text_.CleanValue(attribute.name, digits, of, pool);
        if (cleaned.data() != digits.data()) value = SignalValue::Text(cleaned);
        break;
      }
      default:
        break;
    }
    bytes += name.size() + (IsTextual(value.kind) ? value.text.size() : 8);
    if (bytes > options_.attribute_bytes_max) return Refusal::kTooLong;
    out.push_back({name, value});
  }
  return std::nullopt;
}

std::string_view Intake::CleanText(std::string_view text, TextPool& pool) {
  return private_text_.CleanLine(RepairUtf8(text, pool), pool);
}

SignalValue Intake::CleanBody(const SignalValue& body, TextPool& pool) {
  SignalValue clean = body;
  if (body.kind == ValueKind::kText) clean.text = CleanText(body.text, pool);
  if (body.kind == ValueKind::kJson) clean.text = private_text_.CleanJson({}, body.text, pool);
  if (body.kind == ValueKind::kInt) {
    std::string& digits = pool.Next();
    digits = std::to_string(body.number);
    const std::string_view cleaned = private_text_.CleanLine(digits, pool);
    if (cleaned.data() != digits.data()) clean = SignalValue::Text(cleaned);
  }
  return clean;
}

void Intake::SetOrigin(const codec::SignalOrigin& origin) {
  private_text_.notes().BeginOwner();
  origin_texts_.Reset();
  origin_attributes_.clear();
  scope_attributes_.clear();
  origin_refusal_.reset();
  is_origin_written_ = false;
  std::size_t bytes = origin.scope_name.size() + origin.scope_version.size();
  const ValueOf of = origin.source == codec::SignalSource::kLoki ? ValueOf::kStream : ValueOf::kAttribute;
  auto refusal = Clean(origin.attributes, of, origin_texts_, origin_attributes_, bytes);
  private_text_.notes().NameOwner(OwnerOf(origin_attributes_));
  if (!refusal)
    refusal = Clean(origin.scope_attributes, ValueOf::kAttribute, origin_texts_, scope_attributes_, bytes);
  if (!refusal && bytes > options_.attribute_bytes_max) refusal = Refusal::kTooLong;
  if (refusal) return RefuseOrigin(*refusal, "what it shares with others: resource, scope or labels");
  origin_.source = origin.source;
  origin_.attributes = origin_attributes_;
  origin_.scope_name = CleanText(origin.scope_name, origin_texts_);
  origin_.scope_version = RepairUtf8(origin.scope_version, origin_texts_);
  origin_.scope_attributes = scope_attributes_;
}

void Intake::RefuseOrigin(Refusal refusal, std::string_view why) {
  origin_refusal_ = refusal;
  origin_why_ = why;
}

std::optional<Refusal> Intake::CheckTime(std::int64_t time_ns) const {
  // OTLP's times are unsigned: what does not fit is after the year 2262.
  if (time_ns < 0) return Refusal::kTooNew;
  const std::int64_t time_ms = time_ns / kNsPerMs;
  if (time_ms < now_ms_ - options_.past_max_ms) return Refusal::kTooOld;
  if (time_ms > now_ms_ + options_.future_max_ms) return Refusal::kTooNew;
  return std::nullopt;
}

bool Intake::Prepare() {
  if (origin_refusal_) {
    Refuse(*origin_refusal_, origin_why_);
    return false;
  }
  texts_.Reset();
  attributes_.clear();
  return true;
}

void Intake::Written() {
  ++accepted_;
  if (writer_.body_bytes() < payload_bytes_) return;
  writer_.Finish(tenant_, now_ms_, payloads_.emplace_back());
  is_origin_written_ = false;
}

void Intake::Add(codec::LogRecord record) {
  if (!Prepare()) return;
  if (record.time_ns == 0) record.time_ns = record.observed_ns;
  if (record.time_ns == 0) record.time_ns = now_ms_ * kNsPerMs;
  if (const auto refusal = CheckTime(record.time_ns)) return Refuse(*refusal, "its time");
  if (IsTextual(record.body.kind) && record.body.text.size() > options_.line_bytes_max) {
    return Refuse(Refusal::kTooLong, fmt::format("its body: got {} bytes, want <={}", record.body.text.size(),
                                                 options_.line_bytes_max));
  }
  std::size_t bytes = record.severity_text.size() + record.event_name.size();
  if (const auto refusal = Clean(record.attributes, ValueOf::kAttribute, texts_, attributes_, bytes))
    return Refuse(*refusal, "its attributes");
  if (bytes > options_.attribute_bytes_max) return Refuse(Refusal::kTooLong, "its attributes");
  record.attributes = attributes_;
  record.body = CleanBody(record.body, texts_);
  record.severity_text = CleanText(record.severity_text, texts_);
  record.event_name = CleanText(record.event_name, texts_);
  if (!IsId(record.trace_id, codec::kTraceIdBytes)) record.trace_id = {};
  if (!IsId(record.span_id, codec::kSpanIdBytes)) record.span_id = {};
  if (!std::exchange(is_origin_written_, true)) writer_.SetOrigin(origin_);
  writer_.Add(record);
  Written();
}

void Intake::Add(codec::SpanRecord record) {
  if (!Prepare()) return;
  if (!IsId(record.trace_id, codec::kTraceIdBytes) || !IsId(record.span_id, codec::kSpanIdBytes))
    return Refuse(Refusal::kBadId, "the id of its trace or its own");
  if (!IsId(record.parent_span_id, codec::kSpanIdBytes)) record.parent_span_id = {};
  if (record.start_ns == 0) record.start_ns = record.end_ns;
  if (const auto refusal = CheckTime(record.start_ns)) return Refuse(*refusal, "its start");
  std::size_t bytes = record.name.size() + record.trace_state.size() + record.status_message.size();
  if (const auto refusal = Clean(record.attributes, ValueOf::kAttribute, texts_, attributes_, bytes))
    return Refuse(*refusal, "its attributes");
  events_.assign(record.events.begin(), record.events.end());
  links_.assign(record.links.begin(), record.links.end());
  std::vector<std::size_t> ends = {attributes_.size()};
  for (codec::SpanEvent& event : events_) {
    bytes += event.name.size();
    if (const auto refusal = Clean(event.attributes, ValueOf::kAttribute, texts_, attributes_, bytes))
      return Refuse(*refusal, "an event's attributes");
    event.name = CleanText(event.name, texts_);
    ends.push_back(attributes_.size());
  }
  std::erase_if(links_, [](const codec::SpanLink& link) {
    return !IsId(link.trace_id, codec::kTraceIdBytes) || !IsId(link.span_id, codec::kSpanIdBytes);
  });
  for (codec::SpanLink& link : links_) {
    bytes += link.trace_state.size();
    if (const auto refusal = Clean(link.attributes, ValueOf::kAttribute, texts_, attributes_, bytes))
      return Refuse(*refusal, "a link's attributes");
    link.trace_state = CleanText(link.trace_state, texts_);
    ends.push_back(attributes_.size());
  }
  if (bytes > options_.attribute_bytes_max) return Refuse(Refusal::kTooLong, "its names and texts");
  // Now the attributes stay where they are.
  const codec::SignalAttributes all(attributes_);
  std::size_t at = 0;
  record.attributes = all.first(ends[0]);
  for (codec::SpanEvent& event : events_) {
    event.attributes = all.subspan(ends[at], ends[at + 1] - ends[at]);
    ++at;
  }
  for (codec::SpanLink& link : links_) {
    link.attributes = all.subspan(ends[at], ends[at + 1] - ends[at]);
    ++at;
  }
  record.events = events_;
  record.links = links_;
  record.name = CleanText(record.name, texts_);
  record.trace_state = CleanText(record.trace_state, texts_);
  record.status_message = CleanText(record.status_message, texts_);
  if (!std::exchange(is_origin_written_, true)) writer_.SetOrigin(origin_);
  writer_.Add(record);
  Written();
}

void Intake::Refuse(Refusal refusal, std::string_view why) {
  if (refusal == Refusal::kPrivateName) private_text_.NoteRefusedName();
  ++refused_[static_cast<std::size_t>(refusal)];
  ++refused_total_;
  if (messages_.size() == kMessagesMax) return;
  std::string message = fmt::format("{}: {}", RefusalName(refusal), why);
  if (std::ranges::find(messages_, message) == messages_.end()) messages_.push_back(std::move(message));
}

std::string Intake::Explanation() const {
  if (refused_total_ == 0) return {};
  return fmt::format("{} of {} {} refused: {}", refused_total_, refused_total_ + accepted_,
                     kind_ == codec::RecordKind::kLogs ? "log records" : "spans", fmt::join(messages_, "; "));
}

std::vector<Bytes> Intake::TakePayloads() {
  if (writer_.records() > 0) writer_.Finish(tenant_, now_ms_, payloads_.emplace_back());
  return std::move(payloads_);
}

}  // namespace tickscope::signals
