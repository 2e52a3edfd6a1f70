// The plot: whole drawings, written out, and the values that must not upset it.
#include "apiclient/plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickscope::apiclient {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr TimeMs kNoonMs = 1'772'366'400'000;  // 2026-03-01T12:00:00Z

ResultSeries Line(const char* name, std::vector<std::string> values) {
  ResultSeries series{Labels{{"__name__", name}}, {}};
  TimeMs time_ms = kNoonMs;
  for (std::string& value : values) {
    series.points.push_back({time_ms, std::move(value)});
    time_ms += 60'000;
  }
  return series;
}

QueryAnswer Answer(std::vector<ResultSeries> series) {
  QueryAnswer answer;
  answer.type = "matrix";
  answer.series = std::move(series);
  return answer;
}

TEST(Plot, DrawsLines) {
  EXPECT_EQ(PlotText(Answer({Line("up", {"0", "1", "2", "3"}), Line("down", {"3", "NaN", "0", "+Inf"})}),
                     {.width = 10, .height = 4}),
            "           3 |b        a\n"
            "             |      a\n"
            "             |   a\n"
            "           0 |a     b\n"
            "             +----------\n"
            "              12:00:00 12:03:00 UTC\n"
            "  a  up  0 .. 3, last 3\n"
            "  b  down  0 .. 3, last 0\n");
}

TEST(Plot, BearsAnyValues) {
  struct Case {
    const char* name;
    std::vector<std::string> values;
    const char* part;
  };
  const Case cases[] = {
      {"nothing", {}, "nothing to draw"},
      {"no numbers", {"NaN", "+Inf", "-Inf", "text", ""}, "nothing to draw"},
      {"a constant", {"5", "5"}, "5 .. 5, last 5"},
      {"one point", {"1e300"}, "1e+300 .. 1e+300"},
      {"the widest range",
       {"-1.7976931348623157e308", "1.7976931348623157e308"},
       "-1.79769e+308 .. 1.79769e+308"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string text = PlotText(Answer({Line("x", c.values)}), {});
    EXPECT_THAT(text, HasSubstr(c.part));
    EXPECT_THAT(text, Not(HasSubstr("inf")));
  }
  EXPECT_THAT(PlotText(Answer({}), {}), HasSubstr("nothing to draw"));
}

TEST(Plot, CountsWhatItDoesNotDraw) {
  std::vector<ResultSeries> many(kPlotSeriesMax + 3, Line("x\x1b", {"1"}));
  const std::string text = PlotText(Answer(std::move(many)), {});
  EXPECT_THAT(text, EndsWith("  and 3 series that are not drawn\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace tickscope::apiclient
