// GrpcEndpoint: each failure has gRPC's status for it, and what may be sent again says when.
#include "otlp/grpc_endpoint.h"

#include <gtest/gtest.h>

namespace tickscope::otlp {
namespace {

TEST(GrpcAnswer, HasTheStatusOfItsError) {
  struct Case {
    ErrorCode code;
    std::int32_t want;
    std::int32_t retry_after_s;
  };
  const Case cases[] = {
      {ErrorCode::kInvalidArgument, 3, -1},  {ErrorCode::kCorruption, 3, -1},
      {ErrorCode::kOutOfRange, 3, -1},       {ErrorCode::kDeadlineExceeded, 4, -1},
      {ErrorCode::kPermissionDenied, 7, -1}, {ErrorCode::kResourceExhausted, 8, 1},
      {ErrorCode::kRateLimited, 8, 1},       {ErrorCode::kUnsupported, 12, -1},
      {ErrorCode::kInternal, 13, -1},        {ErrorCode::kUnavailable, 14, 1},
      {ErrorCode::kUnauthenticated, 16, -1},
  };
  for (const Case& c : cases) {
    const plugin::GrpcAnswer answer = GrpcEndpoint::AnswerOf({c.code, "why"});
    EXPECT_EQ(answer.code, c.want);
    EXPECT_EQ(answer.retry_after_s, c.retry_after_s) << c.want;
    EXPECT_EQ(answer.message, "why");
  }
}

}  // namespace
}  // namespace tickscope::otlp
