// HostMetricsConfig: what the agent reads of the machine it runs on, itself, in place of a node_exporter.
//
//   host_metrics: {enabled: true}
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "host/host_reader.h"

namespace tickscope::agent {

struct HostMetricsConfig {
  bool is_on = false;
  std::string job_name = "node";
  std::string instance;  ///< The host's name when empty.
  std::vector<std::pair<std::string, std::string>> labels;
  std::int64_t interval_ms = 10'000;
  bool per_cpu = true;
  std::string proc = "/proc";
  std::string root;

  friend bool operator==(const HostMetricsConfig&, const HostMetricsConfig&) = default;
};

/// Mistakes go to the map's document.
[[nodiscard]] HostMetricsConfig ReadHostMetrics(config::YamlMap map, std::int64_t interval_ms);
void WriteHostMetrics(const HostMetricsConfig& host, config::YamlWriter& out);

}  // namespace tickscope::agent
