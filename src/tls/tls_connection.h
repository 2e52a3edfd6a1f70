// TlsConnection: TLS between a connection's bytes and its user. Internal to tls.
//
//   user <-> SSL <-> [ in ][ out ] <-> inner connection
//
// Whatever happens (a read asked for, bytes arrived, bytes went out) is followed by one Pump, which takes everything as far as it goes.
//
// Invariants  T1 What is encrypted and not sent is at most kOutBytesMax and one record: while there is more, nothing is read that could
//                have answers, and nothing further is encrypted.
//             T2 Callbacks of the user are posted to the loop, and not run once the connection is gone.
//             T3 A failure is told to the other end by an alert, before it is told to the user.
// Memory      OpenSSL's state, about 20 kB, and an input buffer of 4 kB that grows to 16 kB while a lot comes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "io/network.h"
#include "tls/handshake_metrics.h"
#include "tls/handshake_turns.h"
#include "tls/secure_connection.h"
#include "tls/ssl_handles.h"

namespace tickscope::tls {

/// A session to resume the next time, from the other end. On the loop's thread.
using SessionSink = std::function<void(SessionPtr)>;

struct TlsConnectionOptions {
  Side side = Side::kServer;
  SslPtr ssl;  ///< Made and told everything but its bytes.
  std::shared_ptr<HandshakeMetrics> metrics;
  TimeMs now_ms = 0;         ///< For a resumed session's certificate, which OpenSSL does not look at again.
  SessionSink on_session{};  ///< Of a client.
  std::shared_ptr<HandshakeTurns> turns{};  ///< Of a server; without, a step is run when its bytes are there.
};

/// `loop` is the inner connection's, and outlives the result.
[[nodiscard]] std::unique_ptr<SecureConnection> MakeTlsConnection(io::EventLoop& loop,
                                                                  std::unique_ptr<io::Connection> inner,
                                                                  TlsConnectionOptions options);

/// Has OpenSSL hand sessions of this context to their connections' SessionSink.
void EnableSessionSinks(SSL_CTX& context);

}  // namespace tickscope::tls
