// Script runner: that a right script passes, and that each kind of wrong expectation is found and explained. A runner
// that passes everything would make every conformance figure worthless.
#include "promqltest/script_runner.h"

#include <gtest/gtest.h>

#include <string>

namespace tickscope::promqltest {
namespace {

constexpr std::string_view kData =
    "load 1m\n"
    "  up{job=\"a\"} 1 1 0 1x5\n"
    "  up{job=\"b\"} 0x7\n"
    "\n";

// The difference of the one case behind kData, "" when it passed.
std::string Difference(std::string_view eval) {
  const auto report = RunScript(std::string(kData).append(eval), {});
  if (!report) return report.error().message;
  EXPECT_EQ(report->cases.size(), 1U);
  EXPECT_EQ(report->passed + report->failed, 1U);
  return report->cases.front().difference.value_or("");
}

TEST(ScriptRunner, Verdicts) {
  struct Case {
    const char* name;
    const char* eval;
    const char* want;
  };
  const Case cases[] = {
      {"right instant", "eval instant at 1m up\n  up{job=\"a\"} 1\n  up{job=\"b\"} 0\n", ""},
      {"right range", "eval range from 1m to 3m step 1m up{job=\"a\"}\n  up{job=\"a\"} 1 0 1\n", ""},
      {"right scalar", "eval instant at 0 1 + 1\n  2\n", ""},
      {"right string", "eval instant at 0 \"a\"\n  expect string \"a\"\n", ""},
      {"empty", "eval instant at 1m up == 5\n", ""},
      {"fails as wanted",
       "eval instant at 0 up +\n  expect fail msg: 1:5: parse error: unexpected end of input\n", ""},
      {"wrong value", "eval instant at 1m up{job=\"a\"}\n  up{job=\"a\"} 2\n",
       "up{job=\"a\"}: want 2, got 1"},
      {"missing series", "eval instant at 1m up{job=\"a\"}\n  up{job=\"a\"} 1\n  up{job=\"c\"} 1\n",
       "up{job=\"c\"}: not in the result, want 1"},
      {"unexpected series", "eval instant at 1m up{job=\"a\"}\n", "up{job=\"a\"}: unexpected, got 1"},
      {"wrong point", "eval range from 1m to 2m step 1m up{job=\"a\"}\n  up{job=\"a\"} 1 1\n",
       "up{job=\"a\"} at 2m: want 1, got 0"},
      {"missing point", "eval range from 1m to 3m step 1m up{job=\"a\"} == 1\n  up{job=\"a\"} 1 1 1\n",
       "up{job=\"a\"}: no point at 2m, want 1"},
      {"point too many", "eval range from 1m to 2m step 1m up{job=\"a\"}\n  up{job=\"a\"} 1 _\n",
       "up{job=\"a\"}: unexpected point at 2m: got 0"},
      {"wrong type", "eval instant at 0 1\n", "want an instant vector, got a scalar"},
      {"wrong order", "eval instant at 1m sort(up)\n  expect ordered\n  up{job=\"a\"} 1\n  up{job=\"b\"} 0\n",
       "at place 1: want up{job=\"a\"}, got up{job=\"b\"}\n"
       "at place 2: want up{job=\"b\"}, got up{job=\"a\"}"},
      {"several series and points",
       "eval range from 1m to 3m step 1m up\n  up{job=\"a\"} 1 7 _\n  up{job=\"c\"} 1\n",
       "up{job=\"b\"}: unexpected series of 3 points, the first at 1m: got 0\n"
       "up{job=\"a\"} at 2m: want 7, got 0\n"
       "up{job=\"a\"}: unexpected point at 3m: got 1\n"
       "up{job=\"c\"}: no such series in the result of 2"},
      {"fails unexpectedly", "eval instant at 0 up +\n", "failed: 1:5: parse error: unexpected end of input"},
      {"does not fail", "eval instant at 0 1\n  expect fail\n  1\n", "evaluated, want failure any"},
      {"fails otherwise", "eval instant at 0 up +\n  expect fail msg: no\n",
       "failed with 1:5: parse error: unexpected end of input, want msg: no"},
      {"no warning", "eval instant at 1m up == 5\n  expect warn\n", "no warning, want any"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Difference(c.eval), c.want);
  }
}

TEST(ScriptRunner, ReportsWhatIsNoScript) {
  EXPECT_EQ(Difference("eval often"), "line 5: want \"eval instant\" or \"eval range\": got \"eval often\"");
  EXPECT_EQ(Difference("load 1m\n  up{job=\"a\"} 1\n"),
            "line 5: out-of-order sample: series=up{job=\"a\"} time_ms=0");
}

TEST(ScriptRunner, ClearForgets) {
  const auto report = RunScript(std::string(kData) + "clear\n\neval instant at 1m up\n", {});
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->failed, 0U);
}

TEST(ScriptRunner, CollatesCustomBuckets) {
  const auto report = RunScript(
      "load_with_nhcb 1m\n"
      "  x_bucket{le=\"1\"} 2\n"
      "  x_bucket{le=\"2\"} 3\n"
      "  x_bucket{le=\"+Inf\"} 7\n"
      "  x_bucket{le=\"bad\"} 9\n"
      "  x_count 7\n"
      "  x_sum 12\n"
      "\n"
      "eval instant at 0 x\n"
      "  x {{schema:-53 count:7 sum:12 custom_values:[1 2] buckets:[2 1 4]}}\n",
      {});
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->cases.front().difference.value_or(""), "");
}

}  // namespace
}  // namespace tickscope::promqltest
