// HTTP/1.1 client: one request at a time over kept-alive connections, with deadlines and a bound on what is
// read.
//
// Threads   Not thread-safe: one client a thread. It runs its own event loop inside Fetch.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/error.h"
#include "http/message.h"
#include "io/network.h"
#include "tls/client_context.h"

namespace tickscope::http {

/// Parts of an absolute "http://host:port/path?query" URL, or an https one.
struct Url {
  std::string host;  ///< Without brackets for IPv6.
  std::string port = "80";
  std::string target = "/";  ///< Path and query.
  bool is_secure = false;    ///< https.

  /// "host:port", brackets around IPv6.
  [[nodiscard]] std::string authority() const;
};

/// Errors: kInvalidArgument naming what is wrong; kUnsupported for a scheme other than http and https.
[[nodiscard]] Result<Url> ParseUrl(std::string_view text);

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds request_timeout{30'000};  ///< From the first byte sent to the last received.
  std::size_t response_bytes_max = 512 * 1024 * 1024;
  std::size_t idle_connections_max = 16;
  std::string
      authorization{};  ///< Sent as Authorization with each request that has none of its own; a secret.
  std::shared_ptr<tls::ClientContext> tls =
      nullptr;  ///< For https; without it such a request fails with kUnsupported.
};

class Client {
 public:
  [[nodiscard]] static std::unique_ptr<Client> Make(io::Network& network, ClientOptions options);
  virtual ~Client() = default;
  /// Sends `request` (its target is replaced by the URL's when it is "/") to the URL's host and waits for the
  /// answer, whatever its status. A kept connection that the server had closed is replaced once. Errors:
  /// kUnavailable (refused, reset), kDeadlineExceeded, kOutOfRange (answer too large), kCorruption (not
  /// HTTP).
  [[nodiscard]] virtual Result<Response> Fetch(const Url& url, Request request) = 0;
};

}  // namespace tickscope::http
