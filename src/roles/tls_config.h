// The tls section of `tickscope serve`: what the listeners show, and whom they ask.
//
//   tls:
//     certificate_file: /etc/tickscope/server.pem
//     key_file: /etc/tickscope/server.key
//     client_ca_file: /etc/tickscope/clients.pem
//     client_certificates: required
#pragma once

#include <cstdint>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "tls/options.h"

namespace tickscope::roles {

struct TlsConfig {
  tls::ServerOptions server;
  std::int64_t check_interval_ms = 10'000;  ///< Between looks at files of certificates and tokens.
};

/// Mistakes go to the map's document.
void Read(config::YamlMap map, TlsConfig& tls);
void Write(const TlsConfig& tls, config::YamlWriter& out);

}  // namespace tickscope::roles
