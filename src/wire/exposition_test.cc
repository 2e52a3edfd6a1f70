// The exposition parsers entry by entry: what a body means, and what every refusal says. Verdicts on large
// and foreign bodies are in exposition_conformance_test.cc.
#include "wire/exposition.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

#include "base/random.h"
#include "model/sample.h"
#include "wire/openmetrics_float.h"

namespace tickscope::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ExpositionOptions kStrict{.mode = ExpositionMode::kStrict};

/// Every entry as a line of text, the error last.
std::vector<std::string> Entries(ExpositionFormat format, std::string_view body,
                                 const ExpositionOptions& options = {}) {
  const auto parser = MakeExpositionParser(format, body, options);
  std::vector<std::string> out;
  while (true) {
    const auto entry = parser->Next();
    if (!entry) {
      out.push_back("error: " + entry.error().message);
      return out;
    }
    const ExpositionMetadata& metadata = parser->metadata();
    switch (*entry) {
      case ExpositionEntry::kEnd:
        return out;
      case ExpositionEntry::kHelp:
        out.push_back("help " + std::string(metadata.family) + " " + std::string(metadata.text));
        break;
      case ExpositionEntry::kType:
        out.push_back("type " + std::string(metadata.family) + " " +
                      std::string(MetricTypeName(metadata.type)));
        break;
      case ExpositionEntry::kUnit:
        out.push_back("unit " + std::string(metadata.family) + " " + std::string(metadata.text));
        break;
      case ExpositionEntry::kSample: {
        const ExpositionSample& sample = parser->sample();
        const auto labels = parser->labels();
        std::string line = labels ? labels->ToString() : "error: " + labels.error().message;
        line += ' ';
        if (sample.histogram != nullptr) {
          line += "histogram";
        } else {
          AppendOpenMetricsFloat(sample.value, line);
        }
        if (sample.time_ms) line += " @" + std::to_string(*sample.time_ms);
        if (sample.start_time_ms != 0) line += " since " + std::to_string(sample.start_time_ms);
        for (const Exemplar& exemplar : sample.exemplars) {
          line += " # " + exemplar.labels.ToString() + ' ';
          AppendOpenMetricsFloat(exemplar.value, line);
          if (exemplar.time_ms != 0) line += " @" + std::to_string(exemplar.time_ms);
        }
        out.push_back(line);
      }
    }
  }
}

TEST(TextExposition, Entries) {
  EXPECT_THAT(Entries(ExpositionFormat::kText,
                      "# HELP x a\\\\b\\nc\n"
                      "# TYPE x histogram\n"
                      "x_bucket{le=\"5\"} 1 1000\n"
                      "x_bucket { a = \"q\\\"\" , le=\"1e6\", } +Inf -5\n"
                      "#no comment worth keeping\n"
                      "\n"
                      "{\"a.b\",\"c d\"=\"e\"} nan\n"
                      "last 0x"),
              ElementsAre("help x a\\b\nc", "type x histogram", "x_bucket{le=\"5.0\"} 1.0 @1000",
                          "x_bucket{a=\"q\\\"\", le=\"1e+06\"} +Inf @-5", "{\"a.b\", \"c d\"=\"e\"} NaN",
                          "error: line 8, column 6: expected a number, got \"0x\""));
}

TEST(TextExposition, Errors) {
  struct Case {
    const char* name;
    const char* body;
    const char* message;
  };
  const Case cases[] = {
      {"no value", "a\n", "line 1, column 2: expected a number, got the end of the line"},
      {"bad start", "a 1\n@b 1\n", "line 2, column 1: expected a metric name or '{', got \"@b 1\""},
      {"bad label name", "a{1=\"x\"} 1\n", "line 1, column 3: expected a label name, got \"1=\\\"x\\\"} 1\""},
      {"no equals", "a{b+=\"x\"} 1\n",
       "line 1, column 4: expected '=' after a label name, got \"+=\\\"x\\\"} 1\""},
      {"open string", "a{b=\"x} 1\n",
       "line 1, column 10: expected '\"' at the end of a string, got the end of the line"},
      {"two names", "a{\"b\"} 1\n",
       "line 1, column 6: expected '=' (the metric name is already set), got \"} 1\""},
      {"no name", "{b=\"x\"} 1\n",
       "line 1, column 8: expected a metric name inside the braces before them, got \" 1\""},
      {"after the time", "a 1 2 3\n",
       "line 1, column 7: expected the end of the line after a time, got \"3\""},
      {"time past 64 bits", "a 1 9223372036854775808\n",
       "line 1, column 5: expected a time in whole milliseconds, got \"9223372036854775808\""},
      {"unknown type", "# TYPE a gauges\n",
       "line 1: expected a type of counter, gauge, histogram, summary or untyped, got \"gauges\""},
      {"bad UTF-8", "a{b=\"\xff\"} 1\n",
       "line 1, column 6: expected valid UTF-8 in a string, got \"\\xff\\\"} 1\""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Entries(ExpositionFormat::kText, c.body).back(), std::string("error: ") + c.message);
  }
}

TEST(TextExposition, Limits) {
  const std::string body = "a{b=\"1\",c=\"2\"} 1\na 2\n";
  EXPECT_EQ(Entries(ExpositionFormat::kText, body, {.labels_max = 2}).size(), 2U);
  EXPECT_EQ(Entries(ExpositionFormat::kText, body, {.labels_max = 1}).back(),
            "error: line 1, column 14: expected at most 1 labels, got \"} 1\"");
  EXPECT_EQ(Entries(ExpositionFormat::kText, body, {.samples_max = 2}).size(), 2U);
  EXPECT_EQ(Entries(ExpositionFormat::kText, body, {.samples_max = 1}).back(),
            "error: expected at most 1 samples in a body");
  EXPECT_EQ(Entries(ExpositionFormat::kText, body, {.line_bytes_max = 16}).size(), 2U);
  EXPECT_EQ(Entries(ExpositionFormat::kText, body, {.line_bytes_max = 15}).back(),
            "error: line 1: expected at most 15 bytes, got 16");
}

TEST(TextExposition, RepeatedLabelIsAnErrorOfLabels) {
  EXPECT_THAT(Entries(ExpositionFormat::kText, "a{b=\"1\",b=\"2\"} 1\n"),
              ElementsAre("error: label name comes twice: \"b\" in \"a{b=\\\"1\\\",b=\\\"2\\\"}\" 1.0"));
}

TEST(OpenMetricsExposition, Entries) {
  EXPECT_THAT(Entries(ExpositionFormat::kOpenMetrics,
                      "# TYPE rpc_seconds histogram\n"
                      "# UNIT rpc_seconds seconds\n"
                      "# HELP rpc_seconds \n"
                      "rpc_seconds_bucket{le=\"1\"} 2 1.5 # {trace_id=\"a\"} 0.5 1.25\n"
                      "rpc_seconds_bucket{le=\"+Inf\"} 2 1.5 # {} 0.5\n"
                      "rpc_seconds_count 2 1.5\n"
                      "rpc_seconds_sum 1 1.5\n"
                      "rpc_seconds_created 1 1.5\n"
                      "# EOF\n",
                      kStrict),
              ElementsAre("type rpc_seconds histogram", "unit rpc_seconds seconds", "help rpc_seconds ",
                          "rpc_seconds_bucket{le=\"1.0\"} 2.0 @1500 # {trace_id=\"a\"} 0.5 @1250",
                          "rpc_seconds_bucket{le=\"+Inf\"} 2.0 @1500 # {} 0.5", "rpc_seconds_count 2.0 @1500",
                          "rpc_seconds_sum 1.0 @1500", "rpc_seconds_created 1.0 @1500"));
}

TEST(OpenMetricsExposition, Errors) {
  struct Case {
    const char* name;
    const char* body;
    const char* message;
  };
  const Case cases[] = {
      {"no end", "a 1\n", "end of the body: expected \"# EOF\" as the last line"},
      {"cut last line", "a 1", "line 1: expected \"# EOF\" as the last line"},
      {"text after the end", "# EOF\n\n", "line 1: expected nothing after \"# EOF\""},
      {"blank line", "\n# EOF\n", "line 1, column 1: expected a metric name or '{', got the end of the line"},
      {"two spaces", "a  1\n# EOF\n", "line 1, column 3: expected a sample value, got \" 1\""},
      {"time is not finite", "a 1 NaN\n# EOF\n",
       "line 1, column 5: expected a finite time in seconds, got \"NaN\""},
      {"unit is not a suffix", "# UNIT a seconds\n# EOF\n",
       "line 1, column 10: expected a unit that \"a\" ends in, got \"seconds\""},
      {"clash", "# TYPE a_created gauge\n# TYPE a counter\n# EOF\n",
       "line 3: family \"a\" clashes with an earlier one"},
      {"name in quotes", "{\"a\"} 1\n# EOF\n",
       "line 1, column 2: expected a label name, got \"\\\"a\\\"} 1\""},
      {"label name in quotes", "a{\"b\"=\"c\"} 1\n# EOF\n",
       "line 1, column 3: expected a label name, got \"\\\"b\\\"=\\\"c\\\"} 1\""},
      {"family in quotes", "# TYPE \"a\" gauge\n# EOF\n",
       "line 1, column 8: expected a metric name, got \"\\\"a\\\" gauge\""},
      {"falling buckets", "# TYPE a histogram\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\n# EOF\n",
       "line 3: bucket counts of \"a\" fall"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Entries(ExpositionFormat::kOpenMetrics, c.body, kStrict).back(),
              std::string("error: ") + c.message);
  }
}

std::string Delimited(const std::string& message) {
  std::string out;
  protozero::add_varint_to_buffer(&out, message.size());
  return out + message;
}

void AddLabel(protozero::pbf_writer& metric, std::string_view name, std::string_view value) {
  protozero::pbf_writer label(metric, 1);
  label.add_string(1, name.data(), name.size());
  label.add_string(2, value.data(), value.size());
}

std::string CounterFamily() {
  std::string message;
  protozero::pbf_writer family(message);
  family.add_string(1, "kills_total");
  family.add_string(2, "Kills.");
  family.add_enum(3, 0);
  family.add_string(5, "kills");
  protozero::pbf_writer metric(family, 4);
  AddLabel(metric, "mode", "ranked");
  protozero::pbf_writer counter(metric, 3);
  counter.add_double(1, 7);
  {
    protozero::pbf_writer exemplar(counter, 2);
    AddLabel(exemplar, "trace_id", "t");
    exemplar.add_double(2, 1);
  }
  protozero::pbf_writer start(counter, 3);
  start.add_int64(1, 12);
  start.add_int32(2, 345'000'000);
  return message;
}

std::string HistogramFamily() {
  std::string message;
  protozero::pbf_writer family(message);
  family.add_string(1, "tick");
  family.add_enum(3, 4);
  protozero::pbf_writer metric(family, 4);
  metric.add_int64(6, 99);
  protozero::pbf_writer histogram(metric, 7);
  histogram.add_uint64(1, 3);
  histogram.add_double(2, 1.5);
  {
    protozero::pbf_writer bucket(histogram, 3);
    bucket.add_uint64(1, 2);
    bucket.add_double(2, 0.5);
  }
  histogram.add_sint32(5, 2);
  histogram.add_double(6, 0.001);
  {
    protozero::pbf_writer span(histogram, 12);
    span.add_sint32(1, -3);
    span.add_uint32(2, 2);
  }
  const std::vector<std::int64_t> deltas = {2, -1};
  histogram.add_packed_sint64(13, deltas.begin(), deltas.end());
  return message;
}

TEST(ProtobufExposition, CountersAndClassicHistograms) {
  const std::string body = Delimited(CounterFamily()) + Delimited(HistogramFamily());
  EXPECT_THAT(Entries(ExpositionFormat::kProtobuf, body, {.native_histograms = NativeHistograms::kIgnore}),
              ElementsAre("help kills_total Kills.", "type kills_total counter", "unit kills_total kills",
                          "kills_total{mode=\"ranked\"} 7.0 since 12345 # {trace_id=\"t\"} 1.0",
                          "type tick histogram", "tick_bucket{le=\"0.5\"} 2.0 @99",
                          "tick_bucket{le=\"+Inf\"} 3.0 @99", "tick_sum 1.5 @99", "tick_count 3.0 @99"));
}

TEST(ProtobufExposition, NativeHistogram) {
  const std::string body = Delimited(HistogramFamily());
  const auto parser = MakeExpositionParser(ExpositionFormat::kProtobuf, body, {});
  ASSERT_EQ(parser->Next().value(), ExpositionEntry::kType);
  ASSERT_EQ(parser->Next().value(), ExpositionEntry::kSample);
  Histogram expected;
  expected.schema = 2;
  expected.zero_threshold = 0.001;
  expected.count = 3;
  expected.sum = 1.5;
  expected.positive_spans = {{-3, 2}};
  expected.positive_buckets = {2, 1};
  ASSERT_NE(parser->sample().histogram, nullptr);
  EXPECT_EQ(*parser->sample().histogram, expected);
  EXPECT_EQ(parser->labels().value(), (Labels{{"__name__", "tick"}}));
  EXPECT_EQ(parser->Next().value(), ExpositionEntry::kEnd);
}

TEST(ProtobufExposition, RefusesDamage) {
  const std::string body = Delimited(CounterFamily()) + Delimited(HistogramFamily());
  EXPECT_EQ(Entries(ExpositionFormat::kProtobuf, body.substr(0, body.size() - 1)).back(),
            "error: byte 96: expected 59 bytes of a metric family, got 58");
  EXPECT_EQ(Entries(ExpositionFormat::kProtobuf, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f").back(),
            "error: byte 0: expected 9223372036854775807 bytes of a metric family, got 0");
  EXPECT_THAT(Entries(ExpositionFormat::kProtobuf, ""), IsEmpty());

  // A field with another wire type than its tag has: the family name as a number.
  EXPECT_EQ(Entries(ExpositionFormat::kProtobuf, std::string_view("\x02\x08\x01", 3)).back(),
            "error: byte 0: expected a protobuf field, got unknown pbf field type exception");

  // Every cut and a thousand flips end in entries or an error, never in a crash.
  for (std::size_t cut = 0; cut < body.size(); ++cut)
    (void)Entries(ExpositionFormat::kProtobuf, body.substr(0, cut));
  SeededRandom random(7);
  for (int i = 0; i < 1000; ++i) {
    std::string flipped = body;
    flipped[random.Below(flipped.size())] ^= static_cast<char>(1U << random.Below(8));
    (void)Entries(ExpositionFormat::kProtobuf, flipped);
  }
}

TEST(ExpositionFormatOf, MediaTypes) {
  EXPECT_EQ(ExpositionFormatOf("text/plain; version=0.0.4", {}).value(), ExpositionFormat::kText);
  EXPECT_EQ(ExpositionFormatOf("Application/OpenMetrics-Text; version=1.0.0; charset=utf-8", {}).value(),
            ExpositionFormat::kOpenMetrics);
  EXPECT_EQ(ExpositionFormatOf("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", {})
                .value(),
            ExpositionFormat::kProtobuf);
  EXPECT_EQ(ExpositionFormatOf("text/html", ExpositionFormat::kText).value(), ExpositionFormat::kText);
  EXPECT_EQ(ExpositionFormatOf("text/html", {}).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(ExpositionFormatOf("", {}).error().message,
            "no Content-Type in the answer and no fallback_scrape_protocol");
}

TEST(OpenMetricsFloat, Forms) {
  struct Case {
    double value;
    const char* text;
  };
  const Case cases[] = {
      {0, "0.0"},         {1, "1.0"},          {-1.5, "-1.5"},     {100000, "100000.0"},
      {1e6, "1e+06"},     {0.0001, "0.0001"},  {0.00001, "1e-05"}, {1.25e22, "1.25e+22"},
      {INFINITY, "+Inf"}, {-INFINITY, "-Inf"}, {NAN, "NaN"},       {123456789, "1.23456789e+08"}};
  for (const Case& c : cases) {
    std::string out;
    AppendOpenMetricsFloat(c.value, out);
    EXPECT_EQ(out, c.text);
  }
}

TEST(OpenMetricsFloat, Parse) {
  EXPECT_EQ(ParseExpositionFloat("+1.5e3").value(), 1500);
  EXPECT_EQ(ParseExpositionFloat("-inf").value(), -INFINITY);
  EXPECT_EQ(ParseExpositionFloat("1e-400").value(), 0);
  EXPECT_TRUE(std::isnan(ParseExpositionFloat("NaN").value()));
  for (const char* bad :
       {"", "+", "+-1", "1_0", "0x1p2", "1 ", " 1", "1e999", "nan(1)", "-nan", "1,5", "e5"}) {
    EXPECT_FALSE(ParseExpositionFloat(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace tickscope::wire
