// Peer: what the other end of a connection proved of itself by its certificate, which the CA vouches for.
#pragma once

#include <string>
#include <vector>

namespace tickscope::tls {

/// A verified certificate's names. Bounded by the size of a certificate chain that is taken (kChainBytesMax).
struct Peer {
  /// URI names (subjectAltName), as they are in the certificate and in its order. One that holds a NUL ends what is trusted:
  /// it is there as an empty text.
  std::vector<std::string> uris;
  std::string subject;  ///< For people.
};

}  // namespace tickscope::tls
