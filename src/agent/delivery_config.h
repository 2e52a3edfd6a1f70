// How pushes are delivered: as whom, to which gateways, how packed, and how hard.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/push_compression.h"
#include "agent/receivers.h"
#include "config/yaml_reader.h"
#include "config/yaml_writer.h"

namespace tickscope::agent {

struct DeliveryConfig {
  std::string sender;  ///< As whom pushes are counted; the host's name when empty.
  std::vector<std::string> failover_urls;
  FailoverOptions failover;
  double throttle_ratio = 2;  ///< K of the adaptive throttle; 0 for none.
  std::string bearer_token_file;
  PushCompression compression = PushCompression::kSnappy;

  friend bool operator==(const DeliveryConfig&, const DeliveryConfig&) = default;
};

/// Mistakes go to the map's document. The map is the receiver's own.
[[nodiscard]] DeliveryConfig ReadDelivery(config::YamlMap& map);
void WriteDelivery(const DeliveryConfig& delivery, config::YamlWriter& out);

}  // namespace tickscope::agent
