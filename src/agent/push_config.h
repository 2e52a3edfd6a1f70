// PushConfig: what the settings of a receiver of metrics and of one of logs have in common: where it is, and how it is reached.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/delivery_config.h"
#include "agent/tls_client_config.h"
#include "config/yaml_reader.h"
#include "config/yaml_writer.h"

namespace tickscope::agent {

struct PushConfig {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::int64_t timeout_ms = 10'000;
  std::int64_t backoff_min_ms = 100;
  std::int64_t backoff_max_ms = 30'000;
  DeliveryConfig delivery;
  TlsClientConfig tls;

  friend bool operator==(const PushConfig&, const PushConfig&) = default;
};

/// Mistakes go to the map's document; the map is the receiver's own, and `url` its url, which may be empty.
[[nodiscard]] PushConfig ReadPush(config::YamlMap& map, std::string url);
/// All but the url.
void WritePush(const PushConfig& push, config::YamlWriter& out);

}  // namespace tickscope::agent
