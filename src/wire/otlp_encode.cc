#include "wire/otlp_encode.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include <protozero/pbf_writer.hpp>

#include "model/sample.h"
#include "wire/checked_pbf_reader.h"
#include "wire/openmetrics_float.h"
#include "wire/otlp_proto.h"

namespace tickscope::wire {
namespace {

namespace proto = otlp_proto;

constexpr double kWholeMax = 9'007'199'254'740'992.0;  // 2^53

std::uint64_t NanosOf(TimeMs time_ms) {
  return time_ms <= 0 ? 0 : static_cast<std::uint64_t>(time_ms) * 1'000'000;
}

bool IsWhole(double count) {
  return count >= 0 && count <= kWholeMax && std::trunc(count) == count;
}

void PutAttribute(protozero::pbf_writer& parent, proto::Tag tag, std::string_view name,
                  std::string_view value) {
  protozero::pbf_writer pair(parent, tag);
  pair.add_string(proto::kKeyValueKey, name.data(), name.size());
  protozero::pbf_writer any(pair, proto::kKeyValueValue);
  any.add_string(proto::kAnyString, value.data(), value.size());
}

// Labels that are said otherwise than as attributes of the point.
bool IsApart(std::string_view label, std::string_view step_label) {
  return label == kMetricName || label == "job" || label == "instance" || label == step_label;
}

void PutLabels(protozero::pbf_writer& point, proto::Tag tag, const Labels& labels,
               std::string_view step_label) {
  for (const LabelView& label : labels) {
    if (!IsApart(label.name, step_label)) PutAttribute(point, tag, label.name, label.value);
  }
}

// The bytes of `digits` hex digits; nothing when it is not that.
std::optional<std::string> FromHex(std::string_view text, std::size_t digits) {
  if (text.size() != digits) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = text[i];
    int value = -1;
    if (c >= '0' && c <= '9') value = c - '0';
    if (c >= 'a' && c <= 'f') value = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') value = c - 'A' + 10;
    if (value < 0) return std::nullopt;
    if (i % 2 == 0) {
      bytes.push_back(static_cast<char>(value * 16));
    } else {
      bytes.back() = static_cast<char>(static_cast<unsigned char>(bytes.back()) + value);
    }
  }
  return bytes;
}

void PutExemplar(protozero::pbf_writer& point, proto::Tag tag, const Exemplar& exemplar, TimeMs point_ms) {
  protozero::pbf_writer out(point, tag);
  out.add_fixed64(proto::kExemplarTime, NanosOf(exemplar.time_ms == 0 ? point_ms : exemplar.time_ms));
  out.add_double(proto::kExemplarDouble, exemplar.value);
  for (const LabelView& label : exemplar.labels) {
    const bool is_trace = label.name == "trace_id";
    const bool is_span = label.name == "span_id";
    const auto id = is_trace || is_span ? FromHex(label.value, is_trace ? 32 : 16) : std::nullopt;
    if (id) {
      out.add_bytes(is_trace ? proto::kExemplarTraceId : proto::kExemplarSpanId, *id);
    } else {
      PutAttribute(out, proto::kExemplarAttributes, label.name, label.value);
    }
  }
}

void PutTimes(protozero::pbf_writer& point, TimeMs start_ms, TimeMs time_ms) {
  if (start_ms > 0) point.add_fixed64(proto::kPointStart, NanosOf(start_ms));
  point.add_fixed64(proto::kPointTime, NanosOf(time_ms));
}

// Counts at indexes of our buckets, in order. False when one is not whole.
bool ReadSpans(const std::vector<BucketSpan>& spans, const std::vector<double>& counts,
               std::vector<std::pair<std::int64_t, std::uint64_t>>& out) {
  std::int64_t index = 0;
  std::size_t at = 0;
  for (const BucketSpan& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && at < counts.size(); ++i, ++at, ++index) {
      if (!IsWhole(counts[at])) return false;
      if (counts[at] > 0) out.emplace_back(index, static_cast<std::uint64_t>(counts[at]));
    }
  }
  return true;
}

using Buckets = std::vector<std::pair<std::int64_t, std::uint64_t>>;

// By how many powers of two buckets are to be merged for them to fit.
int ShiftFor(const Buckets& buckets) {
  int shift = 0;
  if (buckets.empty()) return shift;
  const auto width = [&] {
    return ((buckets.back().first - 1) >> shift) - ((buckets.front().first - 1) >> shift);
  };
  while (width() >= static_cast<std::int64_t>(OtlpEncoder::kBucketsMax))
    ++shift;
  return shift;
}

// Bucket i here ends where theirs of index i - 1 does.
void PutBuckets(protozero::pbf_writer& point, proto::Tag tag, const Buckets& buckets, int shift) {
  if (buckets.empty()) return;
  const std::int64_t offset = (buckets.front().first - 1) >> shift;
  std::vector<std::uint64_t> dense;
  for (const auto& [index, count] : buckets) {
    const auto at = static_cast<std::size_t>(((index - 1) >> shift) - offset);
    dense.resize(at + 1);
    dense[at] += count;
  }
  protozero::pbf_writer out(point, tag);
  out.add_sint32(proto::kBucketsOffset, static_cast<std::int32_t>(offset));
  out.add_packed_uint64(proto::kBucketsCounts, dense.begin(), dense.end());
}

struct Shape {
  proto::Tag attributes;
  proto::Tag exemplars;
  proto::Tag flags;
};
constexpr Shape kNumberShape{proto::kNumberAttributes, proto::kNumberExemplars, proto::kNumberFlags};
constexpr Shape kHistogramShape{proto::kHistogramAttributes, proto::kHistogramExemplars,
                                proto::kHistogramFlags};
constexpr Shape kExponentialShape{proto::kExponentialAttributes, proto::kExponentialExemplars,
                                  proto::kExponentialFlags};
constexpr Shape kSummaryShape{proto::kSummaryAttributes, 0, proto::kSummaryFlags};

// What all points have after their values.
template <typename P>
void PutRest(protozero::pbf_writer& out, const Shape& shape, std::string_view step_label, const P& point) {
  PutTimes(out, point.start_ms, point.time_ms);
  PutLabels(out, shape.attributes, *point.series->labels, step_label);
  if (shape.exemplars != 0) {
    for (const Exemplar* exemplar : point.exemplars)
      PutExemplar(out, shape.exemplars, *exemplar, point.time_ms);
  }
  if (point.is_stale) out.add_uint32(shape.flags, proto::kFlagNoRecordedValue);
}

// Counts of each bucket, the one without a bound last, and the bounds. False when what was told does not hold together.
bool Unstack(double total, std::vector<double>& bounds, std::vector<std::uint64_t>& counts, auto& steps) {
  std::ranges::sort(steps, {}, [](const auto& step) { return step.at; });
  double below = 0;
  for (const auto& step : steps) {
    if (!IsWhole(step.value) || step.value < below) return false;
    if (std::isinf(step.at) && step.at > 0) {
      if (step.value != total) return false;
      continue;
    }
    bounds.push_back(step.at);
    counts.push_back(static_cast<std::uint64_t>(step.value - below));
    below = step.value;
  }
  if (total < below) return false;
  counts.push_back(static_cast<std::uint64_t>(total - below));
  return true;
}

// Likewise of custom bounds.
bool ReadCustom(const Histogram& native, std::vector<std::uint64_t>& counts) {
  Buckets buckets;
  if (!ReadSpans(native.positive_spans, native.positive_buckets, buckets)) return false;
  counts.assign(native.custom_bounds.size() + 1, 0);
  for (const auto& [index, count] : buckets) {
    if (index < 0 || static_cast<std::size_t>(index) >= counts.size()) return false;
    counts[static_cast<std::size_t>(index)] += count;
  }
  return true;
}

void PutHistogram(protozero::pbf_writer& out, std::uint64_t count, std::optional<double> sum,
                  const std::vector<double>& bounds, const std::vector<std::uint64_t>& counts) {
  out.add_fixed64(proto::kHistogramCount, count);
  if (sum) out.add_double(proto::kHistogramSum, *sum);
  out.add_packed_fixed64(proto::kHistogramBucketCounts, counts.begin(), counts.end());
  out.add_packed_double(proto::kHistogramBounds, bounds.begin(), bounds.end());
}

}  // namespace

OtlpEncoder::Resource& OtlpEncoder::ResourceOf(const Labels& labels) {
  const std::string_view job = labels.Get("job");
  const std::string_view instance = labels.Get("instance");
  key_.assign(job).push_back('\0');
  key_.append(instance);
  Resource*& resource = by_identity_[key_];
  if (resource == nullptr) {
    resource = &resources_.emplace_back();
    resource->job = job;
    resource->instance = instance;
  }
  return *resource;
}

OtlpEncoder::Metric& OtlpEncoder::MetricOf(Resource& resource, Kind kind, std::string_view name,
                                           const WriteMetadata* metadata) {
  std::string key(name);
  key.push_back(static_cast<char>(kind));
  Metric*& metric = resource.by_name[key];
  if (metric == nullptr) {
    metric = &resource.metrics.emplace_back();
    metric->kind = kind;
    metric->name = name;
    metric->metadata = metadata;
  }
  return *metric;
}

OtlpEncoder::Point& OtlpEncoder::PartOf(Metric& metric, const WriteSeries& series, TimeMs time_ms) {
  const std::string_view step_label = metric.kind == Kind::kSummary ? "quantile" : "le";
  key_ = std::to_string(time_ms);
  for (const LabelView& label : *series.labels) {
    if (IsApart(label.name, step_label)) continue;
    key_.append(label.name).push_back('\0');
    key_.append(label.value).push_back('\0');
  }
  const auto [at, is_new] = metric.by_labels.try_emplace(key_, metric.points.size());
  if (is_new) metric.points.push_back({.series = &series, .time_ms = time_ms});
  return metric.points[at->second];
}

void OtlpEncoder::Add(const WriteSeries& series) {
  const std::string_view name = series.labels->Get(kMetricName);
  const WriteMetadata* metadata = series.metadata;
  const MetricType type = metadata != nullptr ? metadata->type : MetricType::kUnknown;
  Resource& resource = ResourceOf(*series.labels);
  for (const WriteHistogram& native : series.histograms) {
    Kind kind = native.histogram->schema == kCustomBoundsSchema ? Kind::kHistogram : Kind::kExponential;
    Point& point = MetricOf(resource, kind, name, metadata).points.emplace_back();
    point = {.series = &series,
             .time_ms = native.time_ms,
             .start_ms = native.start_time_ms,
             .value = native.histogram->sum,
             .is_stale = IsStaleNan(native.histogram->sum),
             .samples = 1,
             .native = native.histogram};
    for (const Exemplar& exemplar : series.exemplars)
      point.exemplars.push_back(&exemplar);
  }
  const std::string_view family = metadata != nullptr ? metadata->family : std::string_view();
  const bool has_family = !family.empty() && name.starts_with(family);
  const std::string_view part = has_family ? name.substr(family.size()) : name;
  const bool is_classic = has_family && type == MetricType::kHistogram &&
                          (part == "_bucket" || part == "_sum" || part == "_count");
  const bool is_summary =
      has_family && type == MetricType::kSummary && (part.empty() || part == "_sum" || part == "_count");
  for (const WriteSample& sample : series.samples) {
    if (!is_classic && !is_summary) {
      const Kind kind = type == MetricType::kCounter ? Kind::kSum : Kind::kGauge;
      Point& point = MetricOf(resource, kind, name, metadata).points.emplace_back();
      point = {.series = &series,
               .time_ms = sample.time_ms,
               .start_ms = sample.start_time_ms,
               .value = sample.value,
               .is_stale = IsStaleNan(sample.value),
               .samples = 1};
      for (const Exemplar& exemplar : series.exemplars)
        point.exemplars.push_back(&exemplar);
      continue;
    }
    Metric& metric = MetricOf(resource, is_classic ? Kind::kHistogram : Kind::kSummary, family, metadata);
    Point& point = PartOf(metric, series, sample.time_ms);
    ++point.samples;
    point.start_ms = std::max(point.start_ms, sample.start_time_ms);
    point.is_stale = point.is_stale || IsStaleNan(sample.value);
    for (const Exemplar& exemplar : series.exemplars)
      point.exemplars.push_back(&exemplar);
    if (part == "_sum") {
      point.value = sample.value;
      point.has_sum = true;
    } else if (part == "_count") {
      point.count = sample.value;
    } else {
      const auto at = ParseExpositionFloat(series.labels->Get(is_classic ? "le" : "quantile"));
      point.steps.push_back({at.value_or(std::numeric_limits<double>::quiet_NaN()), sample.value});
    }
  }
}

void OtlpEncoder::Write(const Metric& metric, std::string& out, std::size_t& left_out) {
  static constexpr std::array kTags = {proto::kMetricGauge, proto::kMetricSum, proto::kMetricHistogram,
                                       proto::kMetricSummary, proto::kMetricExponentialHistogram};
  std::string points;
  protozero::pbf_writer data(points);
  std::size_t written = 0;
  std::string message;
  for (const Point& point : metric.points) {
    message.clear();
    protozero::pbf_writer one(message);
    bool is_good = true;
    switch (metric.kind) {
      case Kind::kGauge:
      case Kind::kSum:
        if (!point.is_stale) one.add_double(proto::kNumberDouble, point.value);
        PutRest(one, kNumberShape, "", point);
        break;
      case Kind::kHistogram: {
        std::vector<double> bounds;
        std::vector<std::uint64_t> counts;
        double count = point.count;
        if (point.native != nullptr) {
          count = point.native->count;
          bounds = point.native->custom_bounds;
          is_good = point.is_stale || (point.native->reset_hint != ResetHint::kGauge && IsWhole(count) &&
                                       ReadCustom(*point.native, counts));
        } else {
          std::vector<Step> steps = point.steps;
          is_good = point.is_stale || (IsWhole(count) && Unstack(count, bounds, counts, steps));
        }
        if (is_good && !point.is_stale) {
          const bool has_sum = point.has_sum || point.native != nullptr;
          PutHistogram(one, static_cast<std::uint64_t>(count),
                       has_sum ? std::optional(point.value) : std::nullopt, bounds, counts);
        }
        PutRest(one, kHistogramShape, point.native != nullptr ? "" : "le", point);
        break;
      }
      case Kind::kSummary:
        is_good = point.is_stale || IsWhole(point.count);
        if (is_good && !point.is_stale) {
          one.add_fixed64(proto::kSummaryCount, static_cast<std::uint64_t>(point.count));
          one.add_double(proto::kSummarySum, point.value);
          for (const Step& step : point.steps) {
            protozero::pbf_writer quantile(one, proto::kSummaryQuantiles);
            quantile.add_double(proto::kQuantile, step.at);
            quantile.add_double(proto::kQuantileValue, step.value);
          }
        }
        PutRest(one, kSummaryShape, "quantile", point);
        break;
      case Kind::kExponential: {
        const Histogram& native = *point.native;
        Buckets positive;
        Buckets negative;
        is_good = point.is_stale || (native.reset_hint != ResetHint::kGauge && IsWhole(native.count) &&
                                     IsWhole(native.zero_count) &&
                                     ReadSpans(native.positive_spans, native.positive_buckets, positive) &&
                                     ReadSpans(native.negative_spans, native.negative_buckets, negative));
        if (is_good && !point.is_stale) {
          const int shift = std::max(ShiftFor(positive), ShiftFor(negative));
          one.add_fixed64(proto::kExponentialCount, static_cast<std::uint64_t>(native.count));
          one.add_double(proto::kExponentialSum, native.sum);
          one.add_sint32(proto::kExponentialScale, native.schema - shift);
          one.add_fixed64(proto::kExponentialZeroCount, static_cast<std::uint64_t>(native.zero_count));
          one.add_double(proto::kExponentialZeroThreshold, native.zero_threshold);
          PutBuckets(one, proto::kExponentialPositive, positive, shift);
          PutBuckets(one, proto::kExponentialNegative, negative, shift);
        }
        PutRest(one, kExponentialShape, "", point);
        break;
      }
    }
    if (!is_good) {
      left_out += point.samples;
      continue;
    }
    data.add_message(proto::kDataPoints, message);
    ++written;
  }
  if (written == 0) return;
  if (metric.kind == Kind::kSum || metric.kind == Kind::kHistogram || metric.kind == Kind::kExponential)
    data.add_enum(proto::kTemporality, proto::kTemporalityCumulative);
  if (metric.kind == Kind::kSum) data.add_bool(proto::kSumIsMonotonic, true);
  protozero::pbf_writer writer(out);
  writer.add_string(proto::kMetricName, metric.name.data(), metric.name.size());
  if (metric.metadata != nullptr) {
    const auto& [family, type, help, unit] = *metric.metadata;
    if (!help.empty()) writer.add_string(proto::kMetricDescription, help.data(), help.size());
    // A unit that the name does not have would be made part of it by the receiver.
    if (!unit.empty() && metric.name.find(unit) != std::string_view::npos)
      writer.add_string(proto::kMetricUnit, unit.data(), unit.size());
  }
  writer.add_message(kTags[static_cast<std::size_t>(metric.kind)], points);
}

std::size_t OtlpEncoder::Encode(std::span<const WriteSeries> series, std::string& message) {
  resources_.clear();
  by_identity_.clear();
  for (const WriteSeries& one : series)
    Add(one);
  message.clear();
  std::size_t left_out = 0;
  std::string scope;
  std::string metric_message;
  for (const Resource& resource : resources_) {
    scope.clear();
    protozero::pbf_writer metrics(scope);
    for (const Metric& metric : resource.metrics) {
      metric_message.clear();
      Write(metric, metric_message, left_out);
      if (!metric_message.empty()) metrics.add_message(proto::kScopeMetricsMetrics, metric_message);
    }
    if (scope.empty()) continue;
    protozero::pbf_writer request(message);
    protozero::pbf_writer out(request, proto::kRequestResourceMetrics);
    {
      protozero::pbf_writer attributes(out, proto::kResourceMetricsResource);
      if (!resource.job.empty())
        PutAttribute(attributes, proto::kResourceAttributes, "service.name", resource.job);
      if (!resource.instance.empty())
        PutAttribute(attributes, proto::kResourceAttributes, "service.instance.id", resource.instance);
    }
    out.add_message(proto::kResourceMetricsScopeMetrics, scope);
  }
  resources_.clear();
  by_identity_.clear();
  return left_out;
}

std::uint64_t RejectedOtlpPoints(std::string_view response) {
  std::int64_t rejected = 0;
  try {
    CheckedPbfReader fields(response);
    while (fields.Next(proto::kResponsePartialSuccess)) {
      CheckedPbfReader partial(fields.Bytes());
      while (partial.Next(proto::kPartialSuccessRejected))
        rejected = partial.Int64();
    }
  } catch (const protozero::exception&) {
    return 0;
  }
  return rejected > 0 ? static_cast<std::uint64_t>(rejected) : 0;
}

}  // namespace tickscope::wire
