// OtlpEncoder: series and their samples as an ExportMetricsServiceRequest.
//
//   series                                    metric
//   of a counter                              cumulative, monotonic sum under the series' name
//   _bucket, _sum, _count of a histogram      one histogram point under the family's name, when all of it is there
//   quantiles, _sum, _count of a summary      one summary point, likewise
//   with a native histogram                   exponential histogram, or one with bounds for custom bounds
//   any other                                 gauge
//
// job and instance are service.name and service.instance.id of the resource; all other labels are attributes of the point. A staleness
// marker is a point without a recorded value.
//
// What OTLP cannot say is left out and counted: native histograms that are gauges or whose counts are not whole, histograms whose parts
// contradict each other, or miss their count. Buckets further apart than kBucketsMax are merged, to a lower scale.
//
// Requires    The parts of a histogram or summary in the same call. Metadata with every series: without, all are gauges.
// Threads     One encoder a thread.
// Source      opentelemetry-proto 1.x; "Prometheus and OpenMetrics compatibility", opentelemetry.io/docs/specs/otel/compatibility.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wire/remote_write_encode.h"

namespace tickscope::wire {

class OtlpEncoder {
 public:
  /// Buckets of one side of an exponential histogram, empty ones between them counted.
  static constexpr std::size_t kBucketsMax = 2'048;

  /// Replaces `message`; returns how many samples are not in it.
  [[nodiscard]] std::size_t Encode(std::span<const WriteSeries> series, std::string& message);

 private:
  enum class Kind : std::uint8_t { kGauge, kSum, kHistogram, kSummary, kExponential };
  // Of a histogram a bound and what is at or below it, of a summary a quantile and its value.
  struct Step {
    double at = 0;
    double value = 0;
  };
  struct Point {
    const WriteSeries* series = nullptr;  // The first of its parts.
    TimeMs time_ms = 0;
    TimeMs start_ms = 0;
    double value = 0;  // Or the sum.
    double count = -1;
    bool has_sum = false;
    bool is_stale = false;
    std::size_t samples = 0;
    const Histogram* native = nullptr;
    std::vector<Step> steps;
    std::vector<const Exemplar*> exemplars;
  };
  struct Metric {
    Kind kind = Kind::kGauge;
    std::string_view name;
    const WriteMetadata* metadata = nullptr;
    std::vector<Point> points;
    std::unordered_map<std::string, std::size_t> by_labels;  // Points that have parts.
  };
  struct Resource {
    std::string_view job;
    std::string_view instance;
    std::deque<Metric> metrics;
    std::unordered_map<std::string, Metric*> by_name;
  };

  Resource& ResourceOf(const Labels& labels);
  static Metric& MetricOf(Resource& resource, Kind kind, std::string_view name,
                          const WriteMetadata* metadata);
  // The point that a part belongs to.
  Point& PartOf(Metric& metric, const WriteSeries& series, TimeMs time_ms);
  void Add(const WriteSeries& series);
  static void Write(const Metric& metric, std::string& out, std::size_t& left_out);

  std::deque<Resource> resources_;
  std::unordered_map<std::string, Resource*> by_identity_;
  std::string key_;
};

/// How many points an ExportMetricsServiceResponse says were not taken; 0 for what is none.
[[nodiscard]] std::uint64_t RejectedOtlpPoints(std::string_view response);

}  // namespace tickscope::wire
