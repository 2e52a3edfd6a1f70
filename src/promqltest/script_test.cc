// Script language: every form the README of the scripts lists, and that all scripts and expressions of the
// conformance set are read.
#include "promqltest/script.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "model/sample.h"
#include "promqltest/comparison.h"
#include "promqltest/series_line.h"

namespace tickscope::promqltest {
namespace {

// "1 _ {{...}}" of parsed values.
std::string Text(const SlotValues& values) {
  std::string out;
  for (const auto& value : values) {
    if (!out.empty()) out += ' ';
    out += value ? ValueText(*value) : "_";
  }
  return out;
}

TEST(ValueNotation, Accepts) {
  struct Case {
    const char* text;
    const char* want;
  };
  const Case cases[] = {
      {"1 -2.5 1e3 Inf -Inf NaN", "1 -2.5 1000 inf -inf nan"},
      {"0x1f", "31"},
      {"_ _x3 1", "_ _ _ _ 1"},
      {"stale 1", "stale 1"},
      {"0x2", "0 0 0"},
      {"7x2", "7 7 7"},
      {"1+2x3", "1 3 5 7"},
      {"1-2x3", "1 -1 -3 -5"},
      {"-1+0.5x1", "-1 -0.5"},
      {"1e1+1e1x1", "10 20"},
      {"", ""},
      {"{{}}", "{{schema:0 count:0 sum:0}}"},
      {"{{schema:1 sum:-0.3 count:3.1 z_bucket:7.1 z_bucket_w:0.05 buckets:[5.1 10 7] offset:-3 n_buckets:[4 "
       "5] "
       "n_offset:-5}}",
       "{{schema:1 count:3.1 sum:-0.3 z_bucket:7.1 z_bucket_w:0.05 buckets:[5.1 10 7] offset:-3 n_buckets:[4 "
       "5] "
       "n_offset:-5}}"},
      {"{{schema:-53 custom_values:[1 2.5] buckets:[1 2 3] counter_reset_hint:gauge}}",
       "{{schema:-53 count:0 sum:0 custom_values:[1 2.5] buckets:[1 2 3] counter_reset_hint:gauge}}"},
      {"{{count:1}}x1", "{{schema:0 count:1 sum:0}} {{schema:0 count:1 sum:0}}"},
      {"{{count:1 buckets:[1]}}+{{count:2 buckets:[1 1]}}x1",
       "{{schema:0 count:1 sum:0 buckets:[1]}} {{schema:0 count:3 sum:0 buckets:[2 1]}}"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto values = ParseValues(c.text);
    ASSERT_TRUE(values.has_value()) << values.error().message;
    EXPECT_EQ(Text(*values), c.want);
  }
}

TEST(ValueNotation, Refuses) {
  for (const char* text :
       {"x", "1x", "1+2", "1y", "1+x3", "_x", "_y", "{{", "{{schema:9}}", "{{foo:1}}", "{{sum}}",
        "{{buckets:1}}", "{{buckets:[1}}", "{{counter_reset_hint:x}}", "1x1000001", "1x999999 1x999999",
        "{{schema:1}}+{{schema:0}}x1", "{{schema:-53}}+{{schema:0}}x1"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(ParseValues(text).has_value());
  }
}

TEST(ValueNotation, StartOffsets) {
  const auto offsets = ParseStartOffsets("_ _x2 -1m -30sx1 -1m-1mx2 0");
  ASSERT_TRUE(offsets.has_value()) << offsets.error().message;
  const SlotOffsets want = {std::nullopt, std::nullopt, std::nullopt, -60'000,  -30'000,
                            -30'000,      -60'000,      -120'000,     -180'000, 0};
  EXPECT_EQ(*offsets, want);
  EXPECT_FALSE(ParseStartOffsets("1").has_value());
}

TEST(SeriesLine, Forms) {
  struct Case {
    const char* line;
    const char* labels;
    const char* values;
    bool start_times;
  };
  const Case cases[] = {
      {"up 1 2", "up", " 1 2", false},
      {"up{job=\"a} b\"} 1", "up{job=\"a} b\"}", " 1", false},
      {"{job=\"a\"}\t1", "{job=\"a\"}", "\t1", false},
      {"{} 1", "{}", " 1", false},
      {"up {job=\"a\"} 1", "up{job=\"a\"}", " 1", false},
      {"h {{count:1}}", "h", " {{count:1}}", false},
      {"{\"a b\", c.d=\"e\"} 1", "{\"a b\", \"c.d\"=\"e\"}", " 1", false},
      {"up@st _ -1m", "up", " _ -1m", true},
      {"up{job=\"a\"}@st -1m", "up{job=\"a\"}", " -1m", true},
      {"expect{} 1", "expect", " 1", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line);
    const auto line = ParseSeriesLine(c.line);
    ASSERT_TRUE(line.has_value()) << line.error().message;
    EXPECT_EQ(line->labels.ToString(), c.labels);
    EXPECT_EQ(line->values, c.values);
    EXPECT_EQ(line->is_start_times, c.start_times);
  }
  for (const char* bad : {"up{job=~\"a\"} 1", "up{job=\"a\" 1", "up{job=\"a\"}1", "1a 1", ""}) {
    SCOPED_TRACE(bad);
    EXPECT_FALSE(ParseSeriesLine(bad).has_value());
  }
}

TEST(Script, Commands) {
  const auto commands = ParseScript(
      "# a comment\n"
      "load 1m\r\n"
      "  up{job=\"a\"}@st -1m _\n"
      "  up{job=\"a\"}  1 2\n"
      "  # ends the block\n"
      "\n"
      "eval instant at 1m up\n"
      "  expect warn regex: .*slow.*\n"
      "  expect no_info\n"
      "  up{job=\"a\"} 2\n"
      "\n"
      "EVAL range from -1m to 2m step 30s up == 1\n"
      "  expect ordered\n"
      "  up{job=\"a\"} _ 1 1\n");
  ASSERT_FALSE(commands.has_value());  // No order in a range query.
  EXPECT_EQ(commands.error().message.substr(0, 8), "line 14:");

  const auto glued = ParseScript(
      "load_with_nhcb 30s\n"
      "  x_bucket{le=\"1\"} 1\n"
      "clear\n"
      "\n"
      "eval_fail instant at 0 foo(\n"
      "  expected_fail_message no\n"
      "eval instant at 5s \"text\"\n"
      "  expect string 'text'\n"
      "\n"
      "eval instant at 0 1 + 1\n"
      "  2\n"
      "\n"
      "eval instant at 2m up[1m]\n"
      "  expect range vector from 1m to 2m step 1m\n"
      "  up 1 2\n");
  ASSERT_FALSE(glued.has_value());  // A clear inside the block of a load is a series without values.
  EXPECT_EQ(glued.error().message, "line 3: want values behind the series: got \"clear\"");

  const auto blocks = ParseScript(
      "load_with_nhcb 30s\n"
      "  x_bucket{le=\"1\"} 1\n"
      "\n"
      "   clear\n"
      "eval_fail instant at 0 foo(\n"
      "  expected_fail_message no\n"
      "eval instant at 5s \"text\"\n"
      "  expect string 'text'\n"
      "\n"
      "eval instant at 0 1 + 1\n"
      "  2\n"
      "\n"
      "eval instant at 2m up[1m]\n"
      "  expect range vector from 1m to 2m step 1m\n"
      "  up 1 2\n");
  ASSERT_TRUE(blocks.has_value()) << blocks.error().message;
  ASSERT_EQ(blocks->size(), 6U);
  EXPECT_TRUE(std::get<LoadCommand>((*blocks)[0].body).with_custom_buckets);
  EXPECT_EQ((*blocks)[2].line, 5U);
  EXPECT_EQ(std::get<EvalCommand>((*blocks)[2].body).failure->text, "no");
  EXPECT_EQ(std::get<EvalCommand>((*blocks)[3].body).string, "text");
  EXPECT_EQ(std::get<EvalCommand>((*blocks)[4].body).scalar, 2.0);
  EXPECT_EQ(std::get<EvalCommand>((*blocks)[5].body).range_vector->end_ms, 120'000);
}

TEST(Script, ErrorsNameTheirLine) {
  struct Case {
    const char* text;
    const char* want;
  };
  const Case cases[] = {
      {"frob", "line 1: unknown command: got \"frob\""},
      {"\nload", "line 2: empty duration string"},
      {"load 0", "line 1: want a positive step: got \"0\""},
      {"load 1m\n  up 1\n  up{ 2\n", "line 3: series without closing brace"},
      {"load 1m\n  up@st -1m\n", "line 2: start times without samples: got \"up\""},
      {"load 1m\n  up@st -1m\n  up 1 2\n",
       "line 3: want the samples of the start times before, as many: got \"up 1 2\""},
      {"eval instant at 1m", "line 1: want an expression: got \"eval instant at 1m\""},
      {"eval instant up at", ""},
      {"eval instant at 0 up\n  up 1 2\n", "line 2: want one value for an instant query: got \"up 1 2\""},
      {"eval range from 0 to 1m up", "line 1: want \"step\" and a time: got \"up\""},
      {"eval instant at 0 up\n  expect warn\n  expect no_warn\n",
       "line 3: contradicts the line that expects one: got \"no_warn\""},
      {"eval instant at 0 up\n  expect fail\n  expect fail\n", "line 3: expect fail twice: got \"fail\""},
      {"eval instant at 0 up\n  expect much\n", "line 2: unknown expectation: got \"much\""},
      {"load 1m\n  a 1x600000\n  b 1x600000\n", "line 3: too many slots in the script: max=1000000"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto commands = ParseScript(c.text);
    EXPECT_EQ(commands ? "" : commands.error().message, c.want);
  }
}

TEST(Comparison, Floats) {
  const double nan = std::nan("");
  EXPECT_TRUE(SameFloat(1, 1.000001));
  EXPECT_FALSE(SameFloat(1, 1.00001));
  EXPECT_TRUE(SameFloat(nan, NormalNan()));
  EXPECT_FALSE(SameFloat(nan, StaleNan()));
  EXPECT_TRUE(SameFloat(StaleNan(), StaleNan()));
  EXPECT_FALSE(SameFloat(0, 1e-300));
  EXPECT_TRUE(SameFloat(0, -0.0));
  EXPECT_TRUE(SameFloat(INFINITY, INFINITY));
  EXPECT_FALSE(SameFloat(INFINITY, -INFINITY));
  EXPECT_FALSE(SameFloat(INFINITY, 1e308));
}

}  // namespace
}  // namespace tickscope::promqltest
