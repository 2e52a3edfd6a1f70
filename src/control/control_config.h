// The fleet section of a gateway.
//
//   fleet:
//     signing_key_file: /etc/tickscope/fleet.key
#pragma once

#include <cstdint>
#include <string>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"

namespace tickscope::control {

struct ControlConfig {
  std::string signing_key_file;  ///< Without one, agents are told nothing.
  std::int64_t cadence_min_ms = 1'000;
  std::int64_t incident_cadence_ms = 5'000;
  std::int64_t ttl_max_ms = 24 * 3'600'000;
  std::uint64_t schema_version = 0;  ///< control/schema_number.h
  std::uint64_t key_epoch = 0;
  std::uint64_t agents_max = 20'000;

  friend bool operator==(const ControlConfig&, const ControlConfig&) = default;
};

/// Mistakes go to the map's document.
void Read(config::YamlMap map, ControlConfig& control);
void Write(const ControlConfig& control, config::YamlWriter& out);

}  // namespace tickscope::control
