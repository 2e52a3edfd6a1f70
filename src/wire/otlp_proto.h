// Field numbers of OTLP messages, as far as they are read and written here.
//
// Source   opentelemetry-proto 1.x: collector/*/v1/*_service.proto, metrics/v1/metrics.proto, logs/v1/logs.proto,
//          trace/v1/trace.proto, resource/v1/resource.proto, common/v1/common.proto.
#pragma once

#include <cstdint>

namespace tickscope::wire::otlp_proto {

using Tag = std::uint32_t;

inline constexpr Tag kRequestResourceMetrics = 1;

// Responses of all signals agree in these.
inline constexpr Tag kResponsePartialSuccess = 1;
inline constexpr Tag kPartialSuccessRejected = 1;

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

// Requests of all signals, ResourceLogs and ResourceSpans, ScopeLogs and ScopeSpans agree in these.
inline constexpr Tag kRequestResources = 1;
inline constexpr Tag kResourceResource = 1;
inline constexpr Tag kResourceScopes = 2;
inline constexpr Tag kScopeScope = 1;
inline constexpr Tag kScopeRecords = 2;

inline constexpr Tag kLogTime = 1;
inline constexpr Tag kLogSeverity = 2;
inline constexpr Tag kLogSeverityText = 3;
inline constexpr Tag kLogBody = 5;
inline constexpr Tag kLogAttributes = 6;
inline constexpr Tag kLogDroppedAttributes = 7;
inline constexpr Tag kLogFlags = 8;
inline constexpr Tag kLogTraceId = 9;
inline constexpr Tag kLogSpanId = 10;
inline constexpr Tag kLogObserved = 11;
inline constexpr Tag kLogEventName = 12;

inline constexpr Tag kSpanTraceId = 1;
inline constexpr Tag kSpanSpanId = 2;
inline constexpr Tag kSpanTraceState = 3;
inline constexpr Tag kSpanParent = 4;
inline constexpr Tag kSpanName = 5;
inline constexpr Tag kSpanKind = 6;
inline constexpr Tag kSpanStart = 7;
inline constexpr Tag kSpanEnd = 8;
inline constexpr Tag kSpanAttributes = 9;
inline constexpr Tag kSpanDroppedAttributes = 10;
inline constexpr Tag kSpanEvents = 11;
inline constexpr Tag kSpanDroppedEvents = 12;
inline constexpr Tag kSpanLinks = 13;
inline constexpr Tag kSpanDroppedLinks = 14;
inline constexpr Tag kSpanStatus = 15;
inline constexpr Tag kSpanFlags = 16;

inline constexpr Tag kEventTime = 1;
inline constexpr Tag kEventName = 2;
inline constexpr Tag kEventAttributes = 3;
inline constexpr Tag kEventDroppedAttributes = 4;

inline constexpr Tag kLinkTraceId = 1;
inline constexpr Tag kLinkSpanId = 2;
inline constexpr Tag kLinkTraceState = 3;
inline constexpr Tag kLinkAttributes = 4;
inline constexpr Tag kLinkDroppedAttributes = 5;
inline constexpr Tag kLinkFlags = 6;

inline constexpr Tag kStatusMessage = 2;
inline constexpr Tag kStatusCode = 3;

}  // namespace tickscope::wire::otlp_proto
