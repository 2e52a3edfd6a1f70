// Duration expressions: their values, what is known at parse time, and what has no value at all.
#include "promql/duration_expr.h"

#include <gtest/gtest.h>

#include "promql/parser.h"

namespace tickscope::promql {
namespace {

constexpr DurationContext kContext = {.step_ms = 30'000, .range_ms = 600'000};

Result<std::int64_t> Resolve(std::string_view duration) {
  const std::string text = "x[" + std::string(duration) + "]";
  const auto expr = ParseExpr(text, {});
  if (!expr) return std::unexpected(expr.error());
  return ResolveDuration(std::get<MatrixSelector>((*expr)->node).range, DurationRole::kRange, kContext);
}

TEST(DurationExpr, Values) {
  struct Case {
    const char* text;
    std::int64_t want_ms;
  };
  const Case cases[] = {{"5m", 300'000},
                        {"1.5", 1500},
                        {"1003ms", 1003},
                        {"26m+4m", 1'800'000},
                        {"2m*(10+5)", 1'800'000},
                        {"-5m+35m", 1'800'000},
                        {"1h30m % 1h", 1'800'000},
                        {"2^3^2", 512'000},
                        {"10-2-3", 5000},
                        {"1m/7", 8571},
                        {"step()*2", 60'000},
                        {"range()/10", 60'000},
                        {"max_of(min_of(step()+1,1h),1ms)", 31'000},
                        {"-(-5m)", 300'000}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto ms = Resolve(c.text);
    ASSERT_TRUE(ms.has_value()) << ms.error().message;
    EXPECT_EQ(*ms, c.want_ms);
  }
}

TEST(DurationExpr, WithoutValue) {
  struct Case {
    const char* text;
    const char* want;
  };
  const Case cases[] = {{"5m-5m", "2:7: duration must be greater than 0"},
                        {"-step()", "2:9: duration must be greater than 0"},
                        {"0.0004", "1:3: parse error: duration must be greater than 0"},
                        {"1/(step()-30)", "2:15: division by zero"},
                        {"1%(step()-30)", "2:15: modulo by zero"},
                        {"2^10000", "2:9: duration is NaN or infinite"},
                        {"(-1)^0.5", "2:10: duration is NaN or infinite"},
                        {"200y*2", "2:8: duration is out of range"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto ms = Resolve(c.text);
    ASSERT_FALSE(ms.has_value());
    EXPECT_EQ(ms.error().message, c.want);
  }
}

TEST(DurationExpr, ConstantsAreKnownAtOnce) {
  const auto expr = ParseExpr("x[5m+1m:step()] offset (2*3)", {});
  ASSERT_TRUE(expr.has_value());
  const auto& subquery = std::get<Subquery>((*expr)->node);
  EXPECT_EQ(subquery.range.constant_ms, 360'000);
  EXPECT_NE(subquery.range.expr, nullptr);
  EXPECT_FALSE(subquery.step.constant_ms.has_value());
  EXPECT_EQ(subquery.offset.constant_ms, 6000);
}

}  // namespace
}  // namespace tickscope::promql
