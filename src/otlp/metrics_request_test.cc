// What becomes of OTLP requests: which series with which labels, values and times; and that what is wrong with a data point
// costs that point, by name, and no other. Requests are written as OTLP/JSON, so that this tests its translation, too.
#include "otlp/metrics_request.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "codec/histogram_codec.h"
#include "model/sample.h"
#include "otlp/export_answer.h"
#include "otlp/json_request.h"

namespace tickscope::otlp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kSeed = 7;

// Points are at second 100; what they count began at second 40.
constexpr std::string_view kTimes = R"("startTimeUnixNano":"40000000000","timeUnixNano":"100000000000")";

std::string ToProtobuf(const std::string& json) {
  JsonRequests requests;
  auto message = requests.ToProtobuf(Signal::kMetrics, json);
  EXPECT_TRUE(message.has_value()) << message.error().message << json;
  return message.value_or("");
}

// A request of one metric, of a resource that has no attributes.
std::string OneMetric(const std::string& metric, const std::string& resource = "") {
  return ToProtobuf(R"({"resourceMetrics":[{"resource":{"attributes":[)" + resource +
                    R"(]},"scopeMetrics":[{"scope":{"name":"s","version":"1"},"schemaUrl":"u","metrics":[)" +
                    metric + "]}]}]}");
}

std::string Exponential(const std::string& fields) {
  return OneMetric(R"({"name":"h","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{)" +
                   std::string(kTimes) + "," + fields + "}]}}");
}

std::string Classic(const std::string& fields) {
  return OneMetric(R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[{)" +
                   std::string(kTimes) + "," + fields + "}]}}");
}

class Decoded {
 public:
  explicit Decoded(std::string message, Translation translation = {})
      : translation_(std::move(translation)), message_(std::move(message)), request(translation_, kSeed) {
    status = request.Decode(message_);
  }

  std::string LabelsOf(const wire::ReceivedSeries& series) const {
    std::vector<LabelView> labels;
    const Status read = request.ReadLabels(series, labels);
    if (!read) return read.error().message;
    std::ranges::sort(labels, {}, &LabelView::name);
    return Labels::FromSorted(labels).ToString();
  }
  // Float samples: series -> value at time, and start if there is one.
  std::map<std::string, std::string> Floats() const {
    std::map<std::string, std::string> found;
    for (const wire::ReceivedSeries& series : request.series()) {
      std::string& text = found[LabelsOf(series)];
      for (std::uint32_t i = series.first_sample; i < series.first_sample + series.sample_count; ++i) {
        const double value = request.values()[i];
        if (!text.empty()) text += ' ';
        text += IsStaleNan(value) ? "stale" : testing::PrintToString(value);
        text += '@';
        text += std::to_string(request.times_ms()[i]);
        if (!request.starts_ms().empty() && i < request.starts_ms().size() && request.starts_ms()[i] != 0) {
          text += '<';
          text += std::to_string(request.starts_ms()[i]);
        }
      }
    }
    return found;
  }
  std::uint64_t refused(Refusal refusal) const {
    return request.refused()[static_cast<std::size_t>(refusal)];
  }

 private:
  Translation translation_;
  std::string message_;

 public:
  MetricsRequest request;
  Status status;
};

using Floats = std::map<std::string, std::string>;

TEST(MetricsRequest, Numbers) {
  const std::string point = "{" + std::string(kTimes) + R"(,"asInt":"-3","attributes":[]})";
  EXPECT_EQ(Decoded(OneMetric(R"({"name":"g","gauge":{"dataPoints":[)" + point + "]}}")).Floats(),
            (Floats{{"g", "-3@100000"}}));
  EXPECT_EQ(
      Decoded(OneMetric(R"({"name":"u","sum":{"aggregationTemporality":2,"dataPoints":[)" + point + "]}}"))
          .Floats(),
      (Floats{{"u", "-3@100000"}}))
      << "an up-down counter is a gauge";
  EXPECT_EQ(
      Decoded(OneMetric(R"({"name":"c","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[)" +
                        point + "]}}"))
          .Floats(),
      (Floats{{"c_total", "-3@100000<40000"}}))
      << "a counter began at some time";
}

TEST(MetricsRequest, AStartAfterItsSampleIsNone) {
  EXPECT_EQ(
      Decoded(OneMetric(R"({"name":"c","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
            {"startTimeUnixNano":"200000000000","timeUnixNano":"100000000000","asDouble":1}]}})"))
          .Floats(),
      (Floats{{"c_total", "1@100000"}}));
}

TEST(MetricsRequest, ClassicHistogram) {
  EXPECT_EQ(
      Decoded(Classic(R"("count":"6","sum":90,"bucketCounts":["1",2,"3"],"explicitBounds":[0.0000001,20])"))
          .Floats(),
      (Floats{{R"(h_bucket{le="0.0000001"})", "1@100000<40000"},
              {R"(h_bucket{le="20"})", "3@100000<40000"},
              {R"(h_bucket{le="+Inf"})", "6@100000<40000"},
              {"h_count", "6@100000<40000"},
              {"h_sum", "90@100000<40000"}}));
  EXPECT_EQ(Decoded(Classic(R"("count":"6")")).Floats(),
            (Floats{{R"(h_bucket{le="+Inf"})", "6@100000<40000"}, {"h_count", "6@100000<40000"}}))
      << "without buckets and sum";
}

TEST(MetricsRequest, ClassicHistogramsThatLie) {
  const struct {
    const char* what;
    const char* fields;
  } cases[] = {
      {"too few buckets", R"("count":"3","bucketCounts":["1","2"],"explicitBounds":[1,2])"},
      {"bounds fall", R"("count":"6","bucketCounts":["1","2","3"],"explicitBounds":[2,1])"},
      {"a bound twice", R"("count":"6","bucketCounts":["1","2","3"],"explicitBounds":[1,1])"},
      {"a bound that is no number", R"("count":"3","bucketCounts":["1","2"],"explicitBounds":["NaN"])"},
      {"buckets add up to less", R"("count":"7","bucketCounts":["1","2","3"],"explicitBounds":[1,2])"},
      {"buckets add up to more", R"("count":"5","bucketCounts":["1","2","3"],"explicitBounds":[1,2])"},
      {"negative count", R"("count":"-1")"},
      {"negative bucket", R"("count":"0","bucketCounts":["-1","1"],"explicitBounds":[1])"},
  };
  for (const auto& c : cases) {
    const Decoded decoded(Classic(c.fields));
    EXPECT_TRUE(decoded.status.has_value()) << c.what;
    EXPECT_EQ(decoded.refused(Refusal::kBadHistogram), 1U) << c.what;
    EXPECT_THAT(decoded.request.series(), IsEmpty()) << c.what;
    EXPECT_THAT(decoded.request.messages(), ElementsAre(HasSubstr("data point 0 of \"h\": histogram")))
        << c.what;
  }
}

Histogram OnlyHistogram(const Decoded& decoded) {
  EXPECT_EQ(decoded.request.histograms().size(), 1U);
  if (decoded.request.histograms().size() != 1) return {};
  const wire::ReceivedHistogram& received = decoded.request.histograms()[0];
  EXPECT_EQ(received.time_ms, 100'000);
  EXPECT_EQ(received.start_ms, 40'000);
  EXPECT_TRUE(codec::ValidateHistogram(*received.histogram).has_value());
  return *received.histogram;
}

TEST(MetricsRequest, ExponentialHistogram) {
  const Histogram h = OnlyHistogram(Decoded(Exponential(
      R"("count":"20","sum":42.5,"scale":3,"zeroCount":"2","min":1,"max":2,
         "positive":{"offset":-2,"bucketCounts":["1","0","0","0","0","4","3"]},
         "negative":{"bucketCounts":["10"],"offset":1})")));
  EXPECT_EQ(h.schema, 3);
  EXPECT_EQ(h.count, 20);
  EXPECT_EQ(h.sum, 42.5);
  EXPECT_EQ(h.zero_count, 2);
  EXPECT_EQ(h.zero_threshold, 1e-128);
  EXPECT_THAT(h.positive_spans, ElementsAre(BucketSpan{-1, 1}, BucketSpan{4, 2}));
  EXPECT_THAT(h.positive_buckets, ElementsAre(1, 4, 3));
  EXPECT_THAT(h.negative_spans, ElementsAre(BucketSpan{2, 1}));
  EXPECT_THAT(h.negative_buckets, ElementsAre(10));
}

TEST(MetricsRequest, AFinerScaleIsMadeCoarser) {
  const Histogram h = OnlyHistogram(Decoded(
      Exponential(R"("count":"10","sum":4,"scale":10,"positive":{"offset":5,"bucketCounts":[1,2,3,4]})")));
  EXPECT_EQ(h.schema, 8);
  EXPECT_THAT(h.positive_spans, ElementsAre(BucketSpan{2, 2}));
  EXPECT_THAT(h.positive_buckets, ElementsAre(6, 4)) << "5..7 of scale 10 are 1 of scale 8, 8 is 2";
  const Histogram finest = OnlyHistogram(Decoded(Exponential(
      R"("count":"3","sum":4,"scale":2147483647,"positive":{"offset":-1,"bucketCounts":[1,2]})")));
  EXPECT_EQ(finest.schema, 8);
  EXPECT_THAT(finest.positive_spans, ElementsAre(BucketSpan{0, 2})) << "below one, and above";
}

TEST(MetricsRequest, ShortGapsAreFilledAndTheZeroThresholdIsTheSenders) {
  const Histogram h = OnlyHistogram(Decoded(Exponential(
      R"("count":"3","sum":4,"scale":0,"zeroThreshold":0.25,"positive":{"offset":0,"bucketCounts":[1,0,0,1,0,0,0,1,0]})")));
  EXPECT_EQ(h.zero_threshold, 0.25);
  EXPECT_THAT(h.positive_spans, ElementsAre(BucketSpan{1, 4}, BucketSpan{3, 1}));
  EXPECT_THAT(h.positive_buckets, ElementsAre(1, 0, 0, 1, 1));
}

TEST(MetricsRequest, ExponentialHistogramsThatLie) {
  const struct {
    const char* what;
    const char* fields;
  } cases[] = {
      {"too coarse", R"("count":"0","scale":-5)"},
      {"buckets add up to less", R"("count":"2","sum":1,"positive":{"bucketCounts":[1]})"},
      {"buckets add up to more", R"("count":"1","sum":1,"zeroCount":"1","positive":{"bucketCounts":[1]})"},
      {"negative bucket", R"("count":"1","sum":1,"positive":{"bucketCounts":["-1","2"]})"},
      {"negative zero count", R"("count":"1","sum":1,"zeroCount":"-1","positive":{"bucketCounts":["2"]})"},
      {"negative count", R"("count":"-1","sum":"NaN")"},
      {"negative zero threshold", R"("count":"0","zeroThreshold":-1)"},
      {"zero threshold no number", R"("count":"0","zeroThreshold":"NaN")"},
      {"index beyond 32 bits",
       R"("count":"1","sum":1,"positive":{"offset":2147483647,"bucketCounts":[0,1]})"},
  };
  for (const auto& c : cases) {
    const Decoded decoded(Exponential(c.fields));
    EXPECT_TRUE(decoded.status.has_value()) << c.what;
    EXPECT_EQ(decoded.refused(Refusal::kBadHistogram), 1U) << c.what;
    EXPECT_THAT(decoded.request.series(), IsEmpty()) << c.what;
  }
  EXPECT_EQ(
      OnlyHistogram(Decoded(Exponential(R"("count":"2","sum":"NaN","positive":{"bucketCounts":[1]})"))).count,
      2)
      << "an observation that is no number is in no bucket";
}

TEST(MetricsRequest, MoreBucketsThanAHistogramMayHave) {
  std::string counts = "1";
  for (std::size_t i = 0; i < codec::kHistogramBucketsMax; ++i)
    counts += ",1";
  const std::string fields = R"("count":"10001","sum":1,"positive":{"bucketCounts":[)" + counts + "]}";
  EXPECT_EQ(Decoded(Exponential(fields)).refused(Refusal::kBadHistogram), 1U);
  EXPECT_EQ(Decoded(Exponential(fields + R"(,"scale":9)")).refused(Refusal::kBadHistogram), 0U)
      << "half as many when neighbours are merged";
}

TEST(MetricsRequest, Summary) {
  EXPECT_EQ(Decoded(OneMetric(R"({"name":"q","unit":"s","summary":{"dataPoints":[{)" + std::string(kTimes) +
                              R"(,"count":"6","sum":5,"quantileValues":[{"quantile":0.5,"value":1},
                              {"quantile":1,"value":9}]}]}})"))
                .Floats(),
            (Floats{{"q_seconds_sum", "5@100000<40000"},
                    {"q_seconds_count", "6@100000<40000"},
                    {R"(q_seconds{quantile="0.5"})", "1@100000"},
                    {R"(q_seconds{quantile="1"})", "9@100000"}}));
}

TEST(MetricsRequest, NoRecordedValueEndsSeriesAndNothingElseDoes) {
  EXPECT_EQ(
      Decoded(OneMetric(R"({"name":"g","gauge":{"dataPoints":[{"timeUnixNano":"100000000000","flags":1}]}})"))
          .Floats(),
      (Floats{{"g", "stale@100000"}}));
  const Histogram h = *Decoded(Exponential(R"("flags":1)")).request.histograms().at(0).histogram;
  EXPECT_TRUE(IsStaleNan(h.sum));
  // 0x7ff0000000000002 as a double, in protobuf: attributes none, time, value.
  std::string point = "\x19";
  point += std::string("\x00\xe8\x76\x48\x17\x00\x00\x00", 8);
  point += "\x21";
  point += std::string("\x02\x00\x00\x00\x00\x00\xf0\x7f", 8);
  const auto field = [](char tag, const std::string& content) {
    return std::string(1, static_cast<char>(tag << 3 | 2)) + static_cast<char>(content.size()) + content;
  };
  const Decoded forged(field(1, field(2, field(2, field(1, "g") + field(5, field(1, point))))));
  ASSERT_EQ(forged.request.values().size(), 1U);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(forged.request.values()[0]), kNormalNanBits);
}

TEST(MetricsRequest, WhatIsRefusedIsToldAndTheRestGoesOn) {
  const Decoded decoded(ToProtobuf(R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[
      {"name":"d\n","sum":{"aggregationTemporality":1,"dataPoints":[{"asInt":1},{"asInt":2}]}},
      {"name":"none","sum":{"dataPoints":[{"asInt":1}]}},
      {"name":"g","gauge":{"dataPoints":[{"timeUnixNano":"100000000000"},{"timeUnixNano":"100000000000","asInt":4}]}},
      {"name":"nothing"}]}]}]})"));
  EXPECT_EQ(decoded.request.point_count(), 5U);
  EXPECT_EQ(decoded.refused(Refusal::kDeltaTemporality), 2U);
  EXPECT_EQ(decoded.refused(Refusal::kUnknownTemporality), 1U);
  EXPECT_EQ(decoded.refused(Refusal::kNoValue), 1U);
  EXPECT_EQ(decoded.Floats(), (Floats{{"g", "4@100000"}}));
  EXPECT_EQ(decoded.request.series()[0].position, 4U);
  EXPECT_THAT(
      decoded.request.messages(),
      ElementsAre(HasSubstr("data point 0 of \"d?\": delta temporality"), HasSubstr("data point 1 of"),
                  HasSubstr("unknown temporality"), HasSubstr("number without a value")));
}

std::string Attribute(const std::string& key, const std::string& value) {
  return fmt::format(R"({{"key":"{}","value":{}}})", key, value);
}

TEST(MetricsRequest, ResourcesAndScopes) {
  const std::string resource = Attribute("service.name", R"({"stringValue":"gs"})") + "," +
                               Attribute("service.namespace", R"({"stringValue":"game"})") + "," +
                               Attribute("service.instance.id", R"({"stringValue":"i-1"})") + "," +
                               Attribute("cloud.region", R"({"stringValue":"eu"})");
  const std::string metric = R"({"name":"g","gauge":{"dataPoints":[{"timeUnixNano":"100000000000","asInt":1},
      {"timeUnixNano":"130000000000","asInt":2,"attributes":[{"key":"job","value":{"stringValue":"x"}},
       {"key":"cloud.region","value":{"stringValue":"mine"}}]},
      {"timeUnixNano":"900000000000","asInt":3}]}})";
  EXPECT_EQ(
      Decoded(OneMetric(metric, resource)).Floats(),
      (Floats{{R"(g{instance="i-1", job="game/gs", service_name="gs"})", "1@100000 3@900000"},
              {R"(g{cloud_region="mine", instance="i-1", job="game/gs", service_name="gs"})", "2@130000"},
              {R"(target_info{cloud_region="eu", instance="i-1", job="game/gs"})", "1@130000 1@900000"}}));
  const Translation other{.promoted_attributes = {"cloud.region", "not.there"},
                          .keeps_identifying_attributes = true,
                          .promotes_scope = true};
  EXPECT_EQ(
      Decoded(OneMetric(metric, resource), other).Floats().begin()->first,
      R"(g{cloud_region="eu", instance="i-1", job="game/gs", otel_scope_name="s", otel_scope_schema_url="u", otel_scope_version="1"})");
  EXPECT_EQ(
      Decoded(OneMetric(metric, resource), other).Floats().rbegin()->first,
      R"(target_info{cloud_region="eu", instance="i-1", job="game/gs", service_instance_id="i-1", service_name="gs", service_namespace="game"})");
  EXPECT_EQ(Decoded(OneMetric(metric, Attribute("a", R"({"intValue":"1"})")))
                .Floats()
                .count("target_info{a=\"1\"}"),
            0U)
      << "of whom would it tell?";
}

TEST(MetricsRequest, AttributeValuesAndClashes) {
  const std::string attributes =
      Attribute("b", R"({"boolValue":true})") + "," + Attribute("by", R"({"bytesValue":"AQI="})") + "," +
      Attribute("d", R"({"doubleValue":1e-7})") + "," + Attribute("e", R"({"doubleValue":1e21})") + "," +
      Attribute("i", R"({"intValue":"-5"})") + "," + Attribute("none", "{}") + "," +
      Attribute("list",
                R"({"arrayValue":{"values":[{"stringValue":"a<"},{"intValue":1},{"doubleValue":1.5},{}]}})") +
      "," + Attribute("map", R"({"kvlistValue":{"values":[{"key":"z","value":{"stringValue":"1"}},
                          {"key":"a","value":{"stringValue":"2"}}]}})") +
      "," + Attribute("x.y", R"({"stringValue":"2"})") + "," + Attribute("x-y", R"({"stringValue":"1"})");
  const Decoded decoded(
      OneMetric(R"({"name":"g","gauge":{"dataPoints":[{"timeUnixNano":"100000000000","asInt":1,
      "attributes":[)" +
                attributes + "]}]}}"));
  EXPECT_EQ(
      decoded.LabelsOf(decoded.request.series()[0]),
      R"(g{b="true", by="AQI=", d="1e-7", e="1e+21", i="-5", list="[\"a<\",1,1.5,null]", map="{\"a\":\"2\",\"z\":\"1\"}", x_y="1;2"})");
}

TEST(MetricsRequest, KeysAreSeries) {
  const auto keys_of = [](const std::string& attributes, const std::string& name = "g") {
    const Decoded decoded(OneMetric(R"({"name":")" + name +
                                    R"(","gauge":{"dataPoints":[{"asInt":1,"attributes":[)" + attributes +
                                    "]}]}}"));
    return std::pair(decoded.request.series()[0].key.low, decoded.request.series()[0].key.high);
  };
  const std::string a = Attribute("a", R"({"stringValue":"1"})");
  const std::string b = Attribute("b", R"({"stringValue":"1"})");
  EXPECT_EQ(keys_of(a), keys_of(a)) << "a sender that repeats itself is recognised";
  const std::set keys = {keys_of(""), keys_of(a), keys_of(b), keys_of(a + "," + b), keys_of(a, "g2")};
  EXPECT_EQ(keys.size(), 5U);
  // Attributes with another field between them are told apart as well.
  const Decoded split(ToProtobuf(R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","gauge":
      {"dataPoints":[{"attributes":[)" +
                                 a + R"(],"asInt":1,"attributes":[)" + b + "]}]}}]}]}]}"));
  EXPECT_EQ(split.LabelsOf(split.request.series()[0]), R"(g{a="1", b="1"})");
}

TEST(MetricsRequest, Exemplars) {
  const std::string exemplar = R"("timeUnixNano":"99000000000","traceId":"0102030405060708090a0b0c0d0e0f10",
      "spanId":"0102030405060708","filteredAttributes":[{"key":"a.b","value":{"stringValue":")";
  const Decoded decoded(
      Classic(R"("count":"6","bucketCounts":["1","2","3"],"explicitBounds":[1,20],"exemplars":[
      {"asDouble":25,)" +
              exemplar + std::string(200, 'x') + R"("}}]},{"asInt":"20",)" + exemplar + R"(c"}}]}])"));
  std::map<std::string, std::string> found;
  for (const wire::ReceivedSeries& series : decoded.request.series()) {
    for (std::uint32_t i = 0; i < series.exemplar_count; ++i) {
      wire::ReceivedExemplar read;
      ASSERT_TRUE(decoded.request.ReadExemplar(series, i, read).has_value());
      EXPECT_EQ(read.time_ms, 99'000);
      std::string& text = found[decoded.LabelsOf(series)];
      text += testing::PrintToString(read.value);
      for (const LabelView& label : read.labels) {
        text += ' ';
        text += label.name;
        text += '=';
        text += label.value;
      }
    }
  }
  const std::string ids = " trace_id=0102030405060708090a0b0c0d0e0f10 span_id=0102030405060708";
  EXPECT_EQ(found, (std::map<std::string, std::string>{{R"(h_bucket{le="20"})", "20" + ids + " a_b=c"},
                                                       {R"(h_bucket{le="+Inf"})", "25" + ids}}))
      << "each in its bucket; what is too long goes before trace and span do";
}

TEST(MetricsRequest, Metadata) {
  const Decoded decoded(OneMetric(
      R"({"name":"c","unit":"ms","description":"Help.","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":1}]}})"));
  EXPECT_EQ(*decoded.request.ReadMetadata(decoded.request.series()[0]),
            (MetricMetadata{"counter", "Help.", "milliseconds"}));
}

TEST(MetricsRequest, NamesThatCannotBe) {
  for (const char* const name : {"", "...", "\\u00e9"}) {
    const Decoded decoded(
        OneMetric(std::string(R"({"name":")") + name + R"(","gauge":{"dataPoints":[{"asInt":1}]}})"));
    EXPECT_THAT(decoded.LabelsOf(decoded.request.series()[0]), HasSubstr("metric whose name is empty"));
  }
  const Decoded decoded(OneMetric(R"({"name":"g","gauge":{"dataPoints":[{"asInt":1,"attributes":[)" +
                                  Attribute("..", R"({"stringValue":"1"})") + "]}]}}"));
  EXPECT_THAT(decoded.LabelsOf(decoded.request.series()[0]), HasSubstr("attribute whose name is empty"));
}

TEST(MetricsRequest, BoundsOfAttributes) {
  std::vector<std::string> one_too_many;
  for (std::size_t i = 0; i <= kAttributesMax; ++i)
    one_too_many.push_back(Attribute(fmt::format("a{}", i), R"({"intValue":1})"));
  std::string deep = R"({"intValue":1})";
  for (int i = 0; i < kValueDepthMax; ++i)
    deep = fmt::format(R"({{"arrayValue":{{"values":[{}]}}}})", deep);
  for (const auto& [attributes, why] :
       {std::pair(fmt::format("{}", fmt::join(one_too_many, ",")), "more than 256 attributes"),
        {Attribute("a", deep), "more than 16 levels"}}) {
    const Decoded decoded(
        OneMetric(R"({"name":"g","gauge":{"dataPoints":[{"asInt":1,"attributes":[)" + attributes + "]}]}}"));
    EXPECT_THAT(decoded.LabelsOf(decoded.request.series()[0]), HasSubstr(why));
  }
}

TEST(MetricsRequest, LabelsOfNewSeriesAreBoundedTogether) {
  // 60 attributes of 8 KB, and a histogram that would repeat them for 1,000 bounds: 480 MB of labels from 0.5 MB.
  std::vector<std::string> attributes;
  for (int i = 0; i < 60; ++i)
    attributes.push_back(
        Attribute(fmt::format("a{}", i), fmt::format(R"({{"stringValue":"{:x>8000}"}})", "")));
  std::vector<int> bounds(1000);
  std::iota(bounds.begin(), bounds.end(), 0);
  const std::vector<int> counts(1001);
  const Decoded decoded(
      Classic(fmt::format(R"("count":0,"bucketCounts":[{}],"explicitBounds":[{}],"attributes":[{}])",
                          fmt::join(counts, ","), fmt::join(bounds, ","), fmt::join(attributes, ","))));
  std::vector<LabelView> labels;
  std::size_t taken = 0;
  for (const wire::ReceivedSeries& series : decoded.request.series())
    taken += decoded.request.ReadLabels(series, labels).has_value() ? 1 : 0;
  EXPECT_GT(taken, 100U);
  EXPECT_LT(taken, 150U);
}

TEST(MetricsRequest, DamagedProtobuf) {
  const std::string whole = Classic(R"("count":"6","bucketCounts":["1","2","3"],"explicitBounds":[1,2])");
  ASSERT_TRUE(Decoded(whole).status.has_value());
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Decoded cut(whole.substr(0, size));
    ASSERT_FALSE(cut.status.has_value()) << size;
    EXPECT_EQ(cut.status.error().code, ErrorCode::kCorruption);
  }
  EXPECT_TRUE(Decoded("").status.has_value()) << "an empty request is one";
}

TEST(JsonRequests, RulesOfOtlpJson) {
  EXPECT_EQ(ToProtobuf(R"({"resourceMetrics":null,"unknown":{"a":[1,{}]}})"), "");
  EXPECT_EQ(ToProtobuf(R"({"resource_metrics":[{}]})"), "") << "names are in lowerCamelCase only";
  const auto same = [](const char* a, const char* b) {
    EXPECT_EQ(Classic(a), Classic(b)) << a << " and " << b;
  };
  same(R"("count":"6")", R"("count":6)");
  same(R"("count":"6")", R"("count":6.0)");
  same(R"("sum":"-1.5","flags":0)", R"("sum":-1.5,"flags":0)");
}

TEST(JsonRequests, WhatIsRefused) {
  JsonRequests requests;
  const auto message_of = [&](const std::string& json) {
    const auto result = requests.ToProtobuf(Signal::kMetrics, json);
    return result ? std::string("taken") : result.error().message;
  };
  const auto point = [](const std::string& fields) {
    return R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[{)" +
           fields + "}]}}]}]}]}";
  };
  EXPECT_THAT(message_of(""), HasSubstr("malformed JSON"));
  EXPECT_THAT(message_of("{"), HasSubstr("malformed JSON"));
  EXPECT_THAT(message_of("[]"), HasSubstr("not an object"));
  EXPECT_THAT(message_of("{\"a\":\"\xff\"}"), HasSubstr("malformed JSON"));
  EXPECT_THAT(message_of(std::string(100'000, '[')), HasSubstr("malformed JSON"));
  EXPECT_THAT(
      message_of(R"({"x":)" + std::string(kJsonDepthMax, '[') + std::string(kJsonDepthMax, ']') + "}"),
      HasSubstr("malformed JSON"));
  EXPECT_THAT(message_of(R"({"resourceMetrics":{}})"), HasSubstr("bad value of resourceMetrics"));
  EXPECT_THAT(message_of(point(R"("timeUnixNano":"x")")), HasSubstr("bad value of timeUnixNano"));
  EXPECT_THAT(message_of(point(R"("timeUnixNano":1.5)")), HasSubstr("bad value of timeUnixNano"));
  EXPECT_THAT(message_of(point(R"("timeUnixNano":"99999999999999999999")")), HasSubstr("timeUnixNano"));
  EXPECT_THAT(message_of(point(R"("asDouble":"1,5")")), HasSubstr("bad value of asDouble"));
  EXPECT_THAT(message_of(point(R"("exemplars":[{"traceId":"xy"}])")), HasSubstr("bad value of traceId"));
  EXPECT_THAT(message_of(point(R"("attributes":[{"key":"a","value":{"bytesValue":"*"}}])")),
              HasSubstr("bad value of bytesValue"));
  EXPECT_EQ(message_of(point(R"("asDouble":1)")), "taken") << "the parser goes on after mistakes";
}

TEST(JsonRequests, TooLarge) {
  JsonRequests requests;
  const auto result = requests.ToProtobuf(Signal::kMetrics, std::string(kJsonBytesMax + 1, ' '));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kOutOfRange);
}

TEST(ExportAnswer, BothEncodings) {
  EXPECT_EQ(EncodeExportResponse(Signal::kMetrics, Encoding::kProtobuf, 0, ""), "");
  EXPECT_EQ(EncodeExportResponse(Signal::kMetrics, Encoding::kJson, 0, ""), "{}");
  EXPECT_EQ(EncodeExportResponse(Signal::kMetrics, Encoding::kProtobuf, 3, "why"),
            std::string("\x0a\x07\x08\x03\x12\x03why"));
  EXPECT_EQ(EncodeExportResponse(Signal::kMetrics, Encoding::kJson, 3, "w\""),
            R"({"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"w\""}})");
  EXPECT_EQ(EncodeExportResponse(Signal::kLogs, Encoding::kJson, 1, ""),
            R"({"partialSuccess":{"rejectedLogRecords":"1","errorMessage":""}})");
  EXPECT_EQ(EncodeExportResponse(Signal::kTraces, Encoding::kJson, 1, ""),
            R"({"partialSuccess":{"rejectedSpans":"1","errorMessage":""}})");
  EXPECT_EQ(EncodeStatus(Encoding::kProtobuf, {ErrorCode::kCorruption, "bad"}),
            "\x08\x03\x12\x03"
            "bad");
  EXPECT_EQ(EncodeStatus(Encoding::kJson, {ErrorCode::kUnavailable, "full"}),
            R"({"code":14,"message":"full"})");
}

TEST(MetricsRequest, WhatIsNoRequestAddsNothing) {
  const std::string metric =
      R"({"name":"c","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{)" +
      std::string(kTimes) + R"(,"asInt":"5"}]}})";
  const std::string good = OneMetric(metric);
  const Translation translation;
  ManualClock clock;
  DeltaSums sums(clock, {});
  MetricsRequest request(translation, kSeed);
  request.AddDeltasTo(&sums, nullptr, "eu");
  EXPECT_EQ(request.Decode(good + "\x0a\x7f\x01").error().code, ErrorCode::kCorruption);
  EXPECT_EQ(sums.size(), 0U);
  ASSERT_TRUE(request.Decode(good));
  EXPECT_EQ(request.values(), std::vector<double>{5});
  EXPECT_EQ(request.point_count(), 1U);
  // The same point: a retry, of the series and not of its two readings.
  ASSERT_TRUE(request.Decode(good));
  EXPECT_EQ(request.values(), std::vector<double>{5});
  EXPECT_EQ(sums.size(), 1U);
}

}  // namespace
}  // namespace tickscope::otlp
