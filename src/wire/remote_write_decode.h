// Remote write requests, decoded for a receiver that has seen the series before.
//
// A sender repeats itself: the bytes that name a series are the same every ten seconds. So labels are not parsed
// here. A series comes out as a key, the hash of those bytes, and its samples; only who does not know the key asks for
// the labels (ReadLabels). Steady state allocates nothing: one ReceivedRequest is reused.
//
// Both protocol versions give the same form. In 1.0 the key is the hash of the raw label fields; in 2.0, where labels
// are numbers into a table sent along, it is mixed from the hashes of the texts they stand for. The same series has
// different keys in the two.
//
// Bounds    Nothing declared by the sender is allocated before it is checked against the bytes that are there.
//           An empty entry takes two bytes on the wire and up to some hundred here, so entries are counted too.
// Threads   Not thread-safe.
// Source    prometheus.io/docs/specs/prw/remote_write_spec, versions 1.0 and 2.0.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/queryable.h"
#include "wire/remote_write_headers.h"

namespace tickscope::wire {

/// What one request may hold; far above any sender's batches.
inline constexpr std::size_t kRequestSeriesMax = 1U << 20;
inline constexpr std::size_t kRequestSymbolsMax = 1U << 21;
inline constexpr std::size_t kRequestSamplesMax = 8U << 20;
inline constexpr std::size_t kRequestHistogramsMax = 1U << 18;
inline constexpr std::size_t kRequestMetadataMax = 1U << 17;
inline constexpr std::size_t kRequestExemplarsMax = 1U << 18;
inline constexpr std::size_t kSeriesLabelsMax = 10'000;

/// Hash of a series' identity as sent. Two different series collide with probability 2^-128 unless the sender knows
/// the seed, which is drawn at start.
struct SeriesKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const SeriesKey&, const SeriesKey&) = default;
};

struct ReceivedHistogram {
  TimeMs time_ms = 0;
  HistogramPtr histogram;
  TimeMs start_ms = 0;  ///< Start timestamp, 0 for unset; 2.0 only.
};

struct ReceivedMetadata {
  std::string_view metric;  ///< Metric family name, borrowed from the request.
  MetricMetadata metadata;
};

/// An exemplar as it was sent.
struct ReceivedExemplar {
  std::vector<LabelView> labels;  ///< In the order sent; views into the request.
  double value = 0;
  TimeMs time_ms = 0;
};

/// One time series of a request. Samples are ranges of ReceivedRequest's columns.
struct ReceivedSeries {
  SeriesKey key;
  std::uint32_t first_sample = 0;
  std::uint32_t sample_count = 0;
  std::uint32_t first_histogram = 0;
  std::uint32_t histogram_count = 0;
  std::uint32_t first_exemplar = 0;
  std::uint32_t exemplar_count = 0;
  std::uint32_t position = 0;  ///< Index in the request, for messages.
  ByteView message;            ///< The series' own protobuf message.
};

class ReceivedRequest {
 public:
  /// `seed` keys the hashes.
  explicit ReceivedRequest(std::uint64_t seed) : seed_(seed) {}

  /// Decodes `message`, which must stay valid while this object is used.
  /// Errors: kCorruption naming the series and field; kInvalidArgument for a bad symbol reference; kOutOfRange
  /// for more entries than the limits above.
  [[nodiscard]] Status Decode(RemoteWriteProtocol protocol, ByteView message);

  [[nodiscard]] const std::vector<ReceivedSeries>& series() const { return series_; }
  [[nodiscard]] const std::vector<TimeMs>& times_ms() const { return times_ms_; }
  [[nodiscard]] const std::vector<double>& values() const { return values_; }
  /// Start timestamps of a 2.0 request, one a sample, 0 for unset; empty when all are.
  [[nodiscard]] const std::vector<TimeMs>& starts_ms() const { return starts_ms_; }
  [[nodiscard]] const std::vector<ReceivedHistogram>& histograms() const { return histograms_; }
  /// Metadata of a 1.0 request; in 2.0 it travels with the series (ReadMetadata).
  [[nodiscard]] const std::vector<ReceivedMetadata>& metadata() const { return metadata_; }

  /// Labels of a series as sent, in the order sent; views into the message.
  /// Errors: as Decode.
  [[nodiscard]] Status ReadLabels(const ReceivedSeries& series, std::vector<LabelView>& out) const;
  /// Metadata of a 2.0 series; empty type when it has none. Errors: as ReadLabels.
  [[nodiscard]] Result<MetricMetadata> ReadMetadata(const ReceivedSeries& series) const;
  /// Reads the series' exemplar number `index`, below its exemplar_count, into `out`. Errors: as Decode.
  [[nodiscard]] Status ReadExemplar(const ReceivedSeries& series, std::uint32_t index,
                                    ReceivedExemplar& out) const;

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
  std::vector<ReceivedSeries> series_;
  std::vector<TimeMs> times_ms_;
  std::vector<double> values_;
  std::vector<TimeMs> starts_ms_;
  std::vector<ReceivedHistogram> histograms_;
  std::vector<ReceivedMetadata> metadata_;
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
