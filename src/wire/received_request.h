// A write request as the gateway sees it, whatever format it came in: series known by a key, and columns of samples.
//
// A sender repeats itself: the bytes that name a series are the same every ten seconds. So decoders do not parse labels.
// A series comes out as a key, a hash of those bytes, and its samples; only who does not know the key asks for the labels
// (ReadLabels). Steady state allocates nothing: one request object is reused.
//
// Bounds    Nothing declared by the sender is allocated before it is checked against the bytes that are there.
//           An empty entry takes two bytes on the wire and up to some hundred here, so entries are counted too.
// Threads   Not thread-safe.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/queryable.h"

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
  TimeMs start_ms = 0;  ///< Start timestamp, 0 for unset.
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
  /// Of what the sender sent, for messages: a series, or in OTLP a data point, of which several series are made one after
  /// the other.
  std::uint32_t position = 0;
  /// The decoder made it of others (target_info): when it is refused, nothing of the sender's is.
  bool is_derived = false;
  ByteView message;  ///< The protobuf message it is read from.
};

/// What a decoder made of a request. Views stay valid as long as the bytes it was made from, and until the next is decoded.
class ReceivedRequest {
 public:
  virtual ~ReceivedRequest() = default;

  [[nodiscard]] const std::vector<ReceivedSeries>& series() const { return series_; }
  [[nodiscard]] const std::vector<TimeMs>& times_ms() const { return times_ms_; }
  [[nodiscard]] const std::vector<double>& values() const { return values_; }
  /// Start timestamps, one a sample, 0 for unset; empty when all are.
  [[nodiscard]] const std::vector<TimeMs>& starts_ms() const { return starts_ms_; }
  [[nodiscard]] const std::vector<ReceivedHistogram>& histograms() const { return histograms_; }
  /// Metadata that came apart from series; other formats give it with the series (ReadMetadata).
  [[nodiscard]] const std::vector<ReceivedMetadata>& metadata() const { return metadata_; }

  /// Labels of a series, in any order; the views live until the next request is decoded.
  /// Errors: kCorruption, kOutOfRange and kInvalidArgument, as the decoder's Decode.
  [[nodiscard]] virtual Status ReadLabels(const ReceivedSeries& series,
                                          std::vector<LabelView>& out) const = 0;
  /// Metadata of a series; empty type when it has none. Errors: as ReadLabels.
  [[nodiscard]] virtual Result<MetricMetadata> ReadMetadata(const ReceivedSeries& series) const = 0;
  /// Reads the series' exemplar number `index`, below its exemplar_count, into `out`. Errors: as ReadLabels.
  [[nodiscard]] virtual Status ReadExemplar(const ReceivedSeries& series, std::uint32_t index,
                                            ReceivedExemplar& out) const = 0;

 protected:
  ReceivedRequest() = default;
  ReceivedRequest(const ReceivedRequest&) = default;
  ReceivedRequest& operator=(const ReceivedRequest&) = default;

  void ClearColumns();
  // Adds a sample to the columns. Throws TooMany.
  void PushSample(TimeMs time_ms, double value, TimeMs start_ms);

  std::vector<ReceivedSeries> series_;
  std::vector<TimeMs> times_ms_;
  std::vector<double> values_;
  std::vector<TimeMs> starts_ms_;
  std::vector<ReceivedHistogram> histograms_;
  std::vector<ReceivedMetadata> metadata_;
};

/// Thrown where a limit is passed, deep in a decoder's walk, and caught at its edge like protozero's own.
struct TooMany : std::length_error {
  TooMany(const char* what, std::size_t limit);
};

/// Throws TooMany when `entries` has no room for one more.
template <typename T>
void CheckRoom(const std::vector<T>& entries, std::size_t limit, const char* what) {
  if (entries.size() >= limit) throw TooMany(what, limit);
}

}  // namespace tickscope::wire
