// RemoteWriteEncoder: series and their samples as the body of a remote-write request, 1.0 or 2.0.
//
//   RemoteWriteEncoder encoder(RemoteWriteProtocol::kV2);
//   std::string body;
//   encoder.Encode(series, body);   // protobuf in a snappy block; send with remote_write_headers.h
//
// A receiver that caches series by their raw label bytes is quickest when those bytes repeat, so equal input
// makes equal bytes, and in 2.0, where a label is a number in the request's symbol table, also:
//   E1  symbols are numbered in order of first use by series labels, series by series;
//   E2  help and unit come after all label symbols, exemplar labels (which change every time) last of all.
// So as long as a sender keeps the order of its series, their label references do not change.
//
// A histogram whose counts are all whole and below 2^53 is sent as an integer one, any other as a float one.
//
// Threads   One encoder a thread; its buffers are kept from call to call.
// Memory    About twice the uncompressed body of the largest request encoded.
// Cost      2.0 hashes a string only when it differs from the one at the same place of the series before.
// Source    prompb/types.proto and prompb/io/prometheus/write/v2/types.proto field numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/exemplar.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "wire/metric_type.h"
#include "wire/remote_write_headers.h"
#include "wire/symbol_table.h"

namespace tickscope::wire {

/// A float sample. `start_time_ms` (2.0 only) is when its counter began, 0 for unknown.
struct WriteSample {
  TimeMs time_ms = 0;
  double value = 0;
  TimeMs start_time_ms = 0;
};

/// A native histogram sample; the histogram is borrowed.
struct WriteHistogram {
  TimeMs time_ms = 0;
  const Histogram* histogram = nullptr;
  TimeMs start_time_ms = 0;
};

/// Metadata of the family the series belongs to. 1.0 sends it once a family and request, 2.0 with the series.
struct WriteMetadata {
  std::string_view family;  ///< 1.0 only.
  MetricType type = MetricType::kUnknown;
  std::string_view help;
  std::string_view unit;
};

/// One series of a request. Everything is borrowed for the call. 2.0 receivers refuse a series that has both
/// samples and histograms: send it as two.
struct WriteSeries {
  const Labels* labels = nullptr;
  std::span<const WriteSample> samples{};
  std::span<const WriteHistogram> histograms{};
  std::span<const Exemplar> exemplars{};
  const WriteMetadata* metadata = nullptr;
};

class RemoteWriteEncoder {
 public:
  explicit RemoteWriteEncoder(RemoteWriteProtocol protocol) : protocol_(protocol) {}

  /// Replaces `body` by the compressed request.
  /// Requires: labels set in every series; the message below 4 GiB (snappy's block limit).
  void Encode(std::span<const WriteSeries> series, std::string& body);

  [[nodiscard]] RemoteWriteProtocol protocol() const { return protocol_; }
  /// The message of the last Encode before compression.
  [[nodiscard]] std::string_view message() const { return message_; }

 private:
  void EncodeV1(std::span<const WriteSeries> series);
  void EncodeV2(std::span<const WriteSeries> series);

  RemoteWriteProtocol protocol_;
  SymbolTable symbols_;
  std::string message_;
  std::string series_message_;
  std::string field_;
  std::vector<std::uint32_t> refs_;
};

}  // namespace tickscope::wire
