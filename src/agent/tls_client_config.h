// The tls section of a receiver: whom the agent trusts there, and what it shows of itself.
#pragma once

#include <cstdint>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "tls/options.h"

namespace tickscope::agent {

struct TlsClientConfig {
  tls::ClientOptions client;
  std::int64_t check_interval_ms = 10'000;  ///< Between looks at the files.

  friend bool operator==(const TlsClientConfig&, const TlsClientConfig&) = default;
};

/// Mistakes go to the map's document.
[[nodiscard]] TlsClientConfig ReadTlsClient(config::YamlMap map);
void WriteTlsClient(const TlsClientConfig& tls, config::YamlWriter& out);

}  // namespace tickscope::agent
