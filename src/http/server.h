// HTTP/1.1 server with its limits built in: every request is bounded in header bytes, body bytes and time,
// every server in connections. Over a limit the answer is 431, 413, 408 or 503 and says which limit.
//
// HTTP/1.0 and 1.1, kept alive, one request of a connection at a time. Bodies come with a length or in
// chunks; "Expect: 100-continue" is answered. Over TLS when there is a context for it: the handshake counts as part of the first
// head, in time, and the connection as one from its first byte. Date and HTTP/2 are left to a proxy.
//
// Threads   One event-loop thread of its own does all socket work. Handlers run on that thread, so they
//           return at once and hand work to a pool; Respond may be called later from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/metrics.h"
#include "http/message.h"
#include "io/network.h"
#include "tls/server_context.h"

namespace tickscope::http {

struct ServerOptions {
  std::string address = "127.0.0.1:9280";
  std::size_t connections_max = 10'000;
  std::size_t header_bytes_max = 32 * 1024;
  std::size_t body_bytes_max = 32 * 1024 * 1024;             ///< As sent, before decompression.
  std::size_t body_bytes_in_flight_max = 256 * 1024 * 1024;  ///< All requests together; over it 503.
  std::chrono::milliseconds header_timeout{10'000};  ///< From first byte (first request: from connecting) to
                                                     ///< end of headers.
  std::chrono::milliseconds body_timeout{30'000};    ///< From end of headers to end of body.
  /// A body that comes slower than this, over each body_rate_interval, is given up: many that drip would hold what they have sent for the
  /// whole of body_timeout. 0 for any.
  std::size_t body_rate_min = 1024;
  std::chrono::milliseconds body_rate_interval{5'000};
  std::chrono::milliseconds idle_timeout{120'000};  ///< Between requests of a connection.
  std::chrono::milliseconds write_timeout{30'000};  ///< For each 256 KB of an answer to be taken.
  /// After the last answer of a connection: what the client is still sending is read and dropped, so that the
  /// answer reaches it. Both bounds end that.
  std::chrono::milliseconds linger_timeout{10'000};
  std::size_t linger_bytes_max = 256 * 1024 * 1024;
  std::shared_ptr<tls::ServerContext> tls = nullptr;  ///< Plain HTTP without.
};

/// Sends the answer; call exactly once, from any thread. Dropping it uncalled answers 500.
using Respond = std::move_only_function<void(Response)>;
using Handler = std::function<void(Request, Respond)>;

/// A running server.
class Server {
 public:
  /// Listens and serves until destroyed. `metrics` and `network` outlive the server; handlers' answers need
  /// not. Errors: as io::Network::Listen.
  [[nodiscard]] static Result<std::unique_ptr<Server>> Start(io::Network& network, ServerOptions options,
                                                             Handler handler, MetricRegistry& metrics);
  virtual ~Server() = default;
  /// "address:port" actually bound.
  [[nodiscard]] virtual std::string address() const = 0;
  /// Stops accepting, lets requests in progress finish for at most `grace`, closes idle connections; returns
  /// when all are closed. Not from a handler.
  virtual void Drain(std::chrono::milliseconds grace) = 0;
};

}  // namespace tickscope::http
