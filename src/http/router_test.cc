// Routes, forms and percent-encoding: which handler is reached with which captures, and that no spelling of a path
// reaches another one's handler.
#include "http/router.h"

#include <gtest/gtest.h>

namespace tickscope::http {
namespace {

std::string Ask(const Router& router, const char* method, const char* target, int* status = nullptr,
                std::string* allow = nullptr) {
  Response answer;
  router.Handle({.method = method, .target = target},
                [&](Response response) { answer = std::move(response); });
  if (status != nullptr) *status = answer.status;
  if (allow != nullptr) *allow = answer.headers.Get("Allow");
  return answer.body;
}

RouteHandler Say(const std::string& what) {
  return [what](const Request&, const PathParameters& captured, Respond respond) {
    std::string text = what;
    for (const auto& [name, value] : captured)
      text += " " + name + "=" + value;
    respond({.status = 200, .body = text});
  };
}

TEST(Router, FindsTheHandler) {
  Router router;
  router.Add("GET", "/", Say("root"));
  router.Add("GET", "/api/v1/query", Say("query"));
  router.Add("POST", "/api/v1/query", Say("posted"));
  router.Add("GET", "/api/v1/label/{name}/values", Say("values"));
  router.Add("GET", "/api/v1/label/first/values", Say("never: the first added wins"));
  struct Case {
    const char* name;
    const char* method;
    const char* target;
    int status;
    const char* answer;
  };
  const Case cases[] = {
      {"root", "GET", "/", 200, "root"},
      {"path", "GET", "/api/v1/query", 200, "query"},
      {"with a query", "GET", "/api/v1/query?query=up/down", 200, "query"},
      {"by method", "POST", "/api/v1/query", 200, "posted"},
      {"HEAD as GET", "HEAD", "/api/v1/query", 200, "query"},
      {"capture", "GET", "/api/v1/label/job/values", 200, "values name=job"},
      {"first added wins", "GET", "/api/v1/label/first/values", 200, "values name=first"},
      {"decoded capture", "GET", "/api/v1/label/a%2Fb%20c/values", 200, "values name=a/b c"},
      {"decoded once", "GET", "/api/v1/label/%2561/values", 200, "values name=%61"},
      {"plus is no blank in a path", "GET", "/api/v1/label/a+b/values", 200, "values name=a+b"},
      {"encoded literal", "GET", "/api/v1/%71uery", 200, "query"},
      {"empty capture", "GET", "/api/v1/label//values", 404, nullptr},
      {"encoded slash is no border", "GET", "/api%2Fv1/query", 404, nullptr},
      {"longer", "GET", "/api/v1/query/", 404, nullptr},
      {"shorter", "GET", "/api/v1", 404, nullptr},
      {"upward", "GET", "/api/v1/label/../query", 404, nullptr},
      {"upward, captured", "GET", "/api/v1/label/../values", 200, "values name=.."},
      {"no path", "GET", "", 404, nullptr},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    int status = 0;
    const std::string answer = Ask(router, c.method, c.target, &status);
    EXPECT_EQ(status, c.status);
    if (c.answer != nullptr) {
      EXPECT_EQ(answer, c.answer);
    }
  }
}

TEST(Router, NamesTheMethodsItWouldTake) {
  Router router;
  router.Add("GET", "/x", Say("get"));
  router.Add("POST", "/x", Say("post"));
  int status = 0;
  std::string allow;
  Ask(router, "DELETE", "/x", &status, &allow);
  EXPECT_EQ(status, 405);
  EXPECT_EQ(allow, "GET, POST");
}

TEST(Form, Parses) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  struct Case {
    const char* text;
    Pairs pairs;
  };
  const Case cases[] = {{"", {}},
                        {"a=1", {{"a", "1"}}},
                        {"a=1&b=2&a=3", {{"a", "1"}, {"b", "2"}, {"a", "3"}}},
                        {"a", {{"a", ""}}},
                        {"a=", {{"a", ""}}},
                        {"=1", {{"", "1"}}},
                        {"&&a=1&", {{"a", "1"}}},
                        {"a=b=c", {{"a", "b=c"}}},
                        {"query=sum%28up%29+by+%28job%29", {{"query", "sum(up) by (job)"}}},
                        {"match%5B%5D=%7Ba%3D%22b%2Bc%22%7D", {{"match[]", "{a=\"b+c\"}"}}},
                        {"a=%", {{"a", "%"}}},
                        {"a=%4", {{"a", "%4"}}},
                        {"a=%zz%41", {{"a", "%zzA"}}}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ParseForm(c.text), c.pairs);
  }
}

TEST(Percent, EncodesAllButUnreserved) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("{a=\"b c\"}"), "%7Ba%3D%22b%20c%22%7D");
  std::string all;
  for (int i = 0; i < 256; ++i)
    all += static_cast<char>(i);
  EXPECT_EQ(PercentDecode(PercentEncode(all)), all);
}

TEST(Headers, CompareNamesWithoutCase) {
  Headers headers;
  headers.Add("Content-Type", "a");
  headers.Add("content-type", "b");
  headers.Add("Other", "c");
  EXPECT_EQ(headers.Get("CONTENT-TYPE"), "a");
  EXPECT_EQ(headers.Count("content-TYPE"), 2U);
  headers.Set("content-type", "d");
  EXPECT_EQ(headers.Get("Content-Type"), "d");
  EXPECT_EQ(headers.fields().size(), 2U);
  EXPECT_EQ(headers.Get("absent"), "");
  EXPECT_FALSE(headers.Has("absent"));
}

TEST(Router, FallbackTakesWhatNoRouteMatches) {
  Router router;
  router.Add("GET", "/known", Say("known"));
  router.SetFallback(Say("fallback"));
  int status = 0;
  EXPECT_EQ(Ask(router, "GET", "/known"), "known");
  EXPECT_EQ(Ask(router, "GET", "/other"), "fallback");
  EXPECT_EQ(Ask(router, "POST", "/other"), "fallback");
  Ask(router, "POST", "/known", &status);
  EXPECT_EQ(status, 405) << "another method of a known path is no unknown path";
}

TEST(Router, KnowsItsPathsWhateverTheMethod) {
  Router router;
  router.Add("POST", "/api/v1/label/{name}/values", Say(""));
  EXPECT_TRUE(router.Knows("/api/v1/label/job/values"));
  EXPECT_TRUE(router.Knows("/api/v1/%6cabel/job/values"));
  EXPECT_FALSE(router.Knows("/api/v1/label/values"));
  EXPECT_FALSE(router.Knows("/"));
}

}  // namespace
}  // namespace tickscope::http
