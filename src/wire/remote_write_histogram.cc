#include "wire/remote_write_histogram.h"

#include <memory>
#include <protozero/pbf_reader.hpp>
#include <utility>

namespace tickscope::wire {
namespace {

using protozero::pbf_reader;

// Field numbers of prometheus.Histogram.
enum Field : protozero::pbf_tag_type {
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
};

BucketSpan ReadSpan(protozero::data_view view) {
  BucketSpan span;
  pbf_reader reader(view);
  while (reader.next()) {
    if (reader.tag() == 1) {
      span.offset = reader.get_sint32();
    } else if (reader.tag() == 2) {
      span.length = reader.get_uint32();
    } else {
      reader.skip();
    }
  }
  return span;
}

void AppendDeltas(pbf_reader& reader, std::vector<double>& buckets) {
  std::uint64_t count = 0;  // Wraps on hostile deltas; a negative count is refused by validation.
  for (const std::int64_t delta : reader.get_packed_sint64()) {
    count += static_cast<std::uint64_t>(delta);
    buckets.push_back(static_cast<double>(static_cast<std::int64_t>(count)));
  }
}

void AppendCounts(pbf_reader& reader, std::vector<double>& out) {
  for (const double count : reader.get_packed_double())
    out.push_back(count);
}

}  // namespace

ReceivedHistogram ReadRemoteWriteHistogram(ByteView message) {
  Histogram histogram;
  ReceivedHistogram out;
  pbf_reader reader(protozero::data_view(reinterpret_cast<const char*>(message.data()), message.size()));
  while (reader.next()) {
    switch (reader.tag()) {
      case kCountInt:
        histogram.count = static_cast<double>(reader.get_uint64());
        break;
      case kCountFloat:
        histogram.count = reader.get_double();
        break;
      case kSum:
        histogram.sum = reader.get_double();
        break;
      case kSchema:
        histogram.schema = reader.get_sint32();
        break;
      case kZeroThreshold:
        histogram.zero_threshold = reader.get_double();
        break;
      case kZeroCountInt:
        histogram.zero_count = static_cast<double>(reader.get_uint64());
        break;
      case kZeroCountFloat:
        histogram.zero_count = reader.get_double();
        break;
      case kNegativeSpans:
        histogram.negative_spans.push_back(ReadSpan(reader.get_view()));
        break;
      case kNegativeDeltas:
        AppendDeltas(reader, histogram.negative_buckets);
        break;
      case kNegativeCounts:
        AppendCounts(reader, histogram.negative_buckets);
        break;
      case kPositiveSpans:
        histogram.positive_spans.push_back(ReadSpan(reader.get_view()));
        break;
      case kPositiveDeltas:
        AppendDeltas(reader, histogram.positive_buckets);
        break;
      case kPositiveCounts:
        AppendCounts(reader, histogram.positive_buckets);
        break;
      case kResetHint: {
        const std::int32_t hint = reader.get_enum();
        histogram.reset_hint = hint >= 0 && hint <= 3 ? static_cast<ResetHint>(hint) : ResetHint::kUnknown;
        break;
      }
      case kTimestamp:
        out.time_ms = reader.get_int64();
        break;
      case kCustomValues:
        AppendCounts(reader, histogram.custom_bounds);
        break;
      default:
        reader.skip();
    }
  }
  out.histogram = std::make_shared<const Histogram>(std::move(histogram));
  return out;
}

}  // namespace tickscope::wire
