// Native histogram sample as bytes, inside a stream record.
//
// Layout
//
//   | reset hint: u8 | schema: zz | zero threshold: f64 | zero count: f64 | count: f64 | sum: f64 |
//   | positive | negative | custom bounds: varint n, n * f64 |
//
//   positive, negative   varint n, n * (offset: zz, length: varint), then one f64 a bucket the spans cover
//
// Sum may be a staleness marker, so all numbers are kept as raw bits. The engine's chunk encoding packs
// histograms; this form only has to be exact and quick.
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "codec/varint.h"
#include "model/histogram.h"

namespace tickscope::codec {

/// Most buckets, spans or bounds of one histogram, each. Bounds what a hostile count can make us allocate.
inline constexpr std::size_t kHistogramBucketsMax = 10'000;

void PutHistogram(const Histogram& histogram, Bytes& out);

/// Reads one histogram off the reader. Errors: kCorruption, kOutOfRange past kHistogramBucketsMax.
[[nodiscard]] Result<Histogram> TakeHistogram(FieldReader& reader);

/// Checks what every sender must keep: spans cover exactly the buckets, counts are no less than zero, the
/// schema is known, custom bounds ascend and go with schema -53 only. Errors: kInvalidArgument naming the
/// rule.
[[nodiscard]] Status ValidateHistogram(const Histogram& histogram);

}  // namespace tickscope::codec
