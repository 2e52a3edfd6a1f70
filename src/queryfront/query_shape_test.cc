// Which samples a query reads, and when its steps may be evaluated apart.
#include "queryfront/query_shape.h"

#include <gtest/gtest.h>

#include "promql/parser.h"

namespace tickscope::queryfront {
namespace {

constexpr TimeMs kStart = 1'000'000'000;
constexpr std::int64_t kMinuteMs = 60'000;

TEST(QueryShape, KnowsWhatIsRead) {
  struct Case {
    const char* text;
    bool is_splittable;
    std::int64_t back_ms;
    std::int64_t ahead_ms;
    std::optional<TimeSpan> fixed;
    std::uint64_t steps;  // Of the last selector.
  };
  const Case cases[] = {
      {"x", true, 5 * kMinuteMs, 0, {}, 61},
      {"rate(x[2m])", true, 2 * kMinuteMs, 0, {}, 61},
      {"x offset 10m", true, 15 * kMinuteMs, 0, {}, 61},
      {"x offset -10m", true, 0, 10 * kMinuteMs, {}, 61},
      {"sum(rate(x[2m])) / sum(y offset 1h)", true, 65 * kMinuteMs, 0, {}, 61},
      {"max_over_time(rate(x[1m])[10m:1m])", true, 11 * kMinuteMs, 0, {}, 71},
      {"max_over_time(x[10m:] offset 1m)", true, 16 * kMinuteMs, 0, {}, 71},
      {"x @ 900000", true, 0, 0, TimeSpan{900'000'000 - 5 * kMinuteMs, 900'000'000}, 1},
      {"sum_over_time(x[5m] @ 900000)", true, 0, 0, TimeSpan{900'000'000 - 5 * kMinuteMs, 900'000'000}, 1},
      {"x @ end()", false, 0, 0, TimeSpan{kStart + 55 * kMinuteMs, kStart + 60 * kMinuteMs}, 1},
      {"x @ start()", false, 0, 0, TimeSpan{kStart - 5 * kMinuteMs, kStart}, 1},
      {"sort(x)", false, 5 * kMinuteMs, 0, {}, 61},
      {"rate(x[range()])", false, 60 * kMinuteMs, 0, {}, 61},
      {"rate(x[step()])", true, kMinuteMs, 0, {}, 61},
      {"rate(x[5m] anchored)", false, 10 * kMinuteMs, 0, {}, 61},
      {"info(x)", false, 5 * kMinuteMs, 0, {}, 61},
      {"x + start()", false, 5 * kMinuteMs, 0, {}, 61},
      {"x + end()", false, 5 * kMinuteMs, 0, {}, 61},
      {"x + range()", false, 5 * kMinuteMs, 0, {}, 61},
      {"x + step()", true, 5 * kMinuteMs, 0, {}, 61},
  };
  promql::EngineOptions options;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    QueryRequest request;
    request.text = c.text;
    request.start_ms = kStart;
    request.end_ms = kStart + 60 * kMinuteMs;
    request.step_ms = kMinuteMs;
    const auto expr = promql::ParseExpr(c.text, options);
    ASSERT_TRUE(expr.has_value()) << expr.error().message;
    const auto shape = ShapeOf(**expr, request, options);
    ASSERT_TRUE(shape.has_value()) << shape.error().message;
    EXPECT_EQ(shape->is_splittable, c.is_splittable);
    EXPECT_EQ(shape->back_ms, c.back_ms);
    EXPECT_EQ(shape->ahead_ms, c.ahead_ms);
    EXPECT_EQ(shape->fixed, c.fixed);
    ASSERT_FALSE(shape->selectors.empty());
    EXPECT_EQ(shape->selectors.back().steps, c.steps);
  }
}

TEST(QueryShape, TimesAtTheEndsOfTheirRangeDoNotWrap) {
  promql::EngineOptions options;
  QueryRequest request;
  request.text = "max_over_time(x[250y:1s] offset -250y)";
  request.start_ms = INT64_MIN / 2;
  request.end_ms = INT64_MAX / 2;
  request.step_ms = INT64_MAX / 4;
  const auto expr = promql::ParseExpr(request.text, options);
  ASSERT_TRUE(expr.has_value());
  const auto shape = ShapeOf(**expr, request, options);
  ASSERT_TRUE(shape.has_value());
  EXPECT_LT(shape->selectors[0].span.min_ms, shape->selectors[0].span.max_ms);
}

}  // namespace
}  // namespace tickscope::queryfront
