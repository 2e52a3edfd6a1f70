// StatsdConfig: where the agent takes StatsD, and for how long it remembers a series.
//
//   statsd:
//     - {udp: "127.0.0.1:8125", unix: /run/tickscope/statsd.sock}
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"

namespace tickscope::agent {

/// UDP, a unix datagram socket, or both.
struct StatsdConfig {
  std::string udp;          ///< "host:port"; not received when empty.
  std::string unix_socket;  ///< A path; likewise.
  std::string job_name = "statsd";
  std::string instance;  ///< The host's name when empty.
  std::vector<std::pair<std::string, std::string>> labels;
  std::int64_t interval_ms = 10'000;
  std::int64_t expire_ms = 300'000;
  std::size_t series_max = 10'000;
  std::size_t set_values_max = 100'000;  ///< Of all sets together.
  std::vector<double> buckets;           ///< Of histograms that no schema names; native when empty.

  friend bool operator==(const StatsdConfig&, const StatsdConfig&) = default;
};

/// Mistakes go to the map's document.
[[nodiscard]] StatsdConfig ReadStatsd(config::YamlMap map, std::int64_t interval_ms);
void WriteStatsd(const StatsdConfig& statsd, config::YamlWriter& out);

}  // namespace tickscope::agent
