// Field numbers of OTLP metrics messages, as far as they are read here.
//
// Source   opentelemetry-proto 1.x: collector/metrics/v1/metrics_service.proto, metrics/v1/metrics.proto,
//          resource/v1/resource.proto, common/v1/common.proto.
#pragma once

#include <cstdint>

namespace tickscope::otlp::proto {

using Tag = std::uint32_t;

inline constexpr Tag kRequestResourceMetrics = 1;

inline constexpr Tag kResourceMetricsResource = 1;
inline constexpr Tag kResourceMetricsScopeMetrics = 2;

inline constexpr Tag kResourceAttributes = 1;

inline constexpr Tag kScopeMetricsScope = 1;
inline constexpr Tag kScopeMetricsMetrics = 2;
inline constexpr Tag kScopeMetricsSchemaUrl = 3;

inline constexpr Tag kScopeName = 1;
inline constexpr Tag kScopeVersion = 2;
inline constexpr Tag kScopeAttributes = 3;

inline constexpr Tag kMetricName = 1;
inline constexpr Tag kMetricDescription = 2;
inline constexpr Tag kMetricUnit = 3;
inline constexpr Tag kMetricGauge = 5;
inline constexpr Tag kMetricSum = 7;
inline constexpr Tag kMetricHistogram = 9;
inline constexpr Tag kMetricExponentialHistogram = 10;
inline constexpr Tag kMetricSummary = 11;

// Gauge, Sum, Histogram, ExponentialHistogram and Summary agree in these.
inline constexpr Tag kDataPoints = 1;
inline constexpr Tag kTemporality = 2;
inline constexpr Tag kSumIsMonotonic = 3;

inline constexpr std::int32_t kTemporalityDelta = 1;
inline constexpr std::int32_t kTemporalityCumulative = 2;

// All data points agree in these.
inline constexpr Tag kPointStart = 2;
inline constexpr Tag kPointTime = 3;
inline constexpr std::uint32_t kFlagNoRecordedValue = 1;

inline constexpr Tag kNumberDouble = 4;
inline constexpr Tag kNumberExemplars = 5;
inline constexpr Tag kNumberInt = 6;
inline constexpr Tag kNumberAttributes = 7;
inline constexpr Tag kNumberFlags = 8;

inline constexpr Tag kHistogramCount = 4;
inline constexpr Tag kHistogramSum = 5;
inline constexpr Tag kHistogramBucketCounts = 6;
inline constexpr Tag kHistogramBounds = 7;
inline constexpr Tag kHistogramExemplars = 8;
inline constexpr Tag kHistogramAttributes = 9;
inline constexpr Tag kHistogramFlags = 10;

inline constexpr Tag kExponentialAttributes = 1;
inline constexpr Tag kExponentialCount = 4;
inline constexpr Tag kExponentialSum = 5;
inline constexpr Tag kExponentialScale = 6;
inline constexpr Tag kExponentialZeroCount = 7;
inline constexpr Tag kExponentialPositive = 8;
inline constexpr Tag kExponentialNegative = 9;
inline constexpr Tag kExponentialFlags = 10;
inline constexpr Tag kExponentialExemplars = 11;
inline constexpr Tag kExponentialZeroThreshold = 14;

inline constexpr Tag kBucketsOffset = 1;
inline constexpr Tag kBucketsCounts = 2;

inline constexpr Tag kSummaryCount = 4;
inline constexpr Tag kSummarySum = 5;
inline constexpr Tag kSummaryQuantiles = 6;
inline constexpr Tag kSummaryAttributes = 7;
inline constexpr Tag kSummaryFlags = 8;
inline constexpr Tag kQuantile = 1;
inline constexpr Tag kQuantileValue = 2;

inline constexpr Tag kExemplarTime = 2;
inline constexpr Tag kExemplarDouble = 3;
inline constexpr Tag kExemplarSpanId = 4;
inline constexpr Tag kExemplarTraceId = 5;
inline constexpr Tag kExemplarInt = 6;
inline constexpr Tag kExemplarAttributes = 7;

inline constexpr Tag kKeyValueKey = 1;
inline constexpr Tag kKeyValueValue = 2;

inline constexpr Tag kAnyString = 1;
inline constexpr Tag kAnyBool = 2;
inline constexpr Tag kAnyInt = 3;
inline constexpr Tag kAnyDouble = 4;
inline constexpr Tag kAnyArray = 5;
inline constexpr Tag kAnyKeyValues = 6;
inline constexpr Tag kAnyBytes = 7;
// ArrayValue and KeyValueList.
inline constexpr Tag kListValues = 1;

}  // namespace tickscope::otlp::proto
