// Results as JSON: byte for byte what Prometheus 3.16 wrote for the same values.
#include "api/result_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tickscope::api {
namespace {

using promql::Matrix;
using promql::Point;
using promql::Scalar;
using promql::String;
using promql::Vector;

std::string Json(const promql::Value& value) {
  std::string out;
  wire::JsonWriter json(out, 1 << 20);
  json.BeginObject();
  EXPECT_TRUE(WriteValue(value, QueryContext(), json));
  json.EndObject();
  return out;
}

std::string Json(const Histogram& histogram) {
  std::string out;
  wire::JsonWriter json(out, 1 << 20);
  WriteHistogram(histogram, json);
  return out;
}

HistogramPtr WithoutBuckets(double count, double sum) {
  Histogram histogram;
  histogram.count = count;
  histogram.sum = sum;
  return std::make_shared<const Histogram>(histogram);
}

TEST(ResultJson, Scalars) {
  EXPECT_EQ(Json(Scalar{1500, 1e-7}), R"({"resultType":"scalar","result":[1.5,"0.0000001"]})");
  EXPECT_EQ(Json(Scalar{1'700'000'000'000, std::nan("")}),
            R"({"resultType":"scalar","result":[1700000000,"NaN"]})");
  EXPECT_EQ(Json(String{1500, "a\"b"}), R"({"resultType":"string","result":[1.5,"a\"b"]})");
}

TEST(ResultJson, Vectors) {
  EXPECT_EQ(Json(Vector{}), R"({"resultType":"vector","result":[]})");
  const Vector vector = {
      {Labels{{"__name__", "temp"}, {"place", "x\"y"}}, {1500, 1e-7, nullptr}},
      {Labels(), {0, std::numeric_limits<double>::infinity(), nullptr}},
      {Labels{{"a", "b"}}, {1000, 0, WithoutBuckets(0, 2.5)}},
  };
  EXPECT_EQ(Json(vector), R"({"resultType":"vector","result":[)"
                          R"({"metric":{"__name__":"temp","place":"x\"y"},"value":[1.500,"1e-07"]},)"
                          R"({"metric":{},"value":[0,"+Inf"]},)"
                          R"({"metric":{"a":"b"},"histogram":[1,{"count":"0","sum":"2.5"}]}]})");
}

TEST(ResultJson, Matrices) {
  const Matrix matrix = {
      {Labels{{"a", "1"}}, {{0, 1, nullptr}, {30'500, 2, nullptr}}},
      {Labels{{"a", "2"}}, {{0, 1, nullptr}, {1000, 0, WithoutBuckets(1, 0)}, {2000, 3, nullptr}}},
      {Labels{{"a", "3"}}, {{1000, 0, WithoutBuckets(1, 0)}}},
  };
  EXPECT_EQ(Json(matrix),
            R"({"resultType":"matrix","result":[)"
            R"({"metric":{"a":"1"},"values":[[0,"1"],[30.500,"2"]]},)"
            R"({"metric":{"a":"2"},"values":[[0,"1"],[2,"3"]],"histograms":[[1,{"count":"1","sum":"0"}]]},)"
            R"({"metric":{"a":"3"},"histograms":[[1,{"count":"1","sum":"0"}]]}]})");
}

TEST(ResultJson, ExponentialHistograms) {
  const Histogram histogram{.schema = 0,
                            .zero_threshold = 0.001,
                            .zero_count = 2,
                            .count = 12,
                            .sum = 18.5,
                            .positive_spans = {{0, 2}, {1, 1}},
                            .negative_spans = {{1, 1}},
                            .positive_buckets = {3, 0, 4},
                            .negative_buckets = {2.5},
                            .custom_bounds = {}};
  EXPECT_EQ(Json(histogram),
            R"({"count":"12","sum":"18.5","buckets":[[1,"-2","-1","2.5"],[3,"-0.001","0.001","2"],)"
            R"([0,"0.5","1","3"],[0,"4","8","4"]]})");
}

TEST(ResultJson, CustomBoundHistograms) {
  const Histogram histogram{.schema = kCustomBoundsSchema,
                            .count = 6,
                            .sum = 7,
                            .positive_spans = {{0, 3}},
                            .negative_spans = {},
                            .positive_buckets = {1, 2, 3},
                            .negative_buckets = {},
                            .custom_bounds = {0.5, 2}};
  EXPECT_EQ(
      Json(histogram),
      R"({"count":"6","sum":"7","buckets":[[3,"-Inf","0.5","1"],[0,"0.5","2","2"],[0,"2","+Inf","3"]]})");
}

TEST(ResultJson, StopsWhenTheAnswerIsFull) {
  Matrix matrix(1'000, {Labels{{"a", "1"}}, std::vector<Point>(1'000, Point{0, 1, nullptr})});
  std::string out;
  wire::JsonWriter json(out, 10'000);
  EXPECT_TRUE(WriteValue(matrix, QueryContext(), json));
  EXPECT_TRUE(json.full());
  EXPECT_LT(out.size(), 11'000U);
}

TEST(ResultJson, EndsWithItsContext) {
  QueryContext context;
  context.Cancel();
  const Matrix one_long(1, {Labels{{"a", "1"}}, std::vector<Point>(100'000, Point{0, 1, nullptr})});
  const Matrix many_short(100'000, {Labels{{"a", "1"}}, {Point{0, 1, nullptr}}});
  const Vector vector(100'000, {Labels{{"a", "1"}}, Point{0, 1, nullptr}});
  for (const promql::Value& value :
       {promql::Value(one_long), promql::Value(many_short), promql::Value(vector)}) {
    std::string out;
    wire::JsonWriter json(out, SIZE_MAX);
    const Status written = WriteValue(value, context, json);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::kCancelled);
    EXPECT_LT(out.size(), 500'000U);  // All is 1.1 MB and more.
  }
}

}  // namespace
}  // namespace tickscope::api
