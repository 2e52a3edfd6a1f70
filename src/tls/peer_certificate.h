// What another end's certificate says, and whether it is good. Internal to tls.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "tls/handshake_metrics.h"
#include "tls/peer.h"
#include "tls/ssl_handles.h"

namespace tickscope::tls {

/// The names of a certificate.
[[nodiscard]] std::shared_ptr<const Peer> ReadPeer(const X509& certificate);

/// Which result of a handshake it is that a certificate was found to be so (X509_V_ERR_...).
[[nodiscard]] HandshakeResult ResultOfVerification(long verify_result);

/// Verifies a client's certificate as a handshake of the context would: by its CA, purpose, depth and security level, at the time `now_ms`.
/// `leaf` is one certificate and `intermediates` any number of them, in PEM.
struct ClientCertificate {
  std::shared_ptr<const Peer> peer;
  TimeMs expires_ms = 0;  ///< It, or the first of those that vouch for it.
};
struct BadCertificate {
  HandshakeResult result = HandshakeResult::kBadCertificate;
  std::string why;
};
[[nodiscard]] std::expected<ClientCertificate, BadCertificate> VerifyClient(SSL_CTX& context,
                                                                            std::string_view leaf,
                                                                            std::string_view intermediates,
                                                                            TimeMs now_ms);

}  // namespace tickscope::tls
