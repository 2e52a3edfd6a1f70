// Reading answers: every shape a server may send, and that whatever is not an answer is refused with a
// reason.
#include "apiclient/prometheus_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickscope::apiclient {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(PrometheusAnswer, ReadsAVector) {
  const auto answer = ReadQueryAnswer(
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"api","__name__":"up"},)"
      R"("value":[1700000000.5,"1e-07"]},{"metric":{},"histogram":[2,{"count":"1","sum":"2","buckets":[[0,"1","2","1"]]}]}]},)"
      R"("warnings":["w"],"infos":["i","j"]})");
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->type, "vector");
  ASSERT_EQ(answer->series.size(), 2U);
  EXPECT_EQ(answer->series[0].labels, (Labels{{"__name__", "up"}, {"job", "api"}}));
  EXPECT_EQ(answer->series[0].points[0].time_ms, 1'700'000'000'500);
  EXPECT_EQ(answer->series[0].points[0].value, "1e-07");
  EXPECT_EQ(answer->series[1].points[0].value, R"({"count":"1","sum":"2","buckets":[[0,"1","2","1"]]})");
  EXPECT_THAT(answer->notes.warnings, ElementsAre("w"));
  EXPECT_THAT(answer->notes.infos, ElementsAre("i", "j"));
}

TEST(PrometheusAnswer, ReadsMatrixScalarAndString) {
  const auto matrix = ReadQueryAnswer(
      R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"],[2,"NaN"]],)"
      R"("histograms":[[3,{"count":"0","sum":"0"}]]}]}})");
  ASSERT_TRUE(matrix.has_value()) << matrix.error().message;
  ASSERT_EQ(matrix->series.size(), 1U);
  ASSERT_EQ(matrix->series[0].points.size(), 3U);
  EXPECT_EQ(matrix->series[0].points[1].value, "NaN");
  EXPECT_EQ(matrix->series[0].points[2].time_ms, 3000);

  const auto scalar =
      ReadQueryAnswer(R"({"status":"success","data":{"resultType":"scalar","result":[1,"2"]}})");
  EXPECT_EQ(scalar.value().series.at(0).points.at(0).value, "2");
  const auto string =
      ReadQueryAnswer(R"({"status":"success","data":{"resultType":"string","result":[1,"a\n"]}})");
  EXPECT_EQ(string.value().series.at(0).points.at(0).value, "a\n");
}

TEST(PrometheusAnswer, ReadsSeriesAndTexts) {
  const auto series = ReadSeriesAnswer(R"({"status":"success","data":[{"a":"1"},{"a":"2"}]})");
  EXPECT_THAT(series.value().series, ElementsAre(Labels{{"a", "1"}}, Labels{{"a", "2"}}));
  EXPECT_EQ(series.value().data, R"([{"a":"1"},{"a":"2"}])");
  EXPECT_THAT(ReadTextsAnswer(R"({"status":"success","data":["x","y"]})").value().texts,
              ElementsAre("x", "y"));
}

TEST(PrometheusAnswer, PassesErrorsOn) {
  struct Case {
    const char* type;
    ErrorCode code;
  };
  const Case cases[] = {
      {"bad_data", ErrorCode::kInvalidArgument}, {"execution", ErrorCode::kFailedPrecondition},
      {"timeout", ErrorCode::kDeadlineExceeded}, {"canceled", ErrorCode::kCancelled},
      {"unavailable", ErrorCode::kUnavailable},  {"not_found", ErrorCode::kNotFound},
      {"something_new", ErrorCode::kInternal},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.type);
    const auto answer =
        ReadQueryAnswer(std::string(R"({"status":"error","errorType":")") + c.type + R"(","error":"why"})");
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error(), (Error{c.code, std::string(c.type) + ": why"}));
  }
}

TEST(PrometheusAnswer, RefusesWhatIsNotAnAnswer) {
  struct Case {
    const char* name;
    const char* body;
    const char* message;
  };
  const Case cases[] = {
      {"empty", "", "not an answer"},
      {"not JSON", "<html>", "not an answer"},
      {"cut", R"({"status":"success","data":[)", "not an answer"},
      {"an array", "[]", "no member status"},
      {"no data", R"({"status":"success"})", "no member data"},
      {"odd status", R"({"status":"fine","data":[]})", "neither success nor error"},
      {"data of another endpoint", R"({"status":"success","data":[]})", "no member resultType"},
      {"result not a list", R"({"status":"success","data":{"resultType":"vector","result":3}})",
       "not an array"},
      {"no metric", R"({"status":"success","data":{"resultType":"vector","result":[{}]}})",
       "no member metric"},
      {"label not text",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1}}]}})",
       "a label value is not a string"},
      {"short sample", R"({"status":"success","data":{"resultType":"scalar","result":[1]}})",
       "[time, value]"},
      {"value not text", R"({"status":"success","data":{"resultType":"scalar","result":[1,2]}})",
       "a sample value is not a string"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto answer = ReadQueryAnswer(c.body);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, ErrorCode::kCorruption);
    EXPECT_THAT(answer.error().message, HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace tickscope::apiclient
