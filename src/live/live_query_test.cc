// Live queries as requests say them: what is taken, and what is refused with which words.
#include "live/live_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/router.h"

namespace tickscope::live {
namespace {

using ::testing::HasSubstr;

http::Request Get(const std::string& query) {
  return {.method = "GET", .target = "/api/v1/stream?" + query};
}
http::Request Post(std::string body, const char* type = "application/json") {
  http::Request request{.method = "POST", .target = "/api/v1/stream", .body = std::move(body)};
  request.headers.Set("Content-Type", type);
  return request;
}
Result<std::vector<LiveQuery>> Read(const http::Request& request) {
  return ReadLiveQueries(request, {}, {.queries_max = 3, .step_min_ms = 1000});
}

TEST(LiveQuery, ReadsEveryForm) {
  struct Case {
    const char* name;
    http::Request request;
    std::vector<std::tuple<std::string, std::string, std::int64_t, std::int64_t>> want;
  };
  const Case cases[] = {
      {"defaults", Get("query=up"), {{"0", "up", 3'600'000, 8'000}}},
      {"one value for all",
       Get("query=up&query=sum(a)&range=10m&step=15"),
       {{"0", "up", 600'000, 15'000}, {"1", "sum(a)", 600'000, 15'000}}},
      {"one each",
       Get("query=up&query=b&range=10m&range=1h&step=15s&step=1m&id=x&id=y"),
       {{"x", "up", 600'000, 15'000}, {"y", "b", 3'600'000, 60'000}}},
      {"json",
       Post(
           R"json({"queries":[{"id":"p","query":"rate( a [5m])","range":"12h","step":60},{"query":"2"}]})json"),
       {{"p", "rate(a[5m])", 43'200'000, 60'000}, {"1", "2", 3'600'000, 8'000}}},
      {"form",
       Post("query=up&step=10s", "application/x-www-form-urlencoded; charset=utf-8"),
       {{"0", "up", 3'600'000, 10'000}}},
      {"a time and an offset are no dependence",
       Get("query=a%20%40%201%20offset%205m&step=10s"),
       {{"0", "a @ 1.000 offset 5m", 3'600'000, 10'000}}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto queries = Read(c.request);
    ASSERT_TRUE(queries.has_value()) << queries.error().message;
    ASSERT_EQ(queries->size(), c.want.size());
    for (std::size_t i = 0; i < c.want.size(); ++i) {
      const LiveQuery& got = (*queries)[i];
      EXPECT_EQ(std::tuple(got.id, got.text, got.range_ms, got.step_ms), c.want[i]);
    }
  }
}

TEST(LiveQuery, RefusesWithReasons) {
  struct Case {
    const char* name;
    http::Request request;
    ErrorCode code;
    const char* message;
  };
  const Case cases[] = {
      {"none", Get(""), ErrorCode::kInvalidArgument, "query: want at least one"},
      {"too many", Get("query=a&query=b&query=c&query=d"), ErrorCode::kOutOfRange, "want at most 3"},
      {"too many in JSON",
       Post(R"({"queries":[{"query":"a"},{"query":"a"},{"query":"a"},{"query":"a"},{"query":"a"}]})"),
       ErrorCode::kOutOfRange, "want at most 3"},
      {"no PromQL", Get("query=a&query=sum("), ErrorCode::kInvalidArgument, "query 1: 1:5: parse error"},
      {"a string", Get("query=%22a%22"), ErrorCode::kInvalidArgument, "expression type \"string\""},
      {"a matrix", Get("query=a[5m]"), ErrorCode::kInvalidArgument, "expression type \"range vector\""},
      {"@ start()", Get("query=sum(a%20%40%20start())"), ErrorCode::kInvalidArgument, "@ start() depends"},
      {"@ end() in a subquery", Get("query=max_over_time(a[5m:1m]%20%40%20end())"),
       ErrorCode::kInvalidArgument, "@ end() depends"},
      {"counts differ", Get("query=a&query=b&query=c&step=1m&step=2m"), ErrorCode::kInvalidArgument,
       "step: got 2 values for 3 queries"},
      {"ids differ", Get("query=a&query=b&id=x"), ErrorCode::kInvalidArgument,
       "id: got 1 values for 2 queries"},
      {"equal ids", Get("query=a&query=b&id=x&id=x"), ErrorCode::kInvalidArgument,
       "two queries have the id \"x\""},
      {"bad step", Get("query=a&step=soon"), ErrorCode::kInvalidArgument, "step: cannot parse"},
      {"no step", Get("query=a&step=0"), ErrorCode::kInvalidArgument, "step: want more than 0"},
      {"short step", Get("query=a&step=0.5"), ErrorCode::kOutOfRange, "step: got 500ms, want at least 1s"},
      {"negative range", Get("query=a&range=-1h"), ErrorCode::kInvalidArgument, "range: cannot parse"},
      {"too many steps", Get("query=a&range=1d&step=1s"), ErrorCode::kOutOfRange,
       "got 86400 steps, want at most 11000"},
      {"long id", Get("query=a&id=" + std::string(65, 'x')), ErrorCode::kOutOfRange, "id too long"},
      {"long query", Get("query=" + std::string(17'000, 'x')), ErrorCode::kOutOfRange, "query too long"},
      {"no JSON", Post("query=a"), ErrorCode::kInvalidArgument, "not a JSON object"},
      {"another object", Post(R"({"queries":[],"more":1})"), ErrorCode::kInvalidArgument,
       "not a JSON object"},
      {"a list of texts", Post(R"({"queries":["a"]})"), ErrorCode::kInvalidArgument, "a list of objects"},
      {"unknown key", Post(R"({"queries":[{"expr":"a"}]})"), ErrorCode::kInvalidArgument,
       "unknown key \"expr\""},
      {"step of another kind", Post(R"({"queries":[{"query":"a","step":true}]})"),
       ErrorCode::kInvalidArgument, "step: want a duration"},
      {"another body", Post("a", "text/plain"), ErrorCode::kUnsupported, "want Content-Type"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto queries = Read(c.request);
    ASSERT_FALSE(queries.has_value());
    EXPECT_EQ(queries.error().code, c.code) << queries.error().message;
    EXPECT_THAT(queries.error().message, HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace tickscope::live
