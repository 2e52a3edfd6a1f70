// Envelopes: their bytes, their bounds, and one status for every kind of error.
#include "api/answer.h"

#include <gtest/gtest.h>

#include "api/http_error.h"

namespace tickscope::api {
namespace {

WriteData Writes(std::string_view text, Notes notes) {
  return [text, notes](wire::JsonWriter& json) -> Result<Notes> {
    json.String(text);
    return notes;
  };
}

TEST(Answer, Success) {
  const auto plain = SuccessAnswer(Writes("x", {}), 1'000).value();
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(plain.headers.Get("Content-Type"), "application/json");
  EXPECT_EQ(plain.body, R"({"status":"success","data":"x"})");
  EXPECT_EQ(SuccessAnswer(Writes("x", {{"w\"1"}, {"i1", "i2"}}), 1'000).value().body,
            R"({"status":"success","data":"x","warnings":["w\"1"],"infos":["i1","i2"]})");
}

TEST(Answer, NotesAreCountedPastTen) {
  Notes notes;
  for (int i = 0; i < 12; ++i)
    notes.infos.push_back(std::to_string(i));
  EXPECT_EQ(SuccessAnswer(Writes("x", notes), 1'000).value().body,
            R"({"status":"success","data":"x","infos":["0","1","2","3","4","5","6","7","8","9",)"
            R"("2 more info annotations omitted"]})");
}

TEST(Answer, TooLongIsAnError) {
  const auto answer = SuccessAnswer(Writes(std::string(100, 'x'), {}), 100);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error(), (Error{ErrorCode::kResourceExhausted,
                                   "answer exceeds 100 bytes: select fewer series or use a longer step"}));
}

TEST(Answer, ErrorsThrowTheTextAway) {
  const auto answer = SuccessAnswer(
      [](wire::JsonWriter& json) -> Result<Notes> {
        json.String("half");
        return Fail(ErrorCode::kInternal, "why");
      },
      1'000);
  ASSERT_FALSE(answer.has_value());
  const http::Response response = ErrorAnswer(answer.error());
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body, R"({"status":"error","errorType":"internal","error":"why"})");
  EXPECT_FALSE(response.headers.Has("Retry-After"));
}

TEST(Answer, EveryCodeHasAStatus) {
  struct Case {
    ErrorCode code;
    int status;
    const char* type;
  };
  const Case cases[] = {
      {ErrorCode::kInvalidArgument, 400, "bad_data"},     {ErrorCode::kOutOfRange, 400, "bad_data"},
      {ErrorCode::kNotFound, 404, "not_found"},           {ErrorCode::kAlreadyExists, 409, "conflict"},
      {ErrorCode::kFailedPrecondition, 422, "execution"}, {ErrorCode::kResourceExhausted, 422, "execution"},
      {ErrorCode::kCancelled, 499, "canceled"},           {ErrorCode::kDeadlineExceeded, 503, "timeout"},
      {ErrorCode::kUnavailable, 503, "unavailable"},      {ErrorCode::kUnauthenticated, 401, "unauthorized"},
      {ErrorCode::kPermissionDenied, 403, "forbidden"},   {ErrorCode::kUnsupported, 406, "not_acceptable"},
      {ErrorCode::kCorruption, 500, "internal"},          {ErrorCode::kInternal, 500, "internal"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.type);
    EXPECT_EQ(HttpErrorFor(c.code).status, c.status);
    EXPECT_EQ(HttpErrorFor(c.code).type, c.type);
  }
  EXPECT_EQ(ErrorAnswer({ErrorCode::kUnavailable, "full"}).headers.Get("Retry-After"), "1");
}

}  // namespace
}  // namespace tickscope::api
