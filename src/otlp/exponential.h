// OTLP exponential histogram buckets as spans of a native histogram.
//
// OTLP's bucket i covers (base^i, base^(i+1)], a native one (base^(i-1), base^i], so indexes move by one. A scale finer than
// the finest schema is made coarser: 2^k neighbours become one bucket.
//
// Source   opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics, "Exponential Histograms".
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/histogram.h"

namespace tickscope::otlp {

/// Takes the buckets of one side, a Buckets message, into `spans` and `counts`, both empty before; 2^`shift` neighbours into one.
/// Returns what all hold together.
/// Errors: kInvalidArgument for more buckets than a histogram may have, indexes beyond 32 bits, and counts that no 63 bits
/// hold. Throws protozero::exception for what is no protobuf.
[[nodiscard]] Result<std::uint64_t> ReadBuckets(std::string_view message, int shift,
                                                std::vector<BucketSpan>& spans, std::vector<double>& counts);

/// Adds `count` to `total`; false when the sum, or the count, is no 63-bit number: what was negative, or lies.
[[nodiscard]] bool AddCount(std::uint64_t count, std::uint64_t& total);

}  // namespace tickscope::otlp
