// Where stores are, as text: what is taken is read exactly, what is not is refused with what to write instead, and no
// secret that somebody put there shows in the refusal.
#include "objstore/store_location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickscope::objstore {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(StoreLocation, Directories) {
  struct Case {
    const char* url;
    const char* directory;
  };
  const Case cases[] = {{"/srv/objects", "/srv/objects"},
                        {"objects", "objects"},
                        {"file:///srv/objects", "/srv/objects"},
                        {"file:///srv/my%20objects", "/srv/my objects"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.url);
    const auto location = ParseStoreLocation(c.url);
    ASSERT_TRUE(location) << location.error().message;
    EXPECT_EQ(location->directory, c.directory);
    EXPECT_FALSE(location->s3);
  }
}

TEST(StoreLocation, Buckets) {
  const auto plain = ParseStoreLocation("s3://my-bucket").value();
  ASSERT_TRUE(plain.s3);
  EXPECT_EQ(plain.s3->bucket, "my-bucket");
  EXPECT_EQ(plain.s3->prefix, "");
  EXPECT_EQ(plain.s3->endpoint, "");
  EXPECT_EQ(plain.s3->credentials, S3Options::Credentials::kChain);
  const auto full =
      ParseStoreLocation(
          "s3://my.bucket/a/tenant=b%25/?region=eu-central-1&endpoint=http%3A%2F%2F127.0.0.1:8333/&"
          "addressing=virtual&credentials=anonymous&role_arn=arn:aws:iam::1:role/x&ca_file=/ca.pem&"
          "connect_timeout=500ms")
          .value();
  EXPECT_EQ(full.s3->prefix, "a/tenant=b%");
  EXPECT_EQ(full.s3->region, "eu-central-1");
  EXPECT_EQ(full.s3->endpoint, "http://127.0.0.1:8333");
  EXPECT_TRUE(full.s3->is_virtual_hosted);
  EXPECT_EQ(full.s3->credentials, S3Options::Credentials::kAnonymous);
  EXPECT_EQ(full.s3->role_arn, "arn:aws:iam::1:role/x");
  EXPECT_EQ(full.s3->ca_file, "/ca.pem");
  EXPECT_EQ(full.s3->connect_timeout, std::chrono::milliseconds(500));
}

TEST(StoreLocation, Refuses) {
  struct Case {
    std::string url;
    const char* says;
  };
  const Case cases[] = {
      {"", "got nothing"},
      {"gs://bucket/x", "unknown scheme \"gs\": want a path, file:///PATH or s3://BUCKET/PREFIX"},
      {"S3://bucket", "unknown scheme \"S3\""},
      {"file://host/path", "three slashes"},
      {"file:///a%0", "two hexadecimal digits"},
      {"file:///a%zz", "two hexadecimal digits"},
      {"file:///a%00", "three slashes"},
      {std::string("a\0b", 3), "zero byte"},
      {"s3://", "bad bucket"},
      {"s3:///prefix", "bad bucket"},
      {"s3://ab", "bad bucket"},
      {"s3://-abc", "bad bucket"},
      {"s3://" + std::string(64, 'b'), "bad bucket"},
      {"s3://bu cket", "bad bucket"},
      {"s3://AKIA:hunter2@bucket", "keys do not go into the URL"},
      {"s3://bucket/../x", "bad object name"},
      {"s3://bucket//x", "bad object name"},
      {"s3://bucket?secret_key=hunter2", "unknown key \"secret_key\""},
      {"s3://bucket?region", "KEY=VALUE"},
      {"s3://bucket?region=a%0ab", "bad value: key=region"},
      {"s3://bucket?endpoint=127.0.0.1:80", "bad endpoint"},
      {"s3://bucket?endpoint=http://AKIA:hunter2@host", "bad endpoint"},
      {"s3://bucket?endpoint=http://host/path", "bad endpoint"},
      {"s3://bucket?endpoint=http://", "bad endpoint"},
      {"s3://bucket?addressing=x", "want path or virtual"},
      {"s3://bucket?credentials=AKIA:hunter2", "bad credentials"},
      {"s3://bucket?connect_timeout=0s", "1ms to 1m"},
      {"s3://bucket?connect_timeout=2m", "1ms to 1m"},
      {"s3://bucket?connect_timeout=x", "duration"},
      {"s3://bucket/" + std::string(3000, 'x'), "too long"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.url);
    const auto location = ParseStoreLocation(c.url);
    ASSERT_FALSE(location);
    EXPECT_EQ(location.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(location.error().message, HasSubstr(c.says));
    EXPECT_THAT(location.error().message, Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace tickscope::objstore
