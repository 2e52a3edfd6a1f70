// Sample batch: the payload of one stream record, one accepted request of one sender.
//
// Series go by number (SeriesRef). A number means the labels given by the latest definition of it in the same
// stream segment, so a segment can be read knowing nothing of those before it. Samples are columns: numbers
// as runs, times once a run, values behind a four-bit class each. 300 series that arrive in their usual order
// with one timestamp cost two runs, one time and about three bytes a value.
//
// Layout
//
//   | version: u8 = 1 | tenant: text | received: zz, ms since the epoch | section... |    2 with section 5, 3 with 7, 4 with 8, 5 with 9 or 10
//   section   | tag: u8 | size: varint | body |            unknown tags are an error: they would be lost data
//
//   1 series      | symbols: varint n, n * text |
//                 | varint n, n * (ref step: zz, labels: varint k, k * (name, value)) |
//   2 floats      | varint n | runs | classes: ceil(n / 2) bytes, low nibble first | values |
//     run         | ref step: zz | length: varint | points: varint | points * time step: zz |
//                   `length` consecutive refs, each with samples at these `points` times; a ref step counts
//                   from the ref after the previous run, a time step from the previous time of the section
//     class       0..7   integer in that many bytes, zigzag           8      raw double
//                 9..12  hundredths in class - 8 bytes, zigzag
//                 13, 14 millionths in 4 or 6 bytes, zigzag
//   5 steps       | varint n | runs | codec/value_steps.h |      floats as steps from the epoch's last values
//   3 histograms  | varint n | n * (ref step: zz, time step: zz, codec/histogram_codec.h) |
//   4 metadata    | varint n | n * (metric: text, type: text, help: text, unit: text) |
//   6 overflow    | varint n | n * (group ref: varint, kind: u8, 1 a counter, source: 16 bytes, time: zz, value: 8 bytes,
//                                    increment: 8 bytes) |            what samples over a limit added to their total
//   7 starts      | codec/start_bases.h |             start timestamps, after the samples they are of; none while no series has one
//   8 exemplars   | varint n | n * (ref step: zz, time step: zz, value: 8 bytes, labels: varint k, k * (name, value: text)) |
//   9 delivery, 10 delivered  | codec/delivery.h |                whose push this is, and which were before the epoch
//
// Worked example, floats: refs 7 8 9 at time 1000 with 5, 0 and 2.5.
//
//   n=3  run: step 7, length 3, points 1, time 1000   classes 1 0, 10   5 -> 0a, 250 -> f4 01
//   03   0e 03 01 d0 0f                               01 0a             0a f4 01
//
//   2.5 is class 10: 250 hundredths in two bytes.
//
// The checksum is the stream's. Times and refs may repeat and go back; order is the order of arrival.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "codec/delivery.h"
#include "codec/start_bases.h"
#include "codec/value_steps.h"
#include "model/exemplar.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/queryable.h"
#include "model/series_ref.h"

namespace tickscope::codec {

/// Float samples as parallel columns, in order of arrival.
struct FloatColumns {
  std::vector<SeriesRef> refs;
  std::vector<TimeMs> times_ms;
  std::vector<double> values;
  std::vector<TimeMs> starts_ms;  ///< Start timestamps, 0 for unset; empty when all are.

  void Clear() {
    refs.clear();
    times_ms.clear();
    values.clear();
    starts_ms.clear();
  }
  void Push(SeriesRef ref, TimeMs time_ms, double value, TimeMs start_ms = 0) {
    refs.push_back(ref);
    times_ms.push_back(time_ms);
    values.push_back(value);
    if (start_ms == 0 && starts_ms.empty()) [[likely]]
      return;
    starts_ms.resize(refs.size());
    starts_ms.back() = start_ms;
  }
  [[nodiscard]] std::size_t size() const { return refs.size(); }
};

struct HistogramEntry {
  SeriesRef ref{};
  TimeMs time_ms = 0;
  HistogramPtr histogram;
  TimeMs start_ms = 0;  ///< Start timestamp, 0 for unset.
};

/// Hash of a series' labels that is the same in every process.
struct SeriesHash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const SeriesHash&, const SeriesHash&) = default;
};

/// A sample of a series that is one too many: it is no sample of the batch, but was added to one.
struct OverflowEntry {
  SeriesRef group{};
  bool is_counter = false;
  SeriesHash source;
  TimeMs time_ms = 0;
  double value = 0;      ///< The source's.
  double increment = 0;  ///< What it added to the group's total.
  friend bool operator==(const OverflowEntry&, const OverflowEntry&) = default;
};

/// An exemplar of a series, in order of arrival.
struct ExemplarEntry {
  SeriesRef ref{};
  Exemplar exemplar;
};

struct SeriesDefinition {
  SeriesRef ref{};
  std::vector<LabelView> labels;  ///< Sorted, unique, no empty values. Borrowed.
};

struct MetadataEntry {
  std::string metric;
  MetricMetadata metadata;
};

/// A whole batch, to be encoded or as decoded. Reuse one: Clear keeps the capacity.
struct SampleBatch {
  std::string tenant;
  TimeMs received_ms = 0;
  std::vector<SeriesDefinition> series;  ///< Labels borrow from the request, or from the decoded bytes.
  FloatColumns floats;
  std::vector<HistogramEntry> histograms;
  std::vector<MetadataEntry> metadata;
  std::vector<OverflowEntry> overflow;
  std::vector<ExemplarEntry> exemplars;
  std::optional<Delivery> delivery;  ///< Which push this is; nothing when its sender does not count.
  std::vector<Delivered> delivered;  ///< Pushes before the epoch that this batch begins.

  void Clear();
  [[nodiscard]] bool empty() const {
    return series.empty() && floats.size() == 0 && histograms.empty() && metadata.empty() &&
           overflow.empty() && exemplars.empty();
  }
};

/// What a tenant's batches of an epoch build on.
struct BatchBases {
  ValueBases values;
  StartBases starts;
};

/// Writes the batches of a stream, floats as steps from the last values of the epoch (section 5).
///
/// Every batch encoded must be appended in that order, or given to Forget.
class BatchEncoder {
 public:
  /// Appends the batch's bytes, to be appended to `epoch`.
  void Encode(const SampleBatch& batch, std::uint64_t epoch, Bytes& out);
  /// The stream did not take the batch encoded last, which this is.
  void Forget(const SampleBatch& batch);

 private:
  std::uint64_t epoch_ = ~std::uint64_t{0};
  std::map<std::string, BatchBases, std::less<>> bases_;  // By tenant.
};

/// Reads the batches of a stream, each epoch from its beginning.
class BatchDecoder {
 public:
  /// Reads a batch of `epoch` that spans all of `bytes`, which must outlive the labels in `batch`. When it builds on
  /// records that were not read, its floats are left out and counted in unproven_samples().
  /// Errors: as DecodeSampleBatch.
  [[nodiscard]] Status Decode(ByteView bytes, std::uint64_t epoch, SampleBatch& batch);
  [[nodiscard]] std::uint64_t unproven_samples() const { return unproven_samples_; }

 private:
  std::uint64_t epoch_ = ~std::uint64_t{0};
  std::map<std::string, BatchBases, std::less<>> bases_;
  std::uint64_t unproven_samples_ = 0;
};

/// Appends the batch's bytes, complete in themselves (section 2).
void EncodeSampleBatch(const SampleBatch& batch, Bytes& out);

/// Reads a batch that is complete in itself and spans all of `bytes`, which must outlive the labels in `batch`.
/// Errors: kCorruption naming the section; kUnsupported for a later version. Memory is bounded by the input's
/// size.
[[nodiscard]] Status DecodeSampleBatch(ByteView bytes, SampleBatch& batch);

/// Reads of a batch only tenant, delivery and delivered; the rest is passed over. Errors: as DecodeSampleBatch.
[[nodiscard]] Status ReadDeliveries(ByteView bytes, SampleBatch& batch);

}  // namespace tickscope::codec
