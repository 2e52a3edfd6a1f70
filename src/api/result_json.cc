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

// Writes elements until the writer is full or the context says to end.
class ElementWriter {
 public:
  ElementWriter(const QueryContext& context, JsonWriter& json) : context_(context), json_(json) {}

  Status Write(const Vector& vector) {
    json_.BeginArray();
    for (const VectorElement& element : vector) {
      TICKSCOPE_RETURN_IF_ERROR(LookNowAndThen());
      if (json_.full()) break;
      json_.BeginObject();
      json_.Key("metric");
      WriteLabels(element.labels, json_);
      json_.Key(element.point.histogram ? "histogram" : "value");
      WritePoint(element.point, json_);
      json_.EndObject();
    }
    json_.EndArray();
    return {};
  }

  Status Write(const Matrix& matrix) {
    json_.BeginArray();
    for (const MatrixSeries& series : matrix) {
      TICKSCOPE_RETURN_IF_ERROR(LookNowAndThen());
      if (json_.full()) break;
      json_.BeginObject();
      json_.Key("metric");
      WriteLabels(series.labels, json_);
      TICKSCOPE_RETURN_IF_ERROR(WritePoints(series, false));
      TICKSCOPE_RETURN_IF_ERROR(WritePoints(series, true));
      json_.EndObject();
    }
    json_.EndArray();
    return {};
  }

 private:
  // Some hundred bytes each at most, or a histogram: less than a few milliseconds in all.
  static constexpr std::size_t kElementsPerLook = 4096;

  Status LookNowAndThen() {
    if (++unlooked_ < kElementsPerLook) [[likely]]
      return {};
    unlooked_ = 0;
    return context_.Check();
  }

  // Floats and histograms of one series go into lists of their own; a list without points is left out.
  Status WritePoints(const MatrixSeries& series, bool histograms) {
    const auto wanted = [&](const Point& point) { return (point.histogram != nullptr) == histograms; };
    if (std::ranges::none_of(series.points, wanted)) return {};
    json_.Key(histograms ? "histograms" : "values");
    json_.BeginArray();
    for (const Point& point : series.points) {
      TICKSCOPE_RETURN_IF_ERROR(LookNowAndThen());
      if (json_.full()) break;
      if (wanted(point)) WritePoint(point, json_);
    }
    json_.EndArray();
    return {};
  }

  const QueryContext& context_;
  JsonWriter& json_;
  std::size_t unlooked_ = 0;
};

void WriteTimeOfScalar(TimeMs time_ms, JsonWriter& json) {
  json.Number(static_cast<double>(time_ms) / 1000);
}

struct ValueWriter {
  const QueryContext& context;
  JsonWriter& json;

  void Type(std::string_view type) const {
    json.Key("resultType");
    json.String(type);
    json.Key("result");
  }
  Status operator()(const Scalar& scalar) const {
    Type("scalar");
    json.BeginArray();
    WriteTimeOfScalar(scalar.time_ms, json);
    json.FixedFloatString(scalar.value);
    json.EndArray();
    return {};
  }
  Status operator()(const String& string) const {
    Type("string");
    json.BeginArray();
    WriteTimeOfScalar(string.time_ms, json);
    json.String(string.value);
    json.EndArray();
    return {};
  }
  Status operator()(const Vector& vector) const {
    Type("vector");
    return ElementWriter(context, json).Write(vector);
  }
  Status operator()(const Matrix& matrix) const {
    Type("matrix");
    return ElementWriter(context, json).Write(matrix);
  }
};

}  // namespace

Status WriteValue(const promql::Value& value, const QueryContext& context, JsonWriter& json) {
  return std::visit(ValueWriter{context, json}, value);
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
