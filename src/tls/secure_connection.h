// SecureConnection: a byte stream over TLS, as a Connection like any other.
//
// The handshake goes on while somebody reads or writes, so that whoever bounds the first read in time bounds the handshake, too. A failed
// one fails that read or write, after the other end has been told by an alert.
#pragma once

#include <memory>

#include "io/network.h"
#include "tls/peer.h"

namespace tickscope::tls {

class SecureConnection : public io::Connection {
 public:
  /// Null before the handshake is over, and when the other end showed no certificate.
  [[nodiscard]] virtual std::shared_ptr<const Peer> peer() const = 0;
};

}  // namespace tickscope::tls
