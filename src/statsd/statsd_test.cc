// StatsD: lines as clients write them, what they add up to, and that nothing that comes takes more than its limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "statsd/statsd_line.h"
#include "statsd/statsd_names.h"
#include "statsd/statsd_table.h"
#include "statsd/value_histogram.h"

namespace tickscope::statsd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr TimeMs kNowMs = 1'700'000'000'000;

TEST(StatsdLine, Forms) {
  struct Case {
    const char* line;
    const char* want;  // name values type rate tags
  };
  const Case cases[] = {
      {"a:1|c", "a 1 0 1 "},
      {"a.b:+1.5|g|@1", "a.b +1.5 1 1 "},
      {"a:1:2:3|ms|@0.25|#x:y,z", "a 1:2:3 2 0.25 x:y,z"},
      {"a:1|h|#x:y|@0.5|c:in-1234|e:it-5", "a 1 3 0.5 x:y"},
      {"a:1|d|", "a 1 4 1 "},
      {"a:10.0.0.1:80|s", "a 10.0.0.1:80 5 1 "},
      {"a:1|c|#", "a 1 0 1 "},
      {"a:1|c|new:field", "a 1 0 1 "},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line);
    const auto line = ParseStatsdLine(c.line);
    ASSERT_TRUE(line.has_value());
    EXPECT_EQ(fmt::format("{} {} {} {} {}", line->name, line->values, static_cast<int>(line->type),
                          line->rate, line->tags),
              c.want);
  }
}

TEST(StatsdLine, Refused) {
  for (const char* const line :
       {"", "a", "a:", "a:1", "a:1|", ":1|c", "a:|c", "a:1|x", "a:1|cc", "a|c:1", "a:1|c|@0", "a:1|c|@-1",
        "a:1|c|@1.1", "a:1|c|@nan", "a:1|c|@", "a:1|c|@0.0000001"}) {
    SCOPED_TRACE(line);
    const auto parsed = ParseStatsdLine(line);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error(), LineFault::kMalformed);
  }
  for (const char* const line : {"_e{5,4}:title|text", "_sc|name|0", "a:1|c|T1656581400"}) {
    SCOPED_TRACE(line);
    const auto parsed = ParseStatsdLine(line);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error(), LineFault::kUnsupported);
  }
}

TEST(StatsdLine, Values) {
  const auto all = [](std::string_view values) {
    std::vector<std::string> out;
    while (!values.empty()) {
      const auto value = TakeValue(values);
      out.push_back(value ? fmt::format("{}{}", value->number, value->is_signed ? " signed" : "") : "none");
    }
    return out;
  };
  EXPECT_THAT(all("1:-2.5:+3e2"), ElementsAre("1", "-2.5 signed", "300 signed"));
  EXPECT_THAT(all("1::2"), ElementsAre("1", "none", "2"));
  EXPECT_THAT(all("1:"), ElementsAre("none"));
  EXPECT_THAT(all("inf:nan:1e101:0x1:1,5: 1"), ElementsAre("none", "none", "none", "none", "none", "none"));
}

TEST(StatsdNames, AreThoseOfPrometheus) {
  EXPECT_EQ(MetricNameOf("game.kills", StatsdType::kCounter), "game_kills_total");
  EXPECT_EQ(MetricNameOf("kills_total", StatsdType::kCounter), "kills_total");
  EXPECT_EQ(MetricNameOf("tick", StatsdType::kTimer), "tick_seconds");
  EXPECT_EQ(MetricNameOf("1-x/../y\n", StatsdType::kGauge), "_1_x____y_");
  EXPECT_EQ(MetricNameOf(std::string(201, 'a'), StatsdType::kGauge), std::nullopt);
  const auto text = [](std::string_view tags) {
    const auto labels = LabelsOf("m", tags);
    return labels ? labels->ToString() : "none";
  };
  EXPECT_EQ(text(""), "m");
  EXPECT_EQ(text("b:x:y,a,empty:,,b-c:1"), R"(m{a="true", b="x:y", b_c="1"})");
  EXPECT_EQ(text("le:1,quantile:2,__name__:evil,a:1,a:2"),
            R"(m{a="2", tag___name__="evil", tag_le="1", tag_quantile="2"})");
  EXPECT_EQ(text(":x"), "none");
  EXPECT_EQ(text("a:\xff"), "none");
  EXPECT_EQ(text("a:" + std::string(1'025, 'x')), "none");
  std::string many;
  for (int i = 0; i < 33; ++i)
    many += fmt::format("t{}:x,", i);
  EXPECT_EQ(text(many), "none");
}

TEST(ValueHistogram, BucketsHoldTheirUpperBound) {
  struct Case {
    double value;
    int scale;
    std::int32_t index;
  };
  const Case cases[] = {{1, 0, 0},     {1.0001, 0, 1}, {2, 0, 1},         {2.1, 0, 2},        {0.5, 0, -1},
                        {0.26, 0, -1}, {1, 3, 0},      {2, 3, 8},         {4, 3, 16},         {3, 3, 13},
                        {0.5, 3, -8},  {1, -2, 0},     {16, -2, 1},       {17, -2, 2},        {15, -2, 1},
                        {1.5, -2, 1},  {0.9, -2, 0},   {1.0000001, 8, 1}, {1.9999999, 8, 256}};
  for (const Case& c : cases)
    EXPECT_EQ(BucketIndex(c.value, c.scale), c.index) << c.value << " at " << c.scale;
  // Whatever the value, its bucket's bounds hold it.
  for (int scale = -4; scale <= 8; ++scale) {
    for (double value = 1e-9; value < 1e9; value *= 1.37) {
      const double index = BucketIndex(value, scale);
      const double step = std::exp2(-scale);
      EXPECT_LE(value, std::exp2(index * step) * (1 + 1e-12)) << value << " at " << scale;
      EXPECT_GT(value, std::exp2((index - 1) * step) * (1 - 1e-12)) << value << " at " << scale;
    }
  }
}

TEST(ValueHistogram, ClassicAndNative) {
  ValueHistogram classic({.bounds = {1, 2}});
  for (const double value : {0.5, 1.0, 1.5, 2.0, 3.0, -1.0})
    classic.Add(value, 2);
  EXPECT_THAT(classic.counts(), ElementsAre(6U, 4U, 2U));
  EXPECT_EQ(classic.count(), 12U);
  EXPECT_EQ(classic.sum(), 14);

  ValueHistogram native({.bounds = {}, .scale = 0, .buckets_max = 160});
  native.Add(0, 1);
  native.Add(1, 2);
  native.Add(2, 3);
  native.Add(100, 4);
  native.Add(-3, 5);
  const Histogram h = native.ToNative();
  EXPECT_EQ(h.schema, 0);
  EXPECT_EQ(h.zero_count, 1);
  EXPECT_EQ(h.count, 15);
  EXPECT_EQ(h.sum, 393);
  EXPECT_THAT(h.positive_spans, ElementsAre(BucketSpan{0, 2}, BucketSpan{5, 1}));
  EXPECT_THAT(h.positive_buckets, ElementsAre(2, 3, 4));
  EXPECT_THAT(h.negative_spans, ElementsAre(BucketSpan{2, 1}));
  EXPECT_THAT(h.negative_buckets, ElementsAre(5));
}

TEST(ValueHistogram, BecomesCoarserAndLosesNothing) {
  ValueHistogram histogram({.bounds = {}, .scale = 8, .buckets_max = 20});
  for (int i = 1; i <= 10'000; ++i)
    histogram.Add(i * 0.001, 1);
  const Histogram h = histogram.ToNative();
  EXPECT_LE(h.positive_buckets.size(), 20U);
  EXPECT_LT(h.schema, 8);
  double sum = 0;
  for (const double count : h.positive_buckets)
    sum += count;
  EXPECT_EQ(sum, 10'000);
  EXPECT_EQ(h.count, 10'000);
}

class StatsdTableTest : public ::testing::Test {
 protected:
  StatsdTable Make(StatsdLimits limits = {}) {
    return {limits, {}, {{"size", {.bounds = {1, 10}}}}, metrics_};
  }
  // "labels value", and "labels end".
  std::vector<std::string> Flush(StatsdTable& table, TimeMs now_ms = kNowMs) {
    std::vector<std::string> out;
    table.Flush(
        now_ms,
        {.on_series =
             [&](const StatsdSeries& series) {
               const double value = series.histogram != nullptr
                                        ? static_cast<double>(series.histogram->count())
                                        : series.value;
               out.push_back(fmt::format("{} {}", series.labels.ToString(), value));
             },
         .on_end = [&](const StatsdSeries& series) { out.push_back(series.labels.ToString() + " end"); }});
    return out;
  }
  std::uint64_t Refused(StatsdRefusal reason) { return metrics_.refused(reason).value(); }

  MetricRegistry registry_;
  StatsdMetrics metrics_{registry_};
};

TEST_F(StatsdTableTest, AddsUp) {
  StatsdTable table = Make();
  table.Take("kills:1|c\nkills:2:3|c|@0.5\r\n\nplayers:10|g\nplayers:-3|g\nplayers:+1|g\n", kNowMs);
  table.Take("tick:320|ms|#map:x\ntick:10:20|ms|@0.5|#map:x\nids:a|s\nids:b|s\nids:a|s", kNowMs);
  table.Take("size:5|h", kNowMs);
  EXPECT_THAT(Flush(table),
              ElementsAre("kills_total 11", "players 8", R"(tick_seconds{map="x"} 5)", "ids 2", "size 1"));
  table.Take("kills:1|c\nids:c|s", kNowMs);
  EXPECT_THAT(Flush(table),
              ElementsAre("kills_total 12", "players 8", R"(tick_seconds{map="x"} 5)", "ids 1", "size 1"))
      << "counters go on, sets begin anew";
  EXPECT_EQ(metrics_.samples->value(), 15U);
  EXPECT_EQ(metrics_.datagrams->value(), 4U);
}

TEST_F(StatsdTableTest, HistogramsAreAsTheSchemaSays) {
  StatsdTable table = Make();
  table.Take("size:5|h\nother:5|d\nwait:1500|ms|@0.4", kNowMs);
  for (int i = 0; i < 3; ++i)
    table.Take("wait:1500|ms|@0.4", kNowMs);
  std::vector<std::string> out;
  table.Flush(kNowMs, {.on_series =
                           [&](const StatsdSeries& series) {
                             out.push_back(fmt::format("{} {} {} {}", series.labels.ToString(),
                                                       series.histogram->is_native() ? "native" : "classic",
                                                       series.histogram->count(), series.histogram->sum()));
                           },
                       .on_end = {}});
  // Four calls of which two fifths were sent are ten: halves are carried over.
  EXPECT_THAT(out, ElementsAre("size classic 1 5", "other native 1 5", "wait_seconds native 10 15"));
}

TEST_F(StatsdTableTest, TagsInAnotherOrderAreTheSameSeries) {
  StatsdTable table = Make();
  table.Take("a:1|c|#x:1,y:2\na:1|c|#y:2,x:1\na:1|c|#x:1,y:2,\n", kNowMs);
  EXPECT_THAT(Flush(table), ElementsAre(R"(a_total{x="1", y="2"} 3)"));
}

TEST_F(StatsdTableTest, RefusesAndCounts) {
  StatsdTable table = Make();
  table.Take("a:-1|c\na:x|c\nb|c\nc:1:x:2|g\n_sc|x|0\nd:1|g\nd:1|s\nd:1|h\nd:1|g|#:x\n", kNowMs);
  EXPECT_THAT(Flush(table), ElementsAre("c 2", "d 1"));
  EXPECT_EQ(Refused(StatsdRefusal::kMalformed), 5U);
  EXPECT_EQ(Refused(StatsdRefusal::kUnsupported), 1U);
  EXPECT_EQ(Refused(StatsdRefusal::kTypeConflict), 2U);
}

TEST_F(StatsdTableTest, SeriesAndSetsAreBounded) {
  StatsdTable table = Make({.series_max = 3, .set_values_max = 5});
  for (int i = 0; i < 100; ++i)
    table.Take(fmt::format("a:1|c|#i:{}\nids:{}|s", i, i), kNowMs);
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(Refused(StatsdRefusal::kSeriesLimit), 98U);
  EXPECT_EQ(Refused(StatsdRefusal::kSetLimit), 95U);
  EXPECT_THAT(Flush(table), ElementsAre(R"(a_total{i="0"} 1)", "ids 5", R"(a_total{i="1"} 1)"));
  // Ways to write what is there are bounded, too.
  for (int i = 0; i < 100; ++i)
    table.Take(fmt::format("a:1|c|#i:0{}", std::string(static_cast<std::size_t>(i), ',')), kNowMs);
  EXPECT_THAT(Flush(table), ElementsAre(R"(a_total{i="0"} 101)", "ids 0", R"(a_total{i="1"} 1)"));
}

TEST_F(StatsdTableTest, WhatNobodySendsEnds) {
  StatsdTable table = Make({.expire_ms = 60'000});
  table.Take("a:1|c\nb:1|g", kNowMs);
  table.Take("b:2|g", kNowMs + 30'000);
  EXPECT_THAT(Flush(table, kNowMs + 60'000), ElementsAre("a_total 1", "b 2"));
  EXPECT_THAT(Flush(table, kNowMs + 60'001), ElementsAre("a_total end", "b 2"));
  EXPECT_EQ(metrics_.expired->value(), 1U);
  EXPECT_THAT(Flush(table, kNowMs + 100'000), ElementsAre("b end"));
  EXPECT_THAT(Flush(table, kNowMs + 100'000), IsEmpty());
  // It is another one afterwards, and may have another type.
  table.Take("a:5|c\nb:1|s", kNowMs + 100'000);
  EXPECT_THAT(Flush(table, kNowMs + 100'000), UnorderedElementsAre("a_total 5", "b 1"));
}

}  // namespace
}  // namespace tickscope::statsd
