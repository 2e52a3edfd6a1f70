#include "api/result_json.h"

#include <algorithm>
#include <vector>

#include "model/histogram_buckets.h"

namespace tickscope::api {
namespace {

using promql::Matrix;
using promql::MatrixSeries;
using promql::Point;
using promql::Scalar;
using promql::String;
using promql::Vector;
using promql::VectorElement;
using wire::JsonWriter;

enum class BoundsRule : std::int64_t { kLowerOpen = 0, kUpperOpen = 1, kBothOpen = 2, kBothClosed = 3 };

BoundsRule RuleOf(const Histogram& histogram, const BoundedBucket& bucket) {
  // The first custom bucket starts at -Inf and includes it.
  if (UsesCustomBounds(histogram))
    return bucket.index == 0 ? BoundsRule::kBothClosed : BoundsRule::kLowerOpen;
  switch (bucket.sign) {
    case BucketSign::kNegative:
      return BoundsRule::kUpperOpen;
    case BucketSign::kZero:
      return BoundsRule::kBothClosed;
    case BucketSign::kPositive:
      return BoundsRule::kLowerOpen;
  }
  std::unreachable();
}

// [time, "value"] or [time, {histogram}].
void WritePoint(const Point& point, JsonWriter& json) {
  if (!point.histogram) {
    json.Sample(point.time_ms, point.value);
    return;
  }
  json.BeginArray();
  json.SecondsFromMs(point.time_ms);
  WriteHistogram(*point.histogram, json);
  json.EndArray();
}

void WriteVector(const Vector& vector, JsonWriter& json) {
  json.BeginArray();
  for (const VectorElement& element : vector) {
    if (json.full()) break;
    json.BeginObject();
    json.Key("metric");
    WriteLabels(element.labels, json);
    json.Key(element.point.histogram ? "histogram" : "value");
    WritePoint(element.point, json);
    json.EndObject();
  }
  json.EndArray();
}

// Floats and histograms of one series go into lists of their own; a list without points is left out.
void WritePoints(const MatrixSeries& series, bool histograms, JsonWriter& json) {
  const auto wanted = [&](const Point& point) { return (point.histogram != nullptr) == histograms; };
  if (std::ranges::none_of(series.points, wanted)) return;
  json.Key(histograms ? "histograms" : "values");
  json.BeginArray();
  for (const Point& point : series.points) {
    if (json.full()) break;
    if (wanted(point)) WritePoint(point, json);
  }
  json.EndArray();
}

void WriteMatrix(const Matrix& matrix, JsonWriter& json) {
  json.BeginArray();
  for (const MatrixSeries& series : matrix) {
    if (json.full()) break;
    json.BeginObject();
    json.Key("metric");
    WriteLabels(series.labels, json);
    WritePoints(series, false, json);
    WritePoints(series, true, json);
    json.EndObject();
  }
  json.EndArray();
}

void WriteTimeOfScalar(TimeMs time_ms, JsonWriter& json) {
  json.Number(static_cast<double>(time_ms) / 1000);
}

struct ValueWriter {
  JsonWriter& json;

  void Type(std::string_view type) const {
    json.Key("resultType");
    json.String(type);
    json.Key("result");
  }
  void operator()(const Scalar& scalar) const {
    Type("scalar");
    json.BeginArray();
    WriteTimeOfScalar(scalar.time_ms, json);
    json.FixedFloatString(scalar.value);
    json.EndArray();
  }
  void operator()(const String& string) const {
    Type("string");
    json.BeginArray();
    WriteTimeOfScalar(string.time_ms, json);
    json.String(string.value);
    json.EndArray();
  }
  void operator()(const Vector& vector) const {
    Type("vector");
    WriteVector(vector, json);
  }
  void operator()(const Matrix& matrix) const {
    Type("matrix");
    WriteMatrix(matrix, json);
  }
};

}  // namespace

void WriteValue(const promql::Value& value, JsonWriter& json) {
  std::visit(ValueWriter{json}, value);
}

void WriteLabels(const Labels& labels, JsonWriter& json) {
  json.BeginObject();
  for (const auto& [name, value] : labels) {
    json.Key(name);
    json.String(value);
  }
  json.EndObject();
}

void WriteHistogram(const Histogram& histogram, JsonWriter& json) {
  json.BeginObject();
  json.Key("count");
  json.FloatString(histogram.count);
  json.Key("sum");
  json.FloatString(histogram.sum);
  bool open = false;
  for (const BoundedBucket& bucket : BucketsByValue(histogram)) {
    // The reference shows the zero bucket only when it counts up, other buckets also when they count down.
    if (bucket.count == 0 || (bucket.sign == BucketSign::kZero && !(bucket.count > 0))) continue;
    if (!open) {
      json.Key("buckets");
      json.BeginArray();
      open = true;
    }
    json.BeginArray();
    json.Int(static_cast<std::int64_t>(RuleOf(histogram, bucket)));
    json.FloatString(bucket.lower);
    json.FloatString(bucket.upper);
    json.FloatString(bucket.count);
    json.EndArray();
  }
  if (open) json.EndArray();
  json.EndObject();
}

}  // namespace tickscope::api
