// Signal batch: the payload of a stream record that holds logs or spans of one tenant. docs/formats/signal-batch.md is the
// page for people.
//
// Complete in itself: it relies on no other record. The header is plain, so that who looks for a kind or a tenant reads no
// body; the body is packed, for log lines repeat.
//
// Layout
//
//   | kind: u8, 0x10 logs, 0x11 spans | version: u8, 1 or 2 | 2 only: size: varint, deliveries |
//   | tenant: text | received: zz, ms since the epoch |
//   | records: varint | coding: u8, 0 plain, 1 zstd | plain bytes: varint | body |
//
//   deliveries  | section... |             at most one of each, in this order
//   section     | tag: u8, 9 or 10 | size: varint | codec/delivery.h |
//   body        | item... |
//   item        | 1 | origin                   what is shared by the records up to the next one
//               | 2 | log or span, by the batch's kind
//
//   origin      | source: u8 | attributes | scope name: word | scope version: word | scope attributes: attributes |
//   log         | fields: varint, bits | time step: zz, ns | body: value | the fields that have a bit, lowest first |
//   span        | fields: varint, bits | trace id: 16 bytes | span id: 8 bytes | name: word | start step: zz, ns |
//               | duration: zz, ns | the fields that have a bit, lowest first |
//   attributes  | varint n | n * (name: word, value) |
//   value       | codec::ValueKind: u8 | text for 1, 2, 3; zz for 6; 8 bytes for 7 |
//   word        | varint n | text when n is 0 |     0 is a new word, which gets the next number from 1; else the word of that number
//
// A time step counts from the record before, in ns; the first from zero.
//
// Bounds    A body is at most kSignalBodyBytesMax plain bytes, checked before room is made for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "codec/record_deliveries.h"
#include "codec/record_kind.h"
#include "codec/signal_records.h"

namespace tickscope::codec {

inline constexpr std::size_t kSignalBodyBytesMax = 64U << 20;

/// Gathers the records of one batch.
class SignalBatchWriter {
 public:
  /// Requires: kLogs or kSpans.
  explicit SignalBatchWriter(RecordKind kind);

  /// What the records from now on share. Before the first record; the last one counts.
  void SetOrigin(const SignalOrigin& origin);
  /// Requires: a writer of kLogs; ids of their lengths or empty.
  void Add(const LogRecord& record);
  /// Requires: a writer of kSpans; ids of their lengths.
  void Add(const SpanRecord& record);

  [[nodiscard]] std::uint64_t records() const { return records_; }
  /// Size of the body so far.
  [[nodiscard]] std::size_t body_bytes() const { return body_.size(); }

  /// Appends the batch to `out` and begins a new one, without an origin.
  void Finish(std::string_view tenant, TimeMs received_ms, Bytes& out);

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  void PutWord(std::string_view word);
  void PutAttributes(SignalAttributes attributes);
  void PutTime(std::int64_t time_ns);

  RecordKind kind_;
  Bytes body_;
  std::uint64_t records_ = 0;
  std::uint64_t last_time_ = 0;
  std::unordered_map<std::string, std::uint64_t, TextHash, std::equal_to<>> words_;
};

/// Appends a batch that a writer finished, with what it says of pushes: version 2. With nothing to say, the batch as it is.
void AddDeliveries(ByteView batch, const RecordDeliveries& deliveries, Bytes& out);

/// Reads what a batch says of pushes, and whose it is; its records are passed over. Errors: as SignalBatchReader::Open; kCorruption.
[[nodiscard]] Status ReadSignalDeliveries(ByteView payload, RecordDeliveries& deliveries);

/// The plain part of a batch.
struct SignalBatchHeader {
  RecordKind kind = RecordKind::kLogs;
  std::string_view tenant;
  TimeMs received_ms = 0;
  std::uint64_t records = 0;
  std::uint64_t plain_bytes = 0;
  ByteView deliveries;  ///< Sections as they are; empty when there are none.
};

/// Reads the records of one batch, in order.
class SignalBatchReader {
 public:
  /// Reads the header; `payload` outlives the reader's use.
  /// Errors: kCorruption; kUnsupported for a kind or version that is none of these; kOutOfRange for a body over the limit.
  [[nodiscard]] Status Open(ByteView payload);
  [[nodiscard]] const SignalBatchHeader& header() const { return header_; }

  /// Moves to the next record; false at the end. Errors: kCorruption.
  [[nodiscard]] Result<bool> Next();

  /// Of the current record. Views live until the next call of Next, those of the origin until the next Open.
  [[nodiscard]] const SignalOrigin& origin() const { return origin_; }
  [[nodiscard]] const LogRecord& log() const { return log_; }
  [[nodiscard]] const SpanRecord& span() const { return span_; }

 private:
  class Fields;
  [[nodiscard]] Status Unpack();
  void ReadOrigin(Fields& fields);
  void ReadLog(Fields& fields);
  void ReadSpan(Fields& fields);

  SignalBatchHeader header_;
  ByteView packed_;
  std::uint8_t coding_ = 0;
  bool is_unpacked_ = false;
  Bytes plain_;
  ByteView rest_;
  std::uint64_t seen_ = 0;
  std::uint64_t last_time_ = 0;
  std::vector<std::string_view> words_;
  SignalOrigin origin_;
  std::vector<SignalAttribute> origin_attributes_;
  std::vector<SignalAttribute> scope_attributes_;
  LogRecord log_;
  SpanRecord span_;
  // Of a record and its events and links: each takes a stretch.
  std::vector<SignalAttribute> attributes_;
  std::vector<SpanEvent> events_;
  std::vector<SpanLink> links_;
};

}  // namespace tickscope::codec
