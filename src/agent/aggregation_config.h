// AggregationConfig: `aggregation` of the agent's configuration: where and how what the schema says is added up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"

namespace tickscope::agent {

struct AggregationConfig {
  std::string directory;  ///< Of the state; in memory when empty.
  std::int64_t lateness_ms = 6'000;
  std::size_t series_max = 100'000;
  std::int64_t expire_ms = 3'600'000;

  friend bool operator==(const AggregationConfig&, const AggregationConfig&) = default;
};

[[nodiscard]] AggregationConfig ReadAggregationConfig(config::YamlMap map);
void WriteAggregationConfig(const AggregationConfig& aggregation, config::YamlWriter& out);

}  // namespace tickscope::agent
