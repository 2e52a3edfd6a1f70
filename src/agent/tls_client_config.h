// The tls section of a receiver: whom the agent trusts there, and what it shows of itself.
#pragma once

#include "tls/client_config.h"

namespace tickscope::agent {

using TlsClientConfig = tls::ClientConfig;

/// Mistakes go to the map's document.
[[nodiscard]] inline TlsClientConfig ReadTlsClient(config::YamlMap map) {
  return tls::ReadClientConfig(map);
}
inline void WriteTlsClient(const TlsClientConfig& tls, config::YamlWriter& out) {
  tls::WriteClientConfig(tls, "receiver", out);
}

}  // namespace tickscope::agent
