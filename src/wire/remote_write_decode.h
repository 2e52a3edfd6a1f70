// Remote write requests, decoded for a receiver that has seen the series before (wire/received_request.h).
//
// Both protocol versions give the same form. In 1.0 the key is the hash of the raw label fields; in 2.0, where labels
// are numbers into a table sent along, it is mixed from the hashes of the texts they stand for. The same series has
// different keys in the two.
//
// Threads   Not thread-safe.
// Source    prometheus.io/docs/specs/prw/remote_write_spec, versions 1.0 and 2.0.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/received_request.h"
#include "wire/remote_write_headers.h"

namespace tickscope::wire {

class RemoteWriteRequest final : public ReceivedRequest {
 public:
  /// `seed` keys the hashes.
  explicit RemoteWriteRequest(std::uint64_t seed) : seed_(seed) {}

  /// Decodes `message`, which must stay valid while this object is used.
  /// Errors: kCorruption naming the series and field; kInvalidArgument for a bad symbol reference; kOutOfRange
  /// for more entries than the limits of wire/received_request.h.
  [[nodiscard]] Status Decode(RemoteWriteProtocol protocol, ByteView message);

  [[nodiscard]] Status ReadLabels(const ReceivedSeries& series, std::vector<LabelView>& out) const override;
  [[nodiscard]] Result<MetricMetadata> ReadMetadata(const ReceivedSeries& series) const override;
  [[nodiscard]] Status ReadExemplar(const ReceivedSeries& series, std::uint32_t index,
                                    ReceivedExemplar& out) const override;

 private:
  [[nodiscard]] Status DecodeV1(ByteView message);
  [[nodiscard]] Status DecodeV2(ByteView message);
  void DecodeSeriesV1(ByteView message);
  void DecodeSeriesV2(ByteView message);
  // Notes where an exemplar is, for who asks for it.
  void AddExemplar(std::string_view message, ReceivedSeries& series);
  // Reads a sample of either version and adds it to the columns.
  void AddSample(std::string_view message);
  [[nodiscard]] std::string_view SymbolAt(std::uint32_t index) const;

  const std::uint64_t seed_;
  RemoteWriteProtocol protocol_ = RemoteWriteProtocol::kV1;
  std::vector<std::string_view> exemplars_;  // Their messages.
  std::vector<std::string_view> symbols_;
  std::vector<std::uint64_t> symbol_hashes_;
  std::vector<ByteView> series_messages_;
};

/// Decompresses a snappy block into `out`, whose capacity is reused.
/// Errors: kOutOfRange when the declared size exceeds `bytes_max`, checked before anything is allocated; kCorruption
/// when the block does not decode to that size.
[[nodiscard]] Status DecompressSnappy(std::string_view block, std::size_t bytes_max, Bytes& out);

}  // namespace tickscope::wire
