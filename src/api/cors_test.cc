// Who is let in by a pattern of origins, and that nothing of the request gets into the answer otherwise.
#include "api/cors.h"

#include <gtest/gtest.h>

namespace tickscope::api {
namespace {

std::string AllowedFor(std::string_view origins, std::string_view origin) {
  const auto policy = CorsPolicy::Make(origins);
  if (!policy) return policy.error().message;
  http::Request request;
  if (!origin.empty()) request.headers.Set("Origin", origin);
  http::Response response;
  policy->Apply(request, response);
  EXPECT_EQ(response.headers.Get("Vary"), "Origin");
  EXPECT_EQ(response.headers.Has("Access-Control-Allow-Methods"), !origin.empty());
  return std::string(response.headers.Get("Access-Control-Allow-Origin"));
}

TEST(Cors, AnyOrigin) {
  EXPECT_EQ(AllowedFor(".*", "https://a.example"), "https://a.example");
  EXPECT_EQ(AllowedFor(".*", ""), "");
}

TEST(Cors, PatternsMatchAsAWhole) {
  constexpr std::string_view kOrigins = "https?://(a|b)\\.example";
  EXPECT_EQ(AllowedFor(kOrigins, "https://a.example"), "https://a.example");
  EXPECT_EQ(AllowedFor(kOrigins, "http://b.example"), "http://b.example");
  EXPECT_EQ(AllowedFor(kOrigins, "https://a.example.evil"), "");
  EXPECT_EQ(AllowedFor(kOrigins, "evil https://a.example"), "");
  EXPECT_EQ(AllowedFor(kOrigins, "null"), "");
  EXPECT_EQ(AllowedFor("", "https://a.example"), "");
}

TEST(Cors, ABadPatternIsRefused) {
  EXPECT_FALSE(CorsPolicy::Make("("));
}

}  // namespace
}  // namespace tickscope::api
