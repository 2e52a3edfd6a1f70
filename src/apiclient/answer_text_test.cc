// Answers as text: what people read and scripts cut up, pinned to the character.
#include "apiclient/answer_text.h"

#include <gtest/gtest.h>

namespace tickscope::apiclient {
namespace {

QueryAnswer Vector() {
  return {.type = "vector",
          .series = {{Labels{{"__name__", "up"}, {"zone", "a,\"b\""}}, {{1'700'000'000'000, "1"}}},
                     {Labels{{"__name__", "up"}, {"job", "\x1b[31m"}}, {{1'700'000'000'500, "0.25"}}}},
          .notes = {},
          .data = "{}"};
}

TEST(AnswerText, TablesAlign) {
  EXPECT_EQ(AnswerText(Vector(), AnswerFormat::kTable),
            "SERIES              VALUE  TIME\n"
            "up{zone=\"a,\\\"b\\\"\"}  1      2023-11-14T22:13:20.000Z\n"
            "up{job=\"\\x1b[31m\"}  0.25   2023-11-14T22:13:20.500Z\n");
}

TEST(AnswerText, AMatrixNamesItsSeriesOnce) {
  const QueryAnswer matrix{
      .type = "matrix", .series = {{Labels{{"a", "b"}}, {{0, "1"}, {1000, "2"}}}}, .notes = {}, .data = "{}"};
  EXPECT_EQ(AnswerText(matrix, AnswerFormat::kTable),
            "SERIES   VALUE  TIME\n"
            "{a=\"b\"}  1      1970-01-01T00:00:00.000Z\n"
            "         2      1970-01-01T00:00:01.000Z\n");
}

TEST(AnswerText, OtherTables) {
  const QueryAnswer scalar{.type = "scalar", .series = {{Labels(), {{0, "2"}}}}, .notes = {}, .data = {}};
  EXPECT_EQ(AnswerText(scalar, AnswerFormat::kTable), "2\n");
  const QueryAnswer nothing{.type = "vector", .series = {}, .notes = {}, .data = {}};
  EXPECT_EQ(AnswerText(nothing, AnswerFormat::kTable), "no series\n");
  const TextsAnswer texts{.texts = {"eu", "n\na"}, .notes = {}, .data = R"(["eu","n\na"])"};
  EXPECT_EQ(AnswerText(texts, "region", AnswerFormat::kTable), "eu\nn\\x0aa\n");
  EXPECT_EQ(AnswerText(texts, "region", AnswerFormat::kJson), "[\"eu\",\"n\\na\"]\n");
  EXPECT_EQ(AnswerText(texts, "region", AnswerFormat::kCsv), "region\neu\n\"n\na\"\n");
}

TEST(AnswerText, CsvHasAColumnALabel) {
  EXPECT_EQ(AnswerText(Vector(), AnswerFormat::kCsv),
            "__name__,job,zone,time,value\n"
            "up,,\"a,\"\"b\"\"\",2023-11-14T22:13:20.000Z,1\n"
            "up,\x1b[31m,,2023-11-14T22:13:20.500Z,0.25\n");
  const SeriesAnswer series{.series = {Labels{{"a", "1"}}, Labels{{"b", "2"}}}, .notes = {}, .data = {}};
  EXPECT_EQ(AnswerText(series, AnswerFormat::kCsv), "a,b\n1,\n,2\n");
}

TEST(AnswerText, KnowsItsFormats) {
  EXPECT_EQ(ParseAnswerFormat("csv").value(), AnswerFormat::kCsv);
  EXPECT_EQ(ParseAnswerFormat("xml").error().message,
            "unknown format: got \"xml\", want table, json, csv or plot");
}

}  // namespace
}  // namespace tickscope::apiclient
