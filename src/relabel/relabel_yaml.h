// Relabelling rules in configurations: relabel_configs and its like.
#pragma once

#include <string_view>

#include "config/yaml_reader.h"
#include "config/yaml_writer.h"
#include "relabel/relabeler.h"

namespace tickscope::relabel {

/// The list at `key`. Mistakes go to the map's document; then the rules are none.
[[nodiscard]] Relabeler ReadRelabeler(config::YamlMap& map, std::string_view key);
/// Every rule with all its settings.
void WriteRelabeler(std::string_view key, const Relabeler& relabeler, config::YamlWriter& out);

}  // namespace tickscope::relabel
