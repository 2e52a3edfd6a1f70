#include "wire/client_histogram.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

#include "model/sample.h"
#include "wire/checked_pbf_reader.h"

namespace tickscope::wire {
namespace {

BucketSpan ReadSpan(std::string_view message) {
  BucketSpan span;
  CheckedPbfReader in(message);
  while (in.Next()) {
    switch (in.tag()) {
      case 1:
        span.offset = in.Sint32();
        break;
      case 2:
        span.length = in.Uint32();
        break;
      default:
        in.Skip();
    }
  }
  return span;
}

// Repeated numbers come packed (proto3) or one by one (proto2): both are read, as protobuf asks.
void ReadDeltas(CheckedPbfReader& in, std::int64_t& last, std::vector<double>& counts) {
  const auto add = [&](std::int64_t delta) {
    last = static_cast<std::int64_t>(static_cast<std::uint64_t>(last) + static_cast<std::uint64_t>(delta));
    counts.push_back(static_cast<double>(last));
  };
  if (in.IsLengthDelimited()) {
    for (const std::int64_t delta : in.PackedSint64())
      add(delta);
  } else {
    add(in.Sint64());
  }
}
void ReadCounts(CheckedPbfReader& in, std::vector<double>& counts) {
  if (in.IsLengthDelimited()) {
    for (const double count : in.PackedDouble())
      counts.push_back(count);
  } else {
    counts.push_back(in.Double());
  }
}

bool SpansCover(const std::vector<BucketSpan>& spans, std::size_t buckets) {
  std::uint64_t covered = 0;
  for (const BucketSpan& span : spans)
    covered += span.length;
  return covered == buckets;
}

bool AnyNegative(const std::vector<double>& counts) {
  return std::any_of(counts.begin(), counts.end(), [](double c) { return !(c >= 0); });
}

ClassicBucket ReadBucket(std::string_view message) {
  ClassicBucket bucket;
  double float_count = 0;
  CheckedPbfReader in(message);
  while (in.Next()) {
    switch (in.tag()) {
      case 1:
        bucket.count = static_cast<double>(in.Uint64());
        break;
      case 2:
        bucket.bound = in.Double();
        break;
      case 3:
        bucket.exemplar = in.Bytes();
        break;
      case 4:
        float_count = in.Double();
        break;
      default:
        in.Skip();
    }
  }
  if (float_count > 0) bucket.count = float_count;
  return bucket;
}

}  // namespace

bool ClientHistogram::is_native() const {
  return !native.positive_spans.empty() || !native.negative_spans.empty() || native.zero_threshold > 0 ||
         native.zero_count > 0;
}

void ReadClientHistogram(std::string_view message, ClientHistogram& out) {
  out.native = Histogram();
  out.buckets.clear();
  out.exemplars.clear();
  out.start_time_ms = 0;
  Histogram& native = out.native;
  double float_count = 0;
  double float_zero_count = 0;
  std::int64_t positive = 0;
  std::int64_t negative = 0;
  CheckedPbfReader in(message);
  while (in.Next()) {
    switch (in.tag()) {
      case 1:
        native.count = static_cast<double>(in.Uint64());
        break;
      case 2:
        native.sum = CanonicalValue(in.Double());
        break;
      case 3:
        out.buckets.push_back(ReadBucket(in.Bytes()));
        break;
      case 4:
        float_count = in.Double();
        break;
      case 5:
        native.schema = in.Sint32();
        break;
      case 6:
        native.zero_threshold = in.Double();
        break;
      case 7:
        native.zero_count = static_cast<double>(in.Uint64());
        break;
      case 8:
        float_zero_count = in.Double();
        break;
      case 9:
        native.negative_spans.push_back(ReadSpan(in.Bytes()));
        break;
      case 10:
        ReadDeltas(in, negative, native.negative_buckets);
        break;
      case 11:
        ReadCounts(in, native.negative_buckets);
        break;
      case 12:
        native.positive_spans.push_back(ReadSpan(in.Bytes()));
        break;
      case 13:
        ReadDeltas(in, positive, native.positive_buckets);
        break;
      case 14:
        ReadCounts(in, native.positive_buckets);
        break;
      case 15:
        out.start_time_ms = ReadTimestampMs(in.Bytes());
        break;
      case 16:
        out.exemplars.push_back(in.Bytes());
        break;
      default:
        in.Skip();
    }
  }
  if (float_count > 0) native.count = float_count;
  if (float_zero_count > 0) native.zero_count = float_zero_count;
  if (!out.exemplars.empty()) return;
  for (const ClassicBucket& bucket : out.buckets) {
    if (!bucket.exemplar.empty()) out.exemplars.push_back(bucket.exemplar);
  }
}

Status CheckNativeHistogram(const Histogram& histogram) {
  if (histogram.schema < kExponentialSchemaMin || histogram.schema > kExponentialSchemaMax) {
    return Fail(ErrorCode::kCorruption,
                fmt::format("expected a histogram schema from {} to {}, got {}", kExponentialSchemaMin,
                            kExponentialSchemaMax, histogram.schema));
  }
  if (!SpansCover(histogram.positive_spans, histogram.positive_buckets.size()) ||
      !SpansCover(histogram.negative_spans, histogram.negative_buckets.size())) {
    return Fail(ErrorCode::kCorruption, "expected as many buckets as the spans of a histogram cover");
  }
  if (AnyNegative(histogram.positive_buckets) || AnyNegative(histogram.negative_buckets)) {
    return Fail(ErrorCode::kCorruption, "expected bucket counts of 0 or more in a histogram");
  }
  return {};
}

TimeMs ReadTimestampMs(std::string_view message) {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  CheckedPbfReader in(message);
  while (in.Next()) {
    switch (in.tag()) {
      case 1:
        seconds = in.Int64();
        break;
      case 2:
        nanos = in.Int32();
        break;
      default:
        in.Skip();
    }
  }
  constexpr std::int64_t kSecondsMax = std::numeric_limits<std::int64_t>::max() / 2000;
  if (seconds > kSecondsMax || seconds < -kSecondsMax) return 0;
  return seconds * 1000 + nanos / 1'000'000;
}

double CanonicalValue(double value) {
  return std::isnan(value) ? NormalNan() : value;
}

}  // namespace tickscope::wire
