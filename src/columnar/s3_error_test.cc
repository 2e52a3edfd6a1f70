// What servers and the client said, as they said it, becomes the code that decides about retries and the words that help.
#include "columnar/s3_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickscope::columnar {
namespace {

using ::testing::HasSubstr;

TEST(S3Error, Table) {
  struct Case {
    const char* text;
    ErrorCode code;
    const char* says;
  };
  const Case cases[] = {
      {"AWS Error NO_SUCH_BUCKET during PutObject operation: The specified bucket does not exist",
       ErrorCode::kFailedPrecondition, "create it"},
      {"AWS Error SIGNATURE_DOES_NOT_MATCH during PutObject operation: The request signature we calculated "
       "does not "
       "match the signature you provided.",
       ErrorCode::kUnauthenticated, "check the secret key"},
      {"AWS Error INVALID_ACCESS_KEY_ID during PutObject operation: The access key ID you provided does not "
       "exist in "
       "our records.",
       ErrorCode::kUnauthenticated, "does not know the access key"},
      {"AWS Error ACCESS_DENIED during HeadObject operation: No response body.", ErrorCode::kPermissionDenied,
       "s3:GetObject"},
      {"AWS Error UNKNOWN (HTTP status 403) during PutObject operation: RequestTimeTooSkewed it is",
       ErrorCode::kUnauthenticated, "set this one right"},
      {"AWS Error NETWORK_CONNECTION during HeadObject operation: curlCode: 7, Could not connect to server",
       ErrorCode::kUnavailable, "takes no connection"},
      {"AWS Error NETWORK_CONNECTION during HeadObject operation: curlCode: 28, Timeout was reached",
       ErrorCode::kUnavailable, "silent"},
      {"AWS Error SLOW_DOWN during PutObject operation: Please reduce your request rate.",
       ErrorCode::kUnavailable, "slow down"},
      {"Path does not exist 'bkt/a/b/c'", ErrorCode::kNotFound, "no such object"},
      {"something never seen", ErrorCode::kUnavailable, "something never seen"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const Error error = S3Error("put", "bucket=b object=o", c.text);
    EXPECT_EQ(error.code, c.code);
    EXPECT_THAT(error.message, HasSubstr(c.says));
    EXPECT_THAT(error.message, HasSubstr("s3 put: "));
    EXPECT_THAT(error.message, HasSubstr("bucket=b object=o"));
  }
  EXPECT_LT(S3Error("put", "x", std::string(100'000, 'x')).message.size(), 600U);
}

}  // namespace
}  // namespace tickscope::columnar
