// Parameters: where they come from and which wins, and the refusals a client sees word for word.
#include "api/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/error_text.h"

namespace tickscope::api {
namespace {

using testing::ElementsAre;

http::Request Get(std::string target) {
  http::Request request;
  request.target = std::move(target);
  return request;
}

http::Request Post(std::string target, std::string content_type, std::string body) {
  http::Request request = Get(std::move(target));
  request.method = "POST";
  request.headers.Set("Content-Type", content_type);
  request.body = std::move(body);
  return request;
}

TEST(Parameters, ComeFromTheQueryString) {
  const auto parameters = Parameters::Parse(Get("/x?query=a%2Bb+c&match[]=1&match%5B%5D=2&empty=")).value();
  EXPECT_EQ(parameters.Get("query"), "a+b c");
  EXPECT_EQ(parameters.Get("empty"), "");
  EXPECT_EQ(parameters.Get("absent"), "");
  EXPECT_THAT(parameters.All("match[]"), ElementsAre("1", "2"));
}

TEST(Parameters, AFormGoesBeforeTheQueryString) {
  const auto parameters =
      Parameters::Parse(
          Post("/x?query=url&time=5", "application/x-www-form-urlencoded; charset=UTF-8", "query=form"))
          .value();
  EXPECT_EQ(parameters.Get("query"), "form");
  EXPECT_EQ(parameters.Get("time"), "5");
  EXPECT_THAT(parameters.All("query"), ElementsAre("form", "url"));
}

TEST(Parameters, OtherBodiesAreNotRead) {
  EXPECT_EQ(Parameters::Parse(Post("/x?query=url", "text/plain", "query=form")).value().Get("query"), "url");
  http::Request get = Post("/x", "application/x-www-form-urlencoded", "query=form");
  get.method = "GET";
  EXPECT_EQ(Parameters::Parse(get).value().Get("query"), "");
}

TEST(Parameters, AFormIsBounded) {
  const std::string form_type = "application/x-www-form-urlencoded";
  EXPECT_TRUE(Parameters::Parse(Post("/x", form_type, std::string(kFormBytesMax, 'a'))).has_value());
  const auto too_long = Parameters::Parse(Post("/x", form_type, std::string(kFormBytesMax + 1, 'a')));
  ASSERT_FALSE(too_long.has_value());
  EXPECT_EQ(too_long.error(),
            (Error{ErrorCode::kOutOfRange,
                   "error parsing form values: body of 10485761 bytes, want at most 10485760"}));
}

TEST(Parameters, TimesFallBack) {
  const auto parameters = Parameters::Parse(Get("/x?start=5&end=&bad=z")).value();
  EXPECT_EQ(parameters.TimeOr("start", 1).value(), 5000);
  EXPECT_EQ(parameters.TimeOr("end", 1).value(), 1);
  EXPECT_EQ(parameters.TimeOr("absent", 1).value(), 1);
  EXPECT_EQ(
      parameters.TimeOr("bad", 1).error().message,
      "invalid parameter \"bad\": invalid time value for 'bad': cannot parse \"z\" to a valid timestamp");
}

TEST(Parameters, Limits) {
  struct Case {
    const char* text;
    std::size_t want;
    const char* error;
  };
  const Case cases[] = {
      {"", 0, nullptr},
      {"0", 0, nullptr},
      {"%2B7", 7, nullptr},
      {"-1", 0, "limit must be non-negative"},
      {"x", 0, "strconv.Atoi: parsing \"x\": invalid syntax"},
      {"1.5", 0, "strconv.Atoi: parsing \"1.5\": invalid syntax"},
      {"%2B-1", 0, "strconv.Atoi: parsing \"+-1\": invalid syntax"},
      {"99999999999999999999", 0, "strconv.Atoi: parsing \"99999999999999999999\": value out of range"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto limit = Parameters::Parse(Get(std::string("/x?limit=") + c.text)).value().Limit();
    EXPECT_EQ(limit.has_value(), c.error == nullptr);
    if (limit) {
      EXPECT_EQ(*limit, c.want);
    } else {
      EXPECT_EQ(limit.error().message, std::string("invalid parameter \"limit\": ") + c.error);
    }
  }
}

TEST(ErrorText, QuotesWhatIsNotPrintable) {
  EXPECT_EQ(Quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(Quoted("caf\xc3\xa9"), "\"caf\xc3\xa9\"");
  EXPECT_EQ(Quoted("\xff\x01"), R"("\xff\x01")");
  EXPECT_EQ(Quoted(std::string(300, 'a')).size(), 256U + 5U);
}

}  // namespace
}  // namespace tickscope::api
