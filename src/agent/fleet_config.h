// The fleet section of an agent: whose word it takes.
//
//   fleet:
//     public_key_file: /etc/tickscope/fleet.pub
#pragma once

#include <cstdint>
#include <string>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"

namespace tickscope::agent {

struct FleetConfig {
  std::string public_key_file;           ///< Without one it goes by its own configuration alone.
  std::int64_t fetch_jitter_ms = 3'000;  ///< Within which all agents ask.
  std::int64_t cadence_min_ms = 1'000;   ///< Whatever the gateway says.
  std::int64_t ttl_max_ms = 24 * 3'600'000;

  friend bool operator==(const FleetConfig&, const FleetConfig&) = default;
};

/// Mistakes go to the map's document.
[[nodiscard]] FleetConfig ReadFleetConfig(config::YamlMap map);
void WriteFleetConfig(const FleetConfig& fleet, config::YamlWriter& out);

}  // namespace tickscope::agent
