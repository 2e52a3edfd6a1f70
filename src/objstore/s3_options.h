// S3Options: where a bucket is and how to get in. What is set here is Tickscope's own; the columnar library turns it
// into requests (plugin/columnar.h).
//
// Who we are is found, when no keys are given, as the AWS tools find it: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,
// the profile of AWS_PROFILE in ~/.aws, a web identity token (AWS_WEB_IDENTITY_TOKEN_FILE), the container's address,
// then the role of the machine by IMDSv2. What is found is renewed before it ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tickscope::objstore {

struct S3Options {
  enum class Credentials : std::uint8_t {
    kChain,      ///< As above; the default.
    kKeys,       ///< access_key and secret_key.
    kAnonymous,  ///< Unsigned requests, for public buckets.
  };

  std::string bucket;
  std::string prefix;    ///< Names are below it; without '/' at its ends, and "" for the whole bucket.
  std::string endpoint;  ///< "http://127.0.0.1:8333" for a server of one's own; "" for AWS.
  std::string region;  ///< "" for that of AWS_REGION, the profile or the machine; us-east-1 with an endpoint.
  bool is_virtual_hosted =
      false;            ///< BUCKET.HOST instead of HOST/BUCKET at an endpoint. AWS has its own way anyway.
  std::string ca_file;  ///< PEM file of those who may vouch for the server; "" for the system's.

  Credentials credentials = Credentials::kChain;
  std::string access_key;
  std::string secret_key;
  std::string session_token;
  std::string role_arn;  ///< A role to take on by STS with the credentials above; "" for none.

  /// A connection that is not there by then fails. One that is silent for three seconds does as well, which no setting
  /// of the library changes.
  std::chrono::milliseconds connect_timeout{2000};
  /// Times a single request is sent, a part of an upload being one. Above that are the retries of whole calls.
  unsigned request_attempts = 3;
};

}  // namespace tickscope::objstore
