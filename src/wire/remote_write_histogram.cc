#include "wire/remote_write_histogram.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "wire/checked_pbf_reader.h"

namespace tickscope::wire {
namespace {

// Field numbers of prometheus.Histogram.
enum Field : std::uint32_t {
  kCountInt = 1,
  kCountFloat = 2,
  kSum = 3,
  kSchema = 4,
  kZeroThreshold = 5,
  kZeroCountInt = 6,
  kZeroCountFloat = 7,
  kNegativeSpans = 8,
  kNegativeDeltas = 9,
  kNegativeCounts = 10,
  kPositiveSpans = 11,
  kPositiveDeltas = 12,
  kPositiveCounts = 13,
  kResetHint = 14,
  kTimestamp = 15,
  kCustomValues = 16,
  kStartTimestamp = 17,
};

BucketSpan ReadSpan(std::string_view view) {
  BucketSpan span;
  CheckedPbfReader reader(view);
  while (reader.Next()) {
    if (reader.tag() == 1) {
      span.offset = reader.Sint32();
    } else if (reader.tag() == 2) {
      span.length = reader.Uint32();
    } else {
      reader.Skip();
    }
  }
  return span;
}

void AppendDeltas(CheckedPbfReader& reader, std::vector<double>& buckets) {
  std::uint64_t count = 0;  // Wraps on hostile deltas; a negative count is refused by validation.
  for (const std::int64_t delta : reader.PackedSint64()) {
    count += static_cast<std::uint64_t>(delta);
    buckets.push_back(static_cast<double>(static_cast<std::int64_t>(count)));
  }
}

void AppendCounts(CheckedPbfReader& reader, std::vector<double>& out) {
  for (const double count : reader.PackedDouble())
    out.push_back(count);
}

}  // namespace

ReceivedHistogram ReadRemoteWriteHistogram(ByteView message) {
  Histogram histogram;
  ReceivedHistogram out;
  CheckedPbfReader reader(AsText(message));
  while (reader.Next()) {
    switch (reader.tag()) {
      case kCountInt:
        histogram.count = static_cast<double>(reader.Uint64());
        break;
      case kCountFloat:
        histogram.count = reader.Double();
        break;
      case kSum:
        histogram.sum = reader.Double();
        break;
      case kSchema:
        histogram.schema = reader.Sint32();
        break;
      case kZeroThreshold:
        histogram.zero_threshold = reader.Double();
        break;
      case kZeroCountInt:
        histogram.zero_count = static_cast<double>(reader.Uint64());
        break;
      case kZeroCountFloat:
        histogram.zero_count = reader.Double();
        break;
      case kNegativeSpans:
        histogram.negative_spans.push_back(ReadSpan(reader.Bytes()));
        break;
      case kNegativeDeltas:
        AppendDeltas(reader, histogram.negative_buckets);
        break;
      case kNegativeCounts:
        AppendCounts(reader, histogram.negative_buckets);
        break;
      case kPositiveSpans:
        histogram.positive_spans.push_back(ReadSpan(reader.Bytes()));
        break;
      case kPositiveDeltas:
        AppendDeltas(reader, histogram.positive_buckets);
        break;
      case kPositiveCounts:
        AppendCounts(reader, histogram.positive_buckets);
        break;
      case kResetHint: {
        const std::int32_t hint = reader.Int32();
        histogram.reset_hint = hint >= 0 && hint <= 3 ? static_cast<ResetHint>(hint) : ResetHint::kUnknown;
        break;
      }
      case kTimestamp:
        out.time_ms = reader.Int64();
        break;
      case kCustomValues:
        AppendCounts(reader, histogram.custom_bounds);
        break;
      case kStartTimestamp:
        out.start_ms = reader.Int64();
        break;
      default:
        reader.Skip();
    }
  }
  out.histogram = std::make_shared<const Histogram>(std::move(histogram));
  return out;
}

}  // namespace tickscope::wire
