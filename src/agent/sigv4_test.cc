// Signatures against AWS' published test suite (aws-sig-v4-test-suite): one key, one moment, and what comes out to the last digit.
#include "agent/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tickscope::agent {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr TimeMs kTimeMs = 1'440'938'160'000;  // 2015-08-30T12:36:00Z

const SigV4Config kConfig{.region = "us-east-1", .service = "service"};
const SigV4Credentials kCredentials{.access_key = "AKIDEXAMPLE",
                                    .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                    .session_token = ""};

std::string SignatureOf(http::Request request) {
  SignV4(kConfig, kCredentials, http::ParseUrl("https://example.amazonaws.com").value(), kTimeMs, request);
  return std::string(request.headers.Get("Authorization"));
}

TEST(SigV4, SignsAsTheTestSuiteSays) {
  struct Case {
    const char* name;
    const char* method;
    const char* target;
    const char* signature;
  };
  const Case cases[] = {
      {"get-vanilla", "GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"post-vanilla", "POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_THAT(SignatureOf({.method = c.method, .target = c.target}), EndsWith(c.signature));
  }
  EXPECT_THAT(SignatureOf({}), HasSubstr("Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                                         "SignedHeaders=host;x-amz-date, Signature="));
}

TEST(SigV4, WhateverIsSignedChangesTheSignature) {
  const std::string plain = SignatureOf({.method = "POST", .body = "a"});
  EXPECT_NE(plain, SignatureOf({.method = "POST", .body = "b"}));
  EXPECT_NE(plain, SignatureOf({.method = "PUT", .body = "a"}));
  EXPECT_NE(plain, SignatureOf({.method = "POST", .target = "/x", .body = "a"}));
  http::Request typed{.method = "POST", .body = "a"};
  typed.headers.Set("Content-Type", "application/x-protobuf");
  EXPECT_THAT(SignatureOf(typed), HasSubstr("SignedHeaders=content-type;host;x-amz-date"));
  http::Request other{.method = "POST", .body = "a"};
  other.headers.Set("User-Agent", "tickscope-agent");
  EXPECT_EQ(plain, SignatureOf(other)) << "proxies may change it";
}

TEST(SigV4, TemporaryCredentialsBringTheirToken) {
  SigV4Credentials credentials = kCredentials;
  credentials.session_token = "token";
  http::Request request;
  SignV4(kConfig, credentials, http::ParseUrl("http://h:8080").value(), kTimeMs, request);
  EXPECT_EQ(request.headers.Get("X-Amz-Security-Token"), "token");
  EXPECT_EQ(request.headers.Get("Host"), "h:8080");
  EXPECT_THAT(std::string(request.headers.Get("Authorization")),
              HasSubstr("SignedHeaders=host;x-amz-date;x-amz-security-token"));
}

}  // namespace
}  // namespace tickscope::agent
