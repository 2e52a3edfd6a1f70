// SigV4: signs requests as AWS wants them (Amazon Managed Prometheus' remote write, for one).
//
// Source    "Signature Version 4 signing process", AWS General Reference; checked against its published test suite.
// Threads   Immutable; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/client.h"
#include "http/message.h"

namespace tickscope::agent {

struct SigV4Config {
  std::string region;  ///< Nothing is signed when empty.
  std::string service = "aps";
  std::string access_key;
  std::string secret_key_file;     ///< The secret alone is in it.
  std::string session_token_file;  ///< Of temporary credentials; none when empty.

  friend bool operator==(const SigV4Config&, const SigV4Config&) = default;
};

struct SigV4Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;

  friend bool operator==(const SigV4Credentials&, const SigV4Credentials&) = default;
};

/// Adds Host, X-Amz-Date, X-Amz-Security-Token and Authorization. Signed are these, Content-Type and all X-Amz- headers, the target and the body; headers
/// added later are not. The target is as it will be sent: escapes in its path are escaped once more, as AWS does for all services but S3.
void SignV4(const SigV4Config& config, const SigV4Credentials& credentials, const http::Url& url,
            TimeMs now_ms, http::Request& request);

}  // namespace tickscope::agent
