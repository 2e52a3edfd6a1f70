#include "codec/signal_batch.h"

#include <bit>
#include <utility>

#include "base/check.h"
#include "codec/fixed.h"
#include "codec/varint.h"
#include "codec/zstd_block.h"

namespace tickscope::codec {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kVersionWithDeliveries = 2;
constexpr std::size_t kPrefixBytes = 2;  // Kind and version.
constexpr std::uint8_t kPlain = 0;
constexpr std::uint8_t kZstd = 1;
// Below this a zstd frame costs more than it saves.
constexpr std::size_t kPackBytesMin = 128;

// Attributes, events or links of one record that a reader makes room for; doors take fewer.
constexpr std::size_t kAttributesOfRecordMax = 1U << 17;

// As sample batches have them.
constexpr std::uint8_t kDeliverySection = 9;
constexpr std::uint8_t kDeliveredSection = 10;

enum class Item : std::uint8_t { kOrigin = 1, kRecord = 2 };

// Bits of a log's fields.
enum LogField : std::uint64_t {
  kObserved = 1U << 0U,
  kSeverity = 1U << 1U,
  kSeverityText = 1U << 2U,
  kAttributes = 1U << 3U,
  kDropped = 1U << 4U,
  kFlags = 1U << 5U,
  kTraceId = 1U << 6U,
  kSpanId = 1U << 7U,
  kEventName = 1U << 8U,
  kAllLogFields = (1U << 9U) - 1,
};

// Bits of a span's fields.
enum SpanField : std::uint64_t {
  kParent = 1U << 0U,
  kTraceState = 1U << 1U,
  kSpanKind = 1U << 2U,
  kSpanAttributes = 1U << 3U,
  kSpanDropped = 1U << 4U,
  kEvents = 1U << 5U,
  kDroppedEvents = 1U << 6U,
  kLinks = 1U << 7U,
  kDroppedLinks = 1U << 8U,
  kStatus = 1U << 9U,
  kStatusMessage = 1U << 10U,
  kSpanFlags = 1U << 11U,
  kAllSpanFields = (1U << 12U) - 1,
};

std::uint64_t Bit(bool is_set, std::uint64_t bit) {
  return is_set ? bit : 0;
}

void PutRaw(std::string_view bytes, Bytes& out) {
  AppendBytes(AsBytes(bytes), out);
}

void PutValue(const SignalValue& value, Bytes& out) {
  out.push_back(static_cast<std::byte>(value.kind));
  switch (value.kind) {
    case ValueKind::kText:
    case ValueKind::kJson:
    case ValueKind::kBytes:
      return PutText(value.text, out);
    case ValueKind::kInt:
      return PutZigZag(value.number, out);
    case ValueKind::kDouble:
      return PutFixed(std::bit_cast<std::uint64_t>(value.real), out);
    case ValueKind::kNone:
    case ValueKind::kFalse:
    case ValueKind::kTrue:
      return;
  }
}

std::unexpected<Error> Corrupt(const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("signal batch: ") + what);
}

}  // namespace

SignalBatchWriter::SignalBatchWriter(RecordKind kind) : kind_(kind) {
  TICKSCOPE_CHECK(kind == RecordKind::kLogs || kind == RecordKind::kSpans);
}

void SignalBatchWriter::PutWord(std::string_view word) {
  const auto found = words_.find(word);
  if (found != words_.end()) return PutVarint(found->second, body_);
  words_.emplace(std::string(word), words_.size() + 1);
  PutVarint(0, body_);
  PutText(word, body_);
}

void SignalBatchWriter::PutAttributes(SignalAttributes attributes) {
  PutVarint(attributes.size(), body_);
  for (const SignalAttribute& attribute : attributes) {
    PutWord(attribute.name);
    PutValue(attribute.value, body_);
  }
}

void SignalBatchWriter::PutTime(std::int64_t time_ns) {
  const auto time = static_cast<std::uint64_t>(time_ns);
  PutZigZag(static_cast<std::int64_t>(time - last_time_), body_);
  last_time_ = time;
}

void SignalBatchWriter::SetOrigin(const SignalOrigin& origin) {
  body_.push_back(static_cast<std::byte>(Item::kOrigin));
  body_.push_back(static_cast<std::byte>(origin.source));
  PutAttributes(origin.attributes);
  PutWord(origin.scope_name);
  PutWord(origin.scope_version);
  PutAttributes(origin.scope_attributes);
}

void SignalBatchWriter::Add(const LogRecord& record) {
  TICKSCOPE_CHECK(kind_ == RecordKind::kLogs);
  TICKSCOPE_CHECK(record.trace_id.empty() || record.trace_id.size() == kTraceIdBytes);
  TICKSCOPE_CHECK(record.span_id.empty() || record.span_id.size() == kSpanIdBytes);
  body_.push_back(static_cast<std::byte>(Item::kRecord));
  const std::uint64_t fields =
      Bit(record.observed_ns != 0, kObserved) | Bit(record.severity != 0, kSeverity) |
      Bit(!record.severity_text.empty(), kSeverityText) | Bit(!record.attributes.empty(), kAttributes) |
      Bit(record.dropped_attributes != 0, kDropped) | Bit(record.flags != 0, kFlags) |
      Bit(!record.trace_id.empty(), kTraceId) | Bit(!record.span_id.empty(), kSpanId) |
      Bit(!record.event_name.empty(), kEventName);
  PutVarint(fields, body_);
  PutTime(record.time_ns);
  PutValue(record.body, body_);
  // From the record's own time: mostly a few microseconds later.
  if ((fields & kObserved) != 0) {
    PutZigZag(static_cast<std::int64_t>(static_cast<std::uint64_t>(record.observed_ns) -
                                        static_cast<std::uint64_t>(record.time_ns)),
              body_);
  }
  if ((fields & kSeverity) != 0) body_.push_back(static_cast<std::byte>(record.severity));
  if ((fields & kSeverityText) != 0) PutWord(record.severity_text);
  if ((fields & kAttributes) != 0) PutAttributes(record.attributes);
  if ((fields & kDropped) != 0) PutVarint(record.dropped_attributes, body_);
  if ((fields & kFlags) != 0) PutVarint(record.flags, body_);
  PutRaw(record.trace_id, body_);
  PutRaw(record.span_id, body_);
  if ((fields & kEventName) != 0) PutWord(record.event_name);
  ++records_;
}

void SignalBatchWriter::Add(const SpanRecord& record) {
  TICKSCOPE_CHECK(kind_ == RecordKind::kSpans);
  TICKSCOPE_CHECK(record.trace_id.size() == kTraceIdBytes && record.span_id.size() == kSpanIdBytes);
  TICKSCOPE_CHECK(record.parent_span_id.empty() || record.parent_span_id.size() == kSpanIdBytes);
  body_.push_back(static_cast<std::byte>(Item::kRecord));
  const std::uint64_t fields =
      Bit(!record.parent_span_id.empty(), kParent) | Bit(!record.trace_state.empty(), kTraceState) |
      Bit(record.kind != 0, kSpanKind) | Bit(!record.attributes.empty(), kSpanAttributes) |
      Bit(record.dropped_attributes != 0, kSpanDropped) | Bit(!record.events.empty(), kEvents) |
      Bit(record.dropped_events != 0, kDroppedEvents) | Bit(!record.links.empty(), kLinks) |
      Bit(record.dropped_links != 0, kDroppedLinks) | Bit(record.status != 0, kStatus) |
      Bit(!record.status_message.empty(), kStatusMessage) | Bit(record.flags != 0, kSpanFlags);
  PutVarint(fields, body_);
  PutRaw(record.trace_id, body_);
  PutRaw(record.span_id, body_);
  PutWord(record.name);
  PutTime(record.start_ns);
  const auto start = static_cast<std::uint64_t>(record.start_ns);
  PutZigZag(static_cast<std::int64_t>(static_cast<std::uint64_t>(record.end_ns) - start), body_);
  PutRaw(record.parent_span_id, body_);
  if ((fields & kTraceState) != 0) PutText(record.trace_state, body_);
  if ((fields & kSpanKind) != 0) body_.push_back(static_cast<std::byte>(record.kind));
  if ((fields & kSpanAttributes) != 0) PutAttributes(record.attributes);
  if ((fields & kSpanDropped) != 0) PutVarint(record.dropped_attributes, body_);
  if ((fields & kEvents) != 0) {
    PutVarint(record.events.size(), body_);
    for (const SpanEvent& event : record.events) {
      PutZigZag(static_cast<std::int64_t>(static_cast<std::uint64_t>(event.time_ns) - start), body_);
      PutWord(event.name);
      PutAttributes(event.attributes);
      PutVarint(event.dropped_attributes, body_);
    }
  }
  if ((fields & kDroppedEvents) != 0) PutVarint(record.dropped_events, body_);
  if ((fields & kLinks) != 0) {
    PutVarint(record.links.size(), body_);
    for (const SpanLink& link : record.links) {
      TICKSCOPE_CHECK(link.trace_id.size() == kTraceIdBytes && link.span_id.size() == kSpanIdBytes);
      PutRaw(link.trace_id, body_);
      PutRaw(link.span_id, body_);
      PutText(link.trace_state, body_);
      PutAttributes(link.attributes);
      PutVarint(link.dropped_attributes, body_);
      PutVarint(link.flags, body_);
    }
  }
  if ((fields & kDroppedLinks) != 0) PutVarint(record.dropped_links, body_);
  if ((fields & kStatus) != 0) body_.push_back(static_cast<std::byte>(record.status));
  if ((fields & kStatusMessage) != 0) PutText(record.status_message, body_);
  if ((fields & kSpanFlags) != 0) PutVarint(record.flags, body_);
  ++records_;
}

void SignalBatchWriter::Finish(std::string_view tenant, TimeMs received_ms, Bytes& out) {
  Bytes packed;
  if (body_.size() >= kPackBytesMin) CompressZstd(body_, packed);
  const bool is_packed = !packed.empty() && packed.size() < body_.size();
  out.push_back(static_cast<std::byte>(kind_));
  out.push_back(static_cast<std::byte>(kVersion));
  PutText(tenant, out);
  PutZigZag(received_ms, out);
  PutVarint(records_, out);
  out.push_back(static_cast<std::byte>(is_packed ? kZstd : kPlain));
  PutVarint(body_.size(), out);
  AppendBytes(is_packed ? packed : body_, out);
  body_.clear();
  words_.clear();
  records_ = 0;
  last_time_ = 0;
}

void AddDeliveries(ByteView batch, const RecordDeliveries& deliveries, Bytes& out) {
  TICKSCOPE_CHECK(batch.size() > kPrefixBytes && batch[1] == std::byte{kVersion});
  if (deliveries.empty()) return AppendBytes(batch, out);
  Bytes sections;
  Bytes body;
  const auto put = [&](std::uint8_t tag) {
    sections.push_back(static_cast<std::byte>(tag));
    PutVarint(body.size(), sections);
    AppendBytes(body, sections);
    body.clear();
  };
  if (deliveries.delivery) {
    PutDelivery(*deliveries.delivery, body);
    put(kDeliverySection);
  }
  if (!deliveries.delivered.empty()) {
    PutDelivered(deliveries.delivered, body);
    put(kDeliveredSection);
  }
  out.reserve(out.size() + batch.size() + sections.size() + kVarintBytesMax);
  out.push_back(batch[0]);
  out.push_back(std::byte{kVersionWithDeliveries});
  PutVarint(sections.size(), out);
  AppendBytes(sections, out);
  AppendBytes(batch.subspan(kPrefixBytes), out);
}

Status ReadSignalDeliveries(ByteView payload, RecordDeliveries& deliveries) {
  SignalBatchReader reader;
  TICKSCOPE_RETURN_IF_ERROR(reader.Open(payload));
  deliveries = {.tenant = std::string(reader.header().tenant), .delivery = std::nullopt, .delivered = {}};
  FieldReader sections(reader.header().deliveries);
  std::uint8_t last_tag = 0;
  while (sections.remaining() > 0) {
    const std::uint8_t tag = sections.Byte();
    FieldReader body(sections.Take(sections.Varint()));
    if (!sections.ok()) return Corrupt("deliveries cut");
    if (tag <= last_tag) return Corrupt("deliveries out of order");
    last_tag = tag;
    if (tag == kDeliverySection) {
      TICKSCOPE_RETURN_IF_ERROR(TakeDelivery(body, deliveries.delivery));
    } else if (tag == kDeliveredSection) {
      TICKSCOPE_RETURN_IF_ERROR(TakeDelivered(body, deliveries.delivered));
    } else {
      return Corrupt("unknown section");
    }
    if (body.remaining() > 0) return Corrupt("bytes after a section");
  }
  return {};
}

// FieldReader for words, values and attributes, whose faults break the reader beneath.
class SignalBatchReader::Fields {
 public:
  Fields(ByteView bytes, std::vector<std::string_view>& words) : reader_(bytes), words_(words) {}

  [[nodiscard]] FieldReader& raw() { return reader_; }
  [[nodiscard]] bool ok() const { return ok_ && reader_.ok(); }
  void Break() { ok_ = false; }

  [[nodiscard]] std::string_view Word() {
    const std::uint64_t number = reader_.Varint();
    if (number == 0) {
      const std::string_view word = reader_.Text();
      if (reader_.ok()) words_.push_back(word);
      return word;
    }
    if (number > words_.size()) {
      ok_ = false;
      return {};
    }
    return words_[number - 1];
  }
  [[nodiscard]] std::string_view Raw(std::size_t size) { return AsText(reader_.Take(size)); }
  [[nodiscard]] std::uint32_t Count32() {
    const std::uint64_t count = reader_.Varint();
    if (count > 0xffff'ffffULL) ok_ = false;
    return static_cast<std::uint32_t>(count);
  }
  // How many of at least one byte each follow.
  [[nodiscard]] std::uint64_t Size() {
    const std::uint64_t count = reader_.Varint();
    if (count <= reader_.remaining() && count <= kAttributesOfRecordMax) return count;
    ok_ = false;
    return 0;
  }
  [[nodiscard]] SignalValue Value() {
    SignalValue value;
    const std::uint8_t kind = reader_.Byte();
    if (kind > static_cast<std::uint8_t>(ValueKind::kDouble)) ok_ = false;
    value.kind = static_cast<ValueKind>(kind);
    switch (value.kind) {
      case ValueKind::kText:
      case ValueKind::kJson:
      case ValueKind::kBytes:
        value.text = reader_.Text();
        break;
      case ValueKind::kInt:
        value.number = reader_.ZigZag();
        break;
      case ValueKind::kDouble:
        value.real = std::bit_cast<double>(reader_.Fixed64());
        break;
      default:
        break;
    }
    return value;
  }
  void Attributes(std::vector<SignalAttribute>& out) {
    const std::uint64_t count = Size();
    if (out.size() + count > kAttributesOfRecordMax) ok_ = false;
    for (std::uint64_t i = 0; i < count && ok(); ++i) {
      const std::string_view name = Word();
      out.push_back({name, Value()});
    }
  }

 private:
  FieldReader reader_;
  std::vector<std::string_view>& words_;
  bool ok_ = true;
};

Status SignalBatchReader::Open(ByteView payload) {
  FieldReader fields(payload);
  header_ = {};
  const RecordKind kind = RecordKindOf(payload);
  if (kind != RecordKind::kLogs && kind != RecordKind::kSpans)
    return Fail(ErrorCode::kUnsupported, "signal batch: not logs nor spans");
  header_.kind = static_cast<RecordKind>(fields.Byte());
  const std::uint8_t version = fields.Byte();
  if (fields.ok() && version != kVersion && version != kVersionWithDeliveries) {
    return Fail(ErrorCode::kUnsupported,
                "signal batch: version: got " + std::to_string(version) + ", want 1 or 2");
  }
  if (version == kVersionWithDeliveries) header_.deliveries = fields.Take(fields.Varint());
  header_.tenant = fields.Text();
  header_.received_ms = fields.ZigZag();
  header_.records = fields.Varint();
  coding_ = fields.Byte();
  header_.plain_bytes = fields.Varint();
  if (!fields.ok()) return Corrupt("header cut");
  if (coding_ > kZstd) return Fail(ErrorCode::kUnsupported, "signal batch: unknown coding");
  if (header_.plain_bytes > kSignalBodyBytesMax)
    return Fail(ErrorCode::kOutOfRange, "signal batch: body too large");
  packed_ = fields.rest();
  is_unpacked_ = false;
  seen_ = 0;
  last_time_ = 0;
  words_.clear();
  origin_ = {};
  return {};
}

Status SignalBatchReader::Unpack() {
  is_unpacked_ = true;
  rest_ = packed_;
  if (coding_ == kZstd) {
    TICKSCOPE_RETURN_IF_ERROR(DecompressZstd(packed_, header_.plain_bytes, plain_));
    rest_ = plain_;
  } else if (packed_.size() != header_.plain_bytes) {
    return Corrupt("body of another size than told");
  }
  return {};
}

Result<bool> SignalBatchReader::Next() {
  if (!is_unpacked_) TICKSCOPE_RETURN_IF_ERROR(Unpack());
  while (!rest_.empty()) {
    Fields fields(rest_, words_);
    const auto item = static_cast<Item>(fields.raw().Byte());
    if (item == Item::kOrigin) {
      ReadOrigin(fields);
    } else if (item == Item::kRecord && header_.kind == RecordKind::kLogs) {
      ReadLog(fields);
    } else if (item == Item::kRecord) {
      ReadSpan(fields);
    } else {
      return Corrupt("unknown item");
    }
    if (!fields.ok()) return Corrupt("item does not decode");
    rest_ = fields.raw().rest();
    if (item == Item::kOrigin) continue;
    ++seen_;
    return true;
  }
  if (seen_ != header_.records) return Corrupt("another number of records than told");
  return false;
}

void SignalBatchReader::ReadOrigin(Fields& fields) {
  origin_ = {};
  origin_attributes_.clear();
  scope_attributes_.clear();
  origin_.source = static_cast<SignalSource>(fields.raw().Byte());
  fields.Attributes(origin_attributes_);
  origin_.scope_name = fields.Word();
  origin_.scope_version = fields.Word();
  fields.Attributes(scope_attributes_);
  origin_.attributes = origin_attributes_;
  origin_.scope_attributes = scope_attributes_;
}

void SignalBatchReader::ReadLog(Fields& fields) {
  log_ = {};
  attributes_.clear();
  const std::uint64_t set = fields.raw().Varint();
  last_time_ += static_cast<std::uint64_t>(fields.raw().ZigZag());
  log_.time_ns = static_cast<std::int64_t>(last_time_);
  log_.body = fields.Value();
  if ((set & kObserved) != 0)
    log_.observed_ns =
        static_cast<std::int64_t>(last_time_ + static_cast<std::uint64_t>(fields.raw().ZigZag()));
  if ((set & kSeverity) != 0) log_.severity = fields.raw().Byte();
  if ((set & kSeverityText) != 0) log_.severity_text = fields.Word();
  if ((set & kAttributes) != 0) fields.Attributes(attributes_);
  if ((set & kDropped) != 0) log_.dropped_attributes = fields.Count32();
  if ((set & kFlags) != 0) log_.flags = fields.Count32();
  if ((set & kTraceId) != 0) log_.trace_id = fields.Raw(kTraceIdBytes);
  if ((set & kSpanId) != 0) log_.span_id = fields.Raw(kSpanIdBytes);
  if ((set & kEventName) != 0) log_.event_name = fields.Word();
  log_.attributes = attributes_;
  // A field that is not known has bytes that would be read as the next item.
  if ((set & ~std::uint64_t{kAllLogFields}) != 0) fields.Break();
}

void SignalBatchReader::ReadSpan(Fields& fields) {
  span_ = {};
  attributes_.clear();
  events_.clear();
  links_.clear();
  // Where each one's attributes begin, as the vector moves while it grows.
  std::vector<std::size_t> begins;
  const std::uint64_t set = fields.raw().Varint();
  span_.trace_id = fields.Raw(kTraceIdBytes);
  span_.span_id = fields.Raw(kSpanIdBytes);
  span_.name = fields.Word();
  last_time_ += static_cast<std::uint64_t>(fields.raw().ZigZag());
  span_.start_ns = static_cast<std::int64_t>(last_time_);
  span_.end_ns = static_cast<std::int64_t>(last_time_ + static_cast<std::uint64_t>(fields.raw().ZigZag()));
  if ((set & kParent) != 0) span_.parent_span_id = fields.Raw(kSpanIdBytes);
  if ((set & kTraceState) != 0) span_.trace_state = fields.raw().Text();
  if ((set & kSpanKind) != 0) span_.kind = fields.raw().Byte();
  if ((set & kSpanAttributes) != 0) fields.Attributes(attributes_);
  const std::size_t own = attributes_.size();
  if ((set & kSpanDropped) != 0) span_.dropped_attributes = fields.Count32();
  if ((set & kEvents) != 0) {
    const std::uint64_t count = fields.Size();
    for (std::uint64_t i = 0; i < count && fields.ok(); ++i) {
      SpanEvent& event = events_.emplace_back();
      event.time_ns =
          static_cast<std::int64_t>(last_time_ + static_cast<std::uint64_t>(fields.raw().ZigZag()));
      event.name = fields.Word();
      begins.push_back(attributes_.size());
      fields.Attributes(attributes_);
      event.dropped_attributes = fields.Count32();
    }
  }
  if ((set & kDroppedEvents) != 0) span_.dropped_events = fields.Count32();
  if ((set & kLinks) != 0) {
    const std::uint64_t count = fields.Size();
    for (std::uint64_t i = 0; i < count && fields.ok(); ++i) {
      SpanLink& link = links_.emplace_back();
      link.trace_id = fields.Raw(kTraceIdBytes);
      link.span_id = fields.Raw(kSpanIdBytes);
      link.trace_state = fields.raw().Text();
      begins.push_back(attributes_.size());
      fields.Attributes(attributes_);
      link.dropped_attributes = fields.Count32();
      link.flags = fields.Count32();
    }
  }
  if ((set & kDroppedLinks) != 0) span_.dropped_links = fields.Count32();
  if ((set & kStatus) != 0) span_.status = fields.raw().Byte();
  if ((set & kStatusMessage) != 0) span_.status_message = fields.raw().Text();
  if ((set & kSpanFlags) != 0) span_.flags = fields.Count32();
  if ((set & ~std::uint64_t{kAllSpanFields}) != 0) fields.Break();
  begins.push_back(attributes_.size());
  const SignalAttributes all(attributes_);
  span_.attributes = all.first(own);
  for (std::size_t i = 0; i < events_.size(); ++i)
    events_[i].attributes = all.subspan(begins[i], begins[i + 1] - begins[i]);
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const std::size_t at = events_.size() + i;
    links_[i].attributes = all.subspan(begins[at], begins[at + 1] - begins[at]);
  }
  span_.events = events_;
  span_.links = links_;
}

}  // namespace tickscope::codec
