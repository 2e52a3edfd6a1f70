#include "codec/histogram_codec.h"

#include <cmath>
#include <limits>

#include "codec/fixed.h"
#include "model/sample.h"

namespace tickscope::codec {
namespace {

void PutDouble(double v, Bytes& out) {
  PutFixed(v, out);
}

double TakeDouble(FieldReader& reader) {
  const ByteView bytes = reader.Take(sizeof(double));
  return bytes.empty() ? 0 : LoadFixed<double>(bytes.data());
}

void PutSide(const std::vector<BucketSpan>& spans, const std::vector<double>& buckets, Bytes& out) {
  PutVarint(spans.size(), out);
  for (const BucketSpan& span : spans) {
    PutZigZag(span.offset, out);
    PutVarint(span.length, out);
  }
  for (const double count : buckets)
    PutDouble(count, out);
}

Status TakeDoubles(FieldReader& reader, std::uint64_t count, std::vector<double>& out) {
  if (count > kHistogramBucketsMax) return Fail(ErrorCode::kOutOfRange, "histogram: more than 10000 buckets");
  const ByteView bytes = reader.Take(count * sizeof(double));
  if (!reader.ok()) return Fail(ErrorCode::kCorruption, "histogram: cut in the buckets");
  out.resize(count);
  for (std::size_t i = 0; i < count; ++i)
    out[i] = LoadFixed<double>(bytes.data() + i * sizeof(double));
  return {};
}

Status TakeSide(FieldReader& reader, std::vector<BucketSpan>& spans, std::vector<double>& buckets) {
  const std::uint64_t span_count = reader.Varint();
  if (span_count > kHistogramBucketsMax)
    return Fail(ErrorCode::kOutOfRange, "histogram: more than 10000 spans");
  std::uint64_t bucket_count = 0;
  for (std::uint64_t i = 0; i < span_count; ++i) {
    const std::int64_t offset = reader.ZigZag();
    const std::uint64_t length = reader.Varint();
    if (!reader.ok() || length > kHistogramBucketsMax || offset < std::numeric_limits<std::int32_t>::min() ||
        offset > std::numeric_limits<std::int32_t>::max()) {
      return Fail(ErrorCode::kCorruption, "histogram: bad span");
    }
    spans.push_back({static_cast<std::int32_t>(offset), static_cast<std::uint32_t>(length)});
    bucket_count += length;
  }
  return TakeDoubles(reader, bucket_count, buckets);
}

Status ValidateSide(const char* side, const std::vector<BucketSpan>& spans,
                    const std::vector<double>& buckets) {
  std::uint64_t covered = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].offset < 0) {
      return Fail(ErrorCode::kInvalidArgument,
                  std::string("histogram ") + side + " side: span with negative offset");
    }
    covered += spans[i].length;
  }
  if (covered != buckets.size()) {
    return Fail(ErrorCode::kInvalidArgument, std::string("histogram ") + side + " side: spans need " +
                                                 std::to_string(covered) + " buckets, have " +
                                                 std::to_string(buckets.size()));
  }
  for (const double count : buckets) {
    if (!(count >= 0)) {
      return Fail(ErrorCode::kInvalidArgument,
                  std::string("histogram ") + side + " side: bucket with negative count");
    }
  }
  return {};
}

}  // namespace

void PutHistogram(const Histogram& histogram, Bytes& out) {
  out.push_back(static_cast<std::byte>(histogram.reset_hint));
  PutZigZag(histogram.schema, out);
  PutDouble(histogram.zero_threshold, out);
  PutDouble(histogram.zero_count, out);
  PutDouble(histogram.count, out);
  PutDouble(histogram.sum, out);
  PutSide(histogram.positive_spans, histogram.positive_buckets, out);
  PutSide(histogram.negative_spans, histogram.negative_buckets, out);
  PutVarint(histogram.custom_bounds.size(), out);
  for (const double bound : histogram.custom_bounds)
    PutDouble(bound, out);
}

Result<Histogram> TakeHistogram(FieldReader& reader) {
  Histogram histogram;
  const std::uint8_t hint = reader.Byte();
  const std::int64_t schema = reader.ZigZag();
  if (hint > static_cast<std::uint8_t>(ResetHint::kGauge) || schema < kCustomBoundsSchema ||
      schema > kExponentialSchemaMax) {
    return Fail(ErrorCode::kCorruption, "histogram: bad reset hint or schema");
  }
  histogram.reset_hint = static_cast<ResetHint>(hint);
  histogram.schema = static_cast<std::int32_t>(schema);
  histogram.zero_threshold = TakeDouble(reader);
  histogram.zero_count = TakeDouble(reader);
  histogram.count = TakeDouble(reader);
  histogram.sum = TakeDouble(reader);
  TICKSCOPE_RETURN_IF_ERROR(TakeSide(reader, histogram.positive_spans, histogram.positive_buckets));
  TICKSCOPE_RETURN_IF_ERROR(TakeSide(reader, histogram.negative_spans, histogram.negative_buckets));
  TICKSCOPE_RETURN_IF_ERROR(TakeDoubles(reader, reader.Varint(), histogram.custom_bounds));
  if (!reader.ok()) return Fail(ErrorCode::kCorruption, "histogram: cut");
  return histogram;
}

Status ValidateHistogram(const Histogram& histogram) {
  if (IsStaleNan(histogram.sum)) return {};
  const bool custom = histogram.schema == kCustomBoundsSchema;
  if (!custom && (histogram.schema < kExponentialSchemaMin || histogram.schema > kExponentialSchemaMax)) {
    return Fail(ErrorCode::kInvalidArgument,
                "histogram schema: got " + std::to_string(histogram.schema) + ", want -4..8 or -53");
  }
  if (custom) {
    if (histogram.zero_count != 0 || histogram.zero_threshold != 0 || !histogram.negative_spans.empty()) {
      return Fail(ErrorCode::kInvalidArgument,
                  "histogram with custom bounds must not have zero or negative buckets");
    }
    for (std::size_t i = 0; i < histogram.custom_bounds.size(); ++i) {
      const double bound = histogram.custom_bounds[i];
      if (std::isnan(bound) || bound == std::numeric_limits<double>::infinity() ||
          (i > 0 && !(bound > histogram.custom_bounds[i - 1]))) {
        return Fail(ErrorCode::kInvalidArgument, "histogram custom bounds must be finite and ascend");
      }
    }
    std::int64_t index = 0;
    for (const BucketSpan& span : histogram.positive_spans)
      index += span.offset + static_cast<std::int64_t>(span.length);
    if (index > static_cast<std::int64_t>(histogram.custom_bounds.size()) + 1) {
      return Fail(ErrorCode::kInvalidArgument, "histogram has more buckets than custom bounds");
    }
  } else if (!histogram.custom_bounds.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "histogram with exponential schema must not have custom bounds");
  }
  if (!(histogram.zero_count >= 0) || !(histogram.count >= 0) || !(histogram.zero_threshold >= 0)) {
    return Fail(ErrorCode::kInvalidArgument,
                "histogram count, zero count and zero threshold must not be negative");
  }
  TICKSCOPE_RETURN_IF_ERROR(ValidateSide("positive", histogram.positive_spans, histogram.positive_buckets));
  return ValidateSide("negative", histogram.negative_spans, histogram.negative_buckets);
}

}  // namespace tickscope::codec
