// Signal batch: what is read is what was written, the bytes are pinned, and nothing damaged is taken for records.
#include "codec/signal_batch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tickscope::codec {
namespace {

std::string Hex(const Bytes& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    const auto value = static_cast<unsigned>(byte);
    if (!text.empty()) text += ' ';
    text += kDigits[value >> 4U];
    text += kDigits[value & 15U];
  }
  return text;
}

const std::string kTrace = "0123456789abcdef";
const std::string kSpan = "spanspan";

Bytes SmallLogs() {
  const SignalAttribute labels[] = {{"app", SignalValue::Text("game")}};
  SignalBatchWriter writer(RecordKind::kLogs);
  writer.SetOrigin({.source = SignalSource::kLoki, .attributes = labels});
  writer.Add({.time_ns = 1000, .body = SignalValue::Text("hi")});
  const SignalAttribute again[] = {{"app", SignalValue::Int(-1)}};
  writer.Add({.time_ns = 1002, .severity = 17, .body = SignalValue::Text("no"), .attributes = again});
  Bytes out;
  writer.Finish("eu", 7, out);
  return out;
}

TEST(SignalBatch, BytesAreStable) {
  EXPECT_EQ(
      Hex(SmallLogs()),
      "10 01 02 65 75 0e 02 00 26 "  // Logs, version 1, eu, 7 ms, two records, plain, 38 bytes.
      "01 01 01 00 03 61 70 70 01 04 67 61 6d 65 "  // Origin: Loki; one attribute: new word app, text game.
      "00 00 02 00 "                           // Scope's name: new word "", version the same; no attributes.
      "02 00 d0 0f 01 02 68 69 "               // Log: no fields, 1000 ns, text hi.
      "02 0a 04 01 02 6e 6f 11 01 01 06 01");  // Log: severity and attributes, 2 ns on; app = -1.
}

TEST(SignalBatch, LogsComeBackWhole) {
  const SignalAttribute resource[] = {{"service.name", SignalValue::Text("match")},
                                      {"n", SignalValue::Int(3)}};
  const SignalAttribute scope[] = {{"s", {ValueKind::kTrue, {}, 0, 0}}};
  const SignalAttribute attributes[] = {{"ratio", {ValueKind::kDouble, {}, 0, 0.5}},
                                        {"list", {ValueKind::kJson, "[1,2]", 0, 0}},
                                        {"raw", {ValueKind::kBytes, std::string_view("\0\xff", 2), 0, 0}},
                                        {"off", {ValueKind::kFalse, {}, 0, 0}},
                                        {"none", {}}};
  SignalBatchWriter writer(RecordKind::kLogs);
  writer.SetOrigin({SignalSource::kOtlp, resource, "lib", "1.2", scope});
  const std::string body(500, 'x');
  const LogRecord record{.time_ns = 1'700'000'000'000'000'123,
                         .observed_ns = 1'700'000'000'000'000'100,
                         .severity = 9,
                         .severity_text = "INFO",
                         .body = SignalValue::Text(body),
                         .attributes = attributes,
                         .dropped_attributes = 2,
                         .flags = 1,
                         .trace_id = kTrace,
                         .span_id = kSpan,
                         .event_name = "tick"};
  writer.Add(record);
  writer.SetOrigin({.source = SignalSource::kLoki});
  writer.Add(LogRecord{.time_ns = -5});
  Bytes out;
  writer.Finish("eu", -1, out);
  EXPECT_LT(out.size(), 300U);  // Packed.

  SignalBatchReader reader;
  ASSERT_TRUE(reader.Open(out));
  EXPECT_EQ(reader.header().kind, RecordKind::kLogs);
  EXPECT_EQ(reader.header().tenant, "eu");
  EXPECT_EQ(reader.header().received_ms, -1);
  EXPECT_EQ(reader.header().records, 2U);
  ASSERT_TRUE(reader.Next().value());
  EXPECT_EQ(reader.origin().scope_name, "lib");
  EXPECT_EQ(reader.origin().scope_version, "1.2");
  ASSERT_EQ(reader.origin().attributes.size(), 2U);
  EXPECT_EQ(reader.origin().attributes[1], resource[1]);
  ASSERT_EQ(reader.origin().scope_attributes.size(), 1U);
  EXPECT_EQ(reader.origin().scope_attributes[0], scope[0]);
  const LogRecord& log = reader.log();
  EXPECT_EQ(log.time_ns, record.time_ns);
  EXPECT_EQ(log.observed_ns, record.observed_ns);
  EXPECT_EQ(log.severity, 9);
  EXPECT_EQ(log.severity_text, "INFO");
  EXPECT_EQ(log.body, record.body);
  ASSERT_EQ(log.attributes.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_EQ(log.attributes[i], attributes[i]) << i;
  EXPECT_EQ(log.dropped_attributes, 2U);
  EXPECT_EQ(log.flags, 1U);
  EXPECT_EQ(log.trace_id, kTrace);
  EXPECT_EQ(log.span_id, kSpan);
  EXPECT_EQ(log.event_name, "tick");
  ASSERT_TRUE(reader.Next().value());
  EXPECT_EQ(reader.origin().source, SignalSource::kLoki);
  EXPECT_EQ(reader.log().time_ns, -5);
  EXPECT_EQ(reader.log().body.kind, ValueKind::kNone);
  EXPECT_FALSE(reader.Next().value());
}

TEST(SignalBatch, SpansComeBackWhole) {
  const SignalAttribute attributes[] = {{"a", SignalValue::Int(1)}};
  const SignalAttribute of_event[] = {{"b", SignalValue::Int(2)}, {"c", SignalValue::Int(3)}};
  const SignalAttribute of_link[] = {{"d", SignalValue::Int(4)}};
  const SpanEvent events[] = {{1500, "retry", of_event, 1}, {1600, "retry", {}, 0}};
  const SpanLink links[] = {{kTrace, kSpan, "x=y", of_link, 3, 257}};
  SignalBatchWriter writer(RecordKind::kSpans);
  writer.SetOrigin({});
  writer.Add(SpanRecord{.trace_id = kTrace,
                        .span_id = kSpan,
                        .parent_span_id = "parentid",
                        .trace_state = "k=v",
                        .name = "join",
                        .kind = 2,
                        .start_ns = 1000,
                        .end_ns = 3000,
                        .attributes = attributes,
                        .dropped_attributes = 4,
                        .events = events,
                        .dropped_events = 5,
                        .links = links,
                        .dropped_links = 6,
                        .status = 2,
                        .status_message = "late",
                        .flags = 1});
  writer.Add(SpanRecord{.trace_id = kTrace, .span_id = kSpan, .name = "join", .start_ns = 10, .end_ns = 5});
  Bytes out;
  writer.Finish("eu", 0, out);

  SignalBatchReader reader;
  ASSERT_TRUE(reader.Open(out));
  ASSERT_TRUE(reader.Next().value());
  const SpanRecord& span = reader.span();
  EXPECT_EQ(span.trace_id, kTrace);
  EXPECT_EQ(span.span_id, kSpan);
  EXPECT_EQ(span.parent_span_id, "parentid");
  EXPECT_EQ(span.trace_state, "k=v");
  EXPECT_EQ(span.name, "join");
  EXPECT_EQ(span.kind, 2);
  EXPECT_EQ(span.start_ns, 1000);
  EXPECT_EQ(span.end_ns, 3000);
  ASSERT_EQ(span.attributes.size(), 1U);
  EXPECT_EQ(span.attributes[0], attributes[0]);
  EXPECT_EQ(span.dropped_attributes, 4U);
  ASSERT_EQ(span.events.size(), 2U);
  EXPECT_EQ(span.events[0].time_ns, 1500);
  ASSERT_EQ(span.events[0].attributes.size(), 2U);
  EXPECT_EQ(span.events[0].attributes[1], of_event[1]);
  EXPECT_EQ(span.events[0].dropped_attributes, 1U);
  EXPECT_EQ(span.events[1].name, "retry");
  EXPECT_TRUE(span.events[1].attributes.empty());
  EXPECT_EQ(span.dropped_events, 5U);
  ASSERT_EQ(span.links.size(), 1U);
  EXPECT_EQ(span.links[0].trace_state, "x=y");
  ASSERT_EQ(span.links[0].attributes.size(), 1U);
  EXPECT_EQ(span.links[0].attributes[0], of_link[0]);
  EXPECT_EQ(span.links[0].dropped_attributes, 3U);
  EXPECT_EQ(span.links[0].flags, 257U);
  EXPECT_EQ(span.dropped_links, 6U);
  EXPECT_EQ(span.status, 2);
  EXPECT_EQ(span.status_message, "late");
  EXPECT_EQ(span.flags, 1U);
  ASSERT_TRUE(reader.Next().value());
  EXPECT_EQ(reader.span().end_ns, 5);
  EXPECT_TRUE(reader.span().events.empty());
  EXPECT_FALSE(reader.Next().value());
}

TEST(SignalBatch, AWriterBeginsAnew) {
  SignalBatchWriter writer(RecordKind::kLogs);
  writer.SetOrigin({.scope_name = "lib"});
  writer.Add(LogRecord{.time_ns = 100});
  Bytes first;
  writer.Finish("a", 0, first);
  Bytes second;
  writer.SetOrigin({.scope_name = "lib"});
  writer.Add(LogRecord{.time_ns = 100});
  writer.Finish("a", 0, second);
  EXPECT_EQ(first, second);
}

// Reads everything; true when it decodes.
bool Decodes(ByteView bytes) {
  SignalBatchReader reader;
  if (!reader.Open(bytes)) return false;
  while (true) {
    const auto more = reader.Next();
    if (!more) return false;
    if (!*more) return true;
  }
}

TEST(SignalBatch, NoCutAndNoStretchDecodes) {
  const Bytes whole = SmallLogs();
  ASSERT_TRUE(Decodes(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(Decodes(ByteView(whole).first(size))) << size;
  Bytes stretched = whole;
  stretched.push_back(std::byte{0});
  EXPECT_FALSE(Decodes(stretched));
}

TEST(SignalBatch, RefusesWhatItCannotRead) {
  struct Case {
    const char* name;
    std::size_t at;
    std::uint8_t byte;
    ErrorCode code;
  };
  const Case cases[] = {
      {"a sample batch", 0, 1, ErrorCode::kUnsupported},
      {"a kind to come", 0, 0x12, ErrorCode::kUnsupported},
      {"a version to come", 1, 3, ErrorCode::kUnsupported},
      {"a coding to come", 7, 2, ErrorCode::kUnsupported},
      {"another number of records", 6, 3, ErrorCode::kCorruption},
      {"another size", 8, 0x25, ErrorCode::kCorruption},
      {"a field to come", 28, 0x80, ErrorCode::kCorruption},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Bytes bytes = SmallLogs();
    bytes[c.at] = static_cast<std::byte>(c.byte);
    SignalBatchReader reader;
    Status opened = reader.Open(bytes);
    while (opened) {
      const auto more = reader.Next();
      if (!more) opened = std::unexpected(more.error());
      ASSERT_TRUE(!more || *more) << "decodes";
    }
    EXPECT_EQ(opened.error().code, c.code);
  }
  // A body that says it is a gigabyte is not made room for.
  Bytes huge = SmallLogs();
  huge.resize(7);
  for (const int byte : {1, 0xff, 0xff, 0xff, 0xff, 0x0f})
    huge.push_back(static_cast<std::byte>(byte));
  SignalBatchReader reader;
  EXPECT_EQ(reader.Open(huge).error().code, ErrorCode::kOutOfRange);
}

RecordDeliveries SomeDeliveries() {
  return {.tenant = "eu",
          .delivery = Delivery{"a", 5, 300},
          .delivered = {{"eu", "a", 4, {{1, 2}, {9, 9}}}, {"us", "b", 7, {{0, 0}}}}};
}

TEST(SignalBatch, SaysWhichPushItIs) {
  Bytes with;
  AddDeliveries(SmallLogs(), {.tenant = "eu", .delivery = Delivery{"a", 5, 300}, .delivered = {}}, with);
  const std::string hex = Hex(with);
  EXPECT_TRUE(
      hex.starts_with("10 02 "                                // Logs, version 2.
                      "0e 09 0c "                             // 14 bytes: a delivery of 12.
                      "01 61 05 00 00 00 00 00 00 00 ac 02 "  // Sender a, epoch 5, number 300.
                      "02 65 75 0e 02 00 26 "))               // And on as ever.
      << hex;
  EXPECT_TRUE(Decodes(with));

  Bytes all;
  AddDeliveries(SmallLogs(), SomeDeliveries(), all);
  EXPECT_TRUE(Decodes(all));
  RecordDeliveries read;
  ASSERT_TRUE(ReadSignalDeliveries(all, read).has_value());
  EXPECT_EQ(read.tenant, "eu");
  EXPECT_EQ(read.delivery, SomeDeliveries().delivery);
  EXPECT_EQ(read.delivered, SomeDeliveries().delivered);

  // One that says nothing is as it was, and says nothing.
  Bytes plain;
  AddDeliveries(SmallLogs(), {.tenant = "eu", .delivery = std::nullopt, .delivered = {}}, plain);
  EXPECT_EQ(plain, SmallLogs());
  ASSERT_TRUE(ReadSignalDeliveries(plain, read).has_value());
  EXPECT_TRUE(read.empty());
}

TEST(SignalBatch, DamagedDeliveriesAreNoDeliveries) {
  Bytes whole;
  AddDeliveries(SmallLogs(), SomeDeliveries(), whole);
  const std::size_t sections = static_cast<std::size_t>(whole[2]);
  RecordDeliveries read;
  for (std::size_t size = 0; size < 3 + sections; ++size)
    EXPECT_FALSE(ReadSignalDeliveries(ByteView(whole).first(size), read)) << size;
  struct Case {
    const char* name;
    std::size_t at;
    std::uint8_t byte;
  };
  const Case cases[] = {
      {"a section to come", 3, 11},
      {"a section twice", 17, 9},
      {"a section that is longer than all", 4, 200},
      {"a section with bytes left", 4, 13},
      {"sections that are longer than the batch", 2, 127},
  };
  for (const Case& c : cases) {
    Bytes bytes = whole;
    bytes[c.at] = static_cast<std::byte>(c.byte);
    EXPECT_FALSE(ReadSignalDeliveries(bytes, read)) << c.name;
  }
}

TEST(RecordKind, IsTheFirstByte) {
  EXPECT_EQ(RecordKindOf({}), RecordKind::kUnknown);
  const std::pair<std::uint8_t, RecordKind> cases[] = {
      {0, RecordKind::kUnknown},   {1, RecordKind::kSamples}, {4, RecordKind::kSamples},
      {15, RecordKind::kSamples},  {0x10, RecordKind::kLogs}, {0x11, RecordKind::kSpans},
      {0x12, RecordKind::kUnknown}};
  for (const auto& [byte, kind] : cases) {
    const Bytes payload{static_cast<std::byte>(byte)};
    EXPECT_EQ(RecordKindOf(payload), kind) << int{byte};
  }
}

}  // namespace
}  // namespace tickscope::codec
